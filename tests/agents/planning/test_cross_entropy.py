from __future__ import annotations

import numpy as np
import pytest

from agents.action_layout import PERSON_ACTIONS, bins, middles
from agents.planning.cross_entropy import (
    CrossEntropyConfig,
    PlanDistribution,
    search_plans,
)
from human_wm_env.errors import ConfigError
from human_wm_env.person import schema
from human_wm_env.person.actions import A_LOCATION, A_SLEEP, A_WORKOUT, decode

CONFIG = CrossEntropyConfig(iterations=20, candidates=64, elite=8)


def test_bins_are_those_of_the_action_codec() -> None:
    values = np.random.default_rng(0).uniform(-1.0, 1.0, (500, 7)).astype(np.float32)
    values[0], values[1] = -1.0, 1.0
    rows = decode(values)
    np.testing.assert_array_equal(bins(values[:, A_WORKOUT], 7), rows[:, schema.WORKOUT])
    np.testing.assert_array_equal(bins(values[:, A_LOCATION], 5), rows[:, schema.LOCATION])
    np.testing.assert_array_equal(bins(middles(np.arange(7), 7), 7), np.arange(7))


def test_it_finds_amounts_and_picks_of_every_slot_at_once() -> None:
    sleeps, workouts = np.array([0.5, -0.7, 0.0]), np.array([3, 6, 0])

    def objective(plans: np.ndarray) -> np.ndarray:
        off = (plans[..., A_SLEEP] - sleeps[:, None, None]) ** 2
        right = bins(plans[..., A_WORKOUT], 7) == workouts[:, None, None]
        return (right - off).sum(axis=2)

    begin = PlanDistribution.broad(3, 2, 0.5, PERSON_ACTIONS)
    found = search_plans(objective, begin, CONFIG, np.random.default_rng(0))
    assert found.shape == (3, 2, 7)
    np.testing.assert_allclose(found[..., A_SLEEP], np.repeat(sleeps[:, None], 2, 1), atol=0.08)
    np.testing.assert_array_equal(
        bins(found[..., A_WORKOUT], 7), np.repeat(workouts[:, None], 2, 1)
    )


def test_one_round_by_hand() -> None:
    """The elite of two out of three; half of the old mean and shares is kept."""
    begin = PlanDistribution.broad(1, 1, 0.5, PERSON_ACTIONS)
    plans = np.zeros((1, 3, 1, 7))
    plans[0, :, 0, A_SLEEP] = [0.2, 0.6, -1.0]
    plans[0, :, 0, A_WORKOUT] = middles(np.array([2, 4, 6]), 7)
    config = CrossEntropyConfig(elite=2, candidates=3, momentum=0.5)
    after = begin.refit(plans, np.array([[1.0, 2.0, 0.0]]), config)
    assert after.mean[0, 0, 0] == pytest.approx(0.5 * 0.4)
    assert after.std[0, 0, 0] == pytest.approx(0.5 * 0.5 + 0.5 * 0.2)
    expected = np.full(7, 0.5 / 7)
    expected[[2, 4]] += 0.25
    np.testing.assert_allclose(after.shares[A_WORKOUT][0, 0], expected)


def test_slots_are_independent() -> None:
    def objective(plans: np.ndarray) -> np.ndarray:
        return -(plans**2).sum(axis=(2, 3))

    near = np.full((2, 1, 7), 0.3, dtype=np.float32)
    distribution = PlanDistribution.around(near, 0.2, PERSON_ACTIONS)
    plans = distribution.sample(np.random.default_rng(0), 50)
    assert np.abs(plans).max() <= 1.0
    np.testing.assert_allclose(plans[:, 0], distribution.mode())
    values = objective(plans)
    both = distribution.refit(plans, values, CONFIG)
    alone = PlanDistribution.around(near[1:], 0.2, PERSON_ACTIONS).refit(
        plans[1:], values[1:], CONFIG
    )
    np.testing.assert_allclose(both.mean[1:], alone.mean)


@pytest.mark.parametrize(
    "settings",
    [{"elite": 1}, {"elite": 48}, {"iterations": 0}, {"std": 0.0}, {"momentum": 1.0}],
)
def test_settings_are_checked(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        CrossEntropyConfig(**settings)  # type: ignore[arg-type]
