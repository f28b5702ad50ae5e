"""Both futures of a pair are those of the worlds, whatever the chunks."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.counterfactual import pairs
from human_wm_env.counterfactual.change import parse_changes
from human_wm_env.counterfactual.pairs import OUTCOMES, play_pairs
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import rewards, schema
from human_wm_env.worlds.simulator import SimulatorWorld
from tests.human_wm_env.worlds.dreams import HORIZON, START, dream

SLEEP_MORE = parse_changes("sleep_hours+1")


def test_nothing_differs_without_a_change() -> None:
    (played,) = play_pairs(
        dream(adherence=0.0), START, [lambda days, weekday: days], draws=6, repeats=3, seed=1
    )
    assert played.differences.shape == (6, 3, HORIZON, len(OUTCOMES))
    assert not played.differences.any()


def test_the_change_is_made_on_the_first_day_of_each_pair() -> None:
    (played,) = play_pairs(dream(adherence=0.0), START, [SLEEP_MORE], draws=6, repeats=3, seed=1)
    habit, changed = (each.rows[:, 0, schema.SLEEP] for each in (played.habit, played.changed))
    most = schema.continuous(schema.SLEEP).high
    np.testing.assert_allclose(changed, np.minimum(habit + 1.0, most), rtol=1e-6)
    assert played.habit.uncertainty.min() > 0.0


def test_repeats_share_who_the_person_is_and_not_the_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    world = dream(adherence=0.0)
    first_state = world.first_state

    def remember(*arguments):  # type: ignore[no-untyped-def]
        seen.append(first_state(*arguments))
        return seen[-1]

    monkeypatch.setattr(world, "first_state", remember)
    play_pairs(world, START, [SLEEP_MORE], draws=4, repeats=3, seed=1)
    (state,) = seen
    latents = state.inner.latents.reshape(4, 3, -1)
    np.testing.assert_array_equal(latents, np.repeat(latents[:, :1], 3, axis=1))
    assert len(np.unique(latents[:, 0], axis=0)) == 4
    assert len(np.unique(state.normal[:, 0], axis=0)) == 12


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = dream(adherence=0.0)
    (whole,) = play_pairs(world, START, [SLEEP_MORE], draws=5, repeats=2, seed=3)
    monkeypatch.setattr(pairs, "SLOTS_TOGETHER", 3)
    (cut,) = play_pairs(world, START, [SLEEP_MORE], draws=5, repeats=2, seed=3)
    np.testing.assert_allclose(cut.changed.rows[:, 0], whole.changed.rows[:, 0], rtol=1e-4)
    np.testing.assert_allclose(cut.habit.rows[:, 0], whole.habit.rows[:, 0], rtol=1e-4)


def test_outcomes_are_the_numbers_the_mood_and_the_reward(small: EmbeddedPeople) -> None:
    world = SimulatorWorld(small, split="all", horizon=HORIZON, adherence=0.0)
    (pair,) = play_pairs(world, START, [SLEEP_MORE], draws=1, repeats=4, seed=0)
    played = pair.changed
    baseline = rewards.baseline_of(small.dataset.history(START.user, START.day))
    shares = rewards.components(played.rows.reshape(-1, schema.FEATURE_COUNT), baseline)
    reward = shares @ np.array([0.4, 0.3, 0.1, 0.2])
    outcomes = played.outcomes.reshape(-1, len(OUTCOMES))
    np.testing.assert_allclose(outcomes[:, OUTCOMES.index("reward")], reward, rtol=1e-5)
    np.testing.assert_allclose(outcomes[:, OUTCOMES.index("mood")], shares[:, 0], rtol=1e-5)
    rate = played.rows[..., schema.HEART_RATE].ravel()
    np.testing.assert_array_equal(outcomes[:, OUTCOMES.index("heart_rate_avg")], rate)
