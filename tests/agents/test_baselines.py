from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces

from agents.baselines import ConstantAgent, HabitAgent, RandomAgent
from human_wm_env.errors import ConfigError

OBSERVATIONS = np.zeros((4, 43), dtype=np.float32)


def test_random_fills_the_space_and_repeats_after_a_reset() -> None:
    agent = RandomAgent(seed=2)
    agent.reset(4)
    first, second = agent.act(OBSERVATIONS), agent.act(OBSERVATIONS)
    assert (first.shape, first.dtype) == ((4, 7), np.float32)
    assert not np.array_equal(first, second)
    many = RandomAgent(0).act(np.zeros((5000, 43), dtype=np.float32))
    assert -1.0 <= many.min() < -0.99 and 0.99 < many.max() <= 1.0
    agent.reset(4)
    np.testing.assert_array_equal(agent.act(OBSERVATIONS), first)
    assert not np.array_equal(RandomAgent(seed=3).act(OBSERVATIONS), first)


def test_constant_gives_everybody_its_clipped_action() -> None:
    agent = ConstantAgent(np.array([0.5, -3.0, 0, 0, 0, 0, 3.0]))
    agent.reset(4)
    expected = np.array([0.5, -1.0, 0, 0, 0, 0, 1.0], dtype=np.float32)
    np.testing.assert_array_equal(agent.act(OBSERVATIONS), np.tile(expected, (4, 1)))


@pytest.mark.parametrize("action", [np.zeros(6), np.zeros((1, 7)), np.full(7, np.nan)])
def test_a_constant_must_be_an_action(action: np.ndarray) -> None:
    with pytest.raises(ConfigError, match="7 finite numbers"):
        ConstantAgent(action)


def test_habit_asks_for_adherence_zero() -> None:
    agent = HabitAgent()
    agent.reset(4)
    assert agent.env_overrides == {"adherence": 0.0}
    np.testing.assert_array_equal(agent.act(OBSERVATIONS), np.zeros((4, 7)))


@pytest.mark.parametrize("space", [None, spaces.Box(-2.0, 3.0, (2,), np.float32)])
def test_a_constant_and_a_random_agent_return_from_their_manifests(
    space: spaces.Box | None,
) -> None:
    action = np.full(7 if space is None else 2, 0.5, dtype=np.float32)
    constant = ConstantAgent(action, "mine", space)
    again = ConstantAgent.from_manifest(*constant.to_manifest())
    assert again.name == "mine"
    np.testing.assert_array_equal(again.act(OBSERVATIONS), constant.act(OBSERVATIONS))
    random = RandomAgent(3, space)
    drawn = RandomAgent.from_manifest(*random.to_manifest()).act(OBSERVATIONS)
    np.testing.assert_array_equal(drawn, random.act(OBSERVATIONS))


def test_a_habit_returns_from_its_manifest() -> None:
    agent = HabitAgent.from_manifest(*HabitAgent().to_manifest())
    assert (agent.name, agent.env_overrides) == ("habit", {"adherence": 0.0})
