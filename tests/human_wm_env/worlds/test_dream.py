"""The dream: latents, branches, histories, bounds."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from human_wm_env.data.dataset import LogDataset
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.person import missingness as masks
from human_wm_env.person import schema
from human_wm_env.person.history import History
from human_wm_env.random_streams import Stream
from human_wm_env.worlds.starts import PersonStart
from human_wm_env.worlds.world import take
from tests.human_wm_env.worlds.dreams import START, actions, all_people, dream, live, streams
from tests.world_model import tiny


def test_the_branches_share_their_latents_as_a_factorial_design() -> None:
    state, rows, _ = live(dream(), all_people())
    latents, branch = state.inner.latents, np.arange(125)
    picks = {"a": branch // 25, "b": branch // 5 % 5, "c": branch % 5}
    for block, part in tiny.TINY.blocks.items():
        own = latents[:, part]
        five = np.stack([own[picks[block] == pick][0] for pick in range(5)])
        np.testing.assert_array_equal(own, five[picks[block]])
        assert len(np.unique(five, axis=0)) == 5
    assert len(np.unique(latents, axis=0)) == 125
    # All of the 125 futures differ, though their actions may be the same.
    same = np.repeat(actions(1), 125, axis=1)
    _, rows, _ = live(dream(), all_people(), chosen=same)
    assert len(np.unique(rows[:, :, schema.HEART_RATE], axis=0)) == 125


def test_latents_are_draws_of_the_posterior() -> None:
    posterior, _ = tiny.runtime().encode([tiny.logs().history(START.user, START.day)])
    world = dream()
    diagonal = [dataclasses.replace(START, branch=31 * draw) for draw in range(5)]
    many = [world.reset(diagonal, streams(5, seed))[0].inner.latents for seed in range(120)]
    scaled = (np.concatenate(many) - posterior.mean) / posterior.sd
    np.testing.assert_allclose(scaled.mean(axis=0), 0.0, atol=0.2)
    np.testing.assert_allclose(scaled.std(axis=0), 1.0, atol=0.15)
    # Five draws per block are different ones.
    assert np.abs(np.corrcoef(scaled.reshape(120, 5, -1)[:, :, 0].T) - np.eye(5)).max() < 0.4


def test_temperature_does_not_scale_who_the_person_is() -> None:
    one, two = (
        dream(temperature=tau).reset(all_people(), streams(125))[0].inner.latents
        for tau in (0.0, 1.0)
    )
    np.testing.assert_array_equal(one, two)


def test_at_temperature_zero_days_follow_from_latents_actions_and_weather() -> None:
    """The noise streams differ; the weather is the log's, without a gap."""
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), logs.observed.copy()
    rows[..., schema.WEATHER] = tiny.people().true_rows[..., schema.WEATHER]
    observed[..., schema.WEATHER] = True
    known = tiny.with_rows(logs, rows, observed)
    starts = [dataclasses.replace(START, branch=7)] * 6
    same = np.repeat(actions(1), 6, axis=1)
    for adherence in (0.0, 1.0):
        cold, warm = (
            live(
                dream(known, temperature=tau, weather="log", adherence=adherence),
                starts,
                streams(6),
                same,
            )
            for tau in (0.0, 1.0)
        )
        assert len(np.unique(cold[0].normal[:, 0], axis=0)) == 6
        np.testing.assert_allclose(cold[1], np.repeat(cold[1][:1], 6, axis=0), rtol=1e-5)
        assert np.ptp(warm[1][..., schema.HEART_RATE], axis=0).min() > 1e-3


def test_higher_temperatures_spread_the_futures() -> None:
    starts = [dataclasses.replace(START, branch=3)] * 60
    shared = [Stream((0, 0, 0), (0, slot, 0)) for slot in range(60)]
    same = np.repeat(actions(1), 60, axis=1)
    spreads = [
        live(dream(temperature=tau), starts, shared, same)[1][:, 0, schema.HEART_RATE].std()
        for tau in (0.0, 0.5, 1.0)
    ]
    assert spreads[0] < 0.6 * spreads[1] < 0.6 * spreads[2]


def test_habits_are_followed_as_by_stepping() -> None:
    world = dream(adherence=0.0)
    state, _ = world.reset(all_people()[:7], streams(7))
    stepped, followed = state, state
    for action in actions(7):
        stepped, followed = world.step(stepped, action).state, world.follow_habits(followed)
        np.testing.assert_array_equal(stepped.row, followed.row)
        np.testing.assert_array_equal(stepped.inner.sums, followed.inner.sums)
    with pytest.raises(ConfigError, match="adherence 0"):
        dream().follow_habits(state)


