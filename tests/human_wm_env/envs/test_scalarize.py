from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from human_wm_env.envs.scalarize import ScalarReward
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.worlds.simulator import SimulatorWorld


@pytest.fixture(scope="module")
def world(small: EmbeddedPeople) -> SimulatorWorld:
    return SimulatorWorld(small)


COMPONENTS = np.array([[1.0, 0.5, 0.25, 0.0], [0.0, 0.0, 1.0, 1.0]], dtype=np.float32)


def test_the_weighted_sum_by_hand(world: SimulatorWorld) -> None:
    reward, penalty, copied = ScalarReward(world, None, 0.0).scalar(COMPONENTS, np.zeros(2))
    np.testing.assert_allclose(reward, [0.4 + 0.15 + 0.025, 0.1 + 0.2])
    assert penalty.tolist() == [0.0, 0.0] and reward.dtype == np.float64
    np.testing.assert_array_equal(copied, COMPONENTS)
    assert copied.dtype == np.float32 and not np.shares_memory(copied, COMPONENTS)


def test_weights_can_be_overridden_one_by_one(world: SimulatorWorld) -> None:
    reward, *_ = ScalarReward(world, {"mood": 2, "effort": 0}, 0.0).scalar(COMPONENTS, np.zeros(2))
    np.testing.assert_allclose(reward, [2 + 0.15 + 0.025, 0.1])


def test_pessimism_is_subtracted(world: SimulatorWorld) -> None:
    reward, penalty, _ = ScalarReward(world, None, 0.5).scalar(COMPONENTS, np.array([0.2, 2.0]))
    np.testing.assert_allclose(penalty, [0.1, 1.0])
    np.testing.assert_allclose(reward, [0.575 - 0.1, 0.3 - 1.0])


def test_the_defaults_stay_the_defaults(world: SimulatorWorld) -> None:
    ScalarReward(world, {"mood": 9.0}, 0.0)
    assert world.default_weights["mood"] == 0.4


@pytest.mark.parametrize(
    ("weights", "pessimism", "message"),
    [
        ({"moods": 1.0}, 0.0, "Did you mean 'mood'"),
        ({"mood": np.nan}, 0.0, "weight of mood as a finite number"),
        ({"mood": np.inf}, 0.0, "weight of mood as a finite number"),
        ({"mood": "high"}, 0.0, "weight of mood as a finite number"),
        ({"mood": None}, 0.0, "weight of mood as a finite number"),
        (None, -0.1, "pessimism >= 0"),
        (None, np.nan, "pessimism as a finite number"),
        (None, "much", "pessimism as a finite number"),
    ],
)
def test_wrong_settings_are_refused(
    world: SimulatorWorld, weights: Any, pessimism: Any, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        ScalarReward(world, weights, pessimism)