def test_regular_starts_are_encoded_together_and_like_others() -> None:
    """All start days of a person at once; the same as each day by itself."""
    world = dream()
    days = world.start_days(4)
    assert len(days) == 8 and START.day in days
    latents = world.reset([START], streams(1))[0].inner.latents
    assert len(world._people) == 8
    expected, _ = tiny.runtime().encode([tiny.logs().history(START.user, START.day)])
    other = dream()
    other._is_regular = lambda start: False  # type: ignore[method-assign]
    alone = other.reset([START], streams(1))[0].inner
    assert len(other._people) == 1
    np.testing.assert_allclose(latents, alone.latents, atol=1e-5)
    kept = world._kept.people(np.stack(world._people.look_up([START], world._encode)))
    np.testing.assert_allclose(kept.mean, expected.mean, atol=1e-5)


def test_slots_do_not_depend_on_how_many_there_are() -> None:
    world = dream(adherence=0.5)
    chosen = actions(30)
    few, few_rows, few_seen = live(world, all_people()[:5], streams(5), chosen[:, :5])
    many, many_rows, many_seen = live(world, all_people()[:30], streams(30), chosen)
    np.testing.assert_array_equal(few.normal, many.normal[:5])
    np.testing.assert_array_equal(few.uniform, many.uniform[:5])
    np.testing.assert_array_equal(few.inner.latents, many.inner.latents[:5])
    np.testing.assert_allclose(few_seen, many_seen[:5], atol=1e-5)
    labels = list(schema.CATEGORICAL_FEATURES)
    np.testing.assert_array_equal(few_rows[..., labels], many_rows[:5][..., labels])


def test_people_of_different_days_equal_themselves_alone() -> None:
    world = dream(adherence=0.3)
    starts = [PersonStart(user, 20 + 9 * user, 11 * user) for user in range(8)]
    chosen = actions(8)
    own = [Stream((2, slot, 0), (2, slot, 0)) for slot in range(8)]
    _, _, together = live(world, starts, own, chosen)
    for slot in (0, 3, 7):
        fresh = dream(adherence=0.3)  # without what the first world remembers
        one = slice(slot, slot + 1)
        _, _, alone = live(fresh, starts[one], own[one], chosen[:, one])
        np.testing.assert_allclose(alone[0], together[slot], atol=1e-5)


def test_a_planner_can_branch_from_any_state() -> None:
    world = dream(adherence=0.5)
    state, _ = world.reset(all_people()[:2], streams(2))
    state = world.step(state, actions(2)[0]).state
    expected = world.step(state, actions(2)[1])
    order = np.array([1, 0, 1])
    tiled = world.step(take(state, order), actions(2)[1][order])
    np.testing.assert_allclose(tiled.observation, expected.observation[order], atol=1e-5)
    again = world.step(state, actions(2)[1])  # stepping did not write into the state
    np.testing.assert_array_equal(again.observation, expected.observation)


def test_remembered_posteriors_are_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("human_wm_env.worlds.start_cache.MOST_STARTS", 3)
    world = dream()
    starts = [PersonStart(user, 30, 0) for user in range(6)]
    expected = dream().reset(starts, streams(6))[0].inner.latents
    for _ in range(3):
        latents = world.reset(starts, streams(6))[0].inner.latents
        np.testing.assert_allclose(latents, expected, atol=1e-5)
        assert len(world._people) == 3


def other_future(day: int) -> LogDataset:
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), logs.observed.copy()
    rows[:, day:] = tiny.people().true_rows[::-1, : rows.shape[1] - day]
    observed[:, day:] = True
    return tiny.with_rows(logs, rows, observed)


def test_later_rows_never_have_influence() -> None:
    starts = all_people()[::25]
    one, two, wrong = (
        live(dream(logs, weather="chain", masking="person", adherence=0.5), starts)
        for logs in (tiny.logs(), other_future(START.day), other_future(START.day - 1))
    )
    for index in (1, 2):
        np.testing.assert_array_equal(one[index], two[index])
        assert (one[index] != wrong[index]).any()


def test_values_behind_the_mask_have_no_influence() -> None:
    logs = tiny.logs()
    leaky = logs.rows.copy()
    leaky[~logs.observed] = 3.0
    changed = dataclasses.replace(logs, rows=leaky)
    for weather in ("chain", "log"):
        one, two = (
            live(dream(which, weather=weather, adherence=0.5), all_people()[::25])
            for which in (logs, changed)
        )
        np.testing.assert_array_equal(one[1], two[1])
        np.testing.assert_array_equal(one[2], two[2])


def test_an_own_history_is_read_like_a_logged_one() -> None:
    logs = tiny.logs()
    world = dream()
    history = logs.history(START.user, START.day)
    given = world.start_from([{"history": history, "branch": 31}], [START])[0]
    pair = world.start_from(
        [
            {
                "history": (history.rows, history.observed),
                "start_weekday": int(history.weekday[0]),
                "branch": 31,
            }
        ],
        [START],
    )[0]
    starts = [dataclasses.replace(START, branch=31), given, pair]
    shared = [Stream((0, 0, 0), (0, 0, 0))] * 3
    chosen = np.repeat(actions(1), 3, axis=1)
    first, _, seen = live(world, starts, shared, chosen)
    np.testing.assert_allclose(first.inner.latents[1:], first.inner.latents[[0, 0]], atol=1e-5)
    np.testing.assert_allclose(seen[1:], seen[[0, 0]], atol=1e-5)
    assert first.user.tolist() == [4, -1, -1] and (first.day == START.day).all()


def test_two_histories_of_one_length_are_two_people() -> None:
    logs = tiny.logs()
    starts = [
        dataclasses.replace(START, user=-1, day=50, history=logs.history(user, 50))
        for user in (2, 3)
    ]
    state, _ = dream().reset(starts, [Stream((0, 0, 0), (0, 0, 0))] * 2)
    assert np.abs(state.inner.latents[0] - state.inner.latents[1]).max() > 1e-3


def test_an_unknown_weekday_stays_unknown() -> None:
    history = tiny.logs().history(START.user, START.day)
    unknown = History.from_arrays(history.rows, history.observed)
    start = dream().start_from([{"history": unknown}], [START])[0]
    first, _, seen = live(dream(adherence=0.0), [start, START])
    assert first.weekday[0] == -1 and first.weekday[1] >= 0
    assert not seen[0, :, 36:38].any() and seen[1, :, 36:38].any(axis=1).all()


@given(
    seed=st.integers(0, 1000),
    user=st.integers(0, 11),
    day=st.integers(14, 120),
    temperature=st.sampled_from([0.0, 0.5, 1.0, 1.5]),
    adherence=st.sampled_from([0.0, 0.5, 1.0]),
    masking=st.sampled_from(["person", "none", 0.5]),
    weather=st.sampled_from(["chain", "log"]),
)
@settings(max_examples=25, deadline=None)
def test_observations_and_rows_stay_in_bounds(
    seed: int,
    user: int,
    day: int,
    temperature: float,
    adherence: float,
    masking: masks.Masking,
    weather: str,
) -> None:
    world = dream(temperature=temperature, adherence=adherence, masking=masking, weather=weather)
    start = world.start_from([{"user": f"p{user:03d}", "day": day}], [START])[0]
    _, rows, seen = live(world, [start, START], streams(2, seed), actions(2, seed))
    for observation in seen.reshape(-1, seen.shape[-1]):
        assert world.observation_space.contains(observation)
    for index, feature in enumerate(schema.FEATURES):
        column = rows[..., index]
        if isinstance(feature, schema.Continuous):
            assert ((column >= feature.low) & (column <= feature.high)).all()
        else:
            assert np.isin(column, np.arange(feature.width)).all()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"temperature": -0.1}, "temperature >= 0"),
        ({"temperature": float("nan")}, "temperature as a finite number"),
        ({"temperature": float("inf")}, "temperature as a finite number"),
        ({"weather": "sunny"}, "weather"),
        ({"masking": 1.0}, "masking"),
        ({"adherence": -0.5}, "adherence"),
    ],
)
def test_impossible_settings_are_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        dream(**setting)


def test_the_vector_env_deals_125_branches_to_a_person() -> None:
    env = VectorEnv(dream(), 250)
    env.reset(seed=3)
    latents = env._state.inner.latents
    _, info = env.reset(seed=3)
    np.testing.assert_array_equal(env._state.inner.latents, latents)
    assert info["branch"].tolist() == [*range(125)] * 2
    assert len(np.unique(latents[:125, tiny.TINY.blocks["a"]], axis=0)) == 5
    assert len(np.unique(latents, axis=0)) == 250
