"""Actions and environments as world models know them."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from human_wm_env.errors import ConfigError, DataError
from human_wm_env.vector_dream.task import ActionCode, Task, check_finite

ENDS = np.array([[-2.0, 0.0], [2.0, 10.0]], dtype=np.float32)
BOX = ActionCode.of(spaces.Box(*ENDS))
CHOICE = ActionCode.of(spaces.Discrete(3, start=-1))


def test_a_box_is_scaled_from_minus_one_to_one() -> None:
    assert (BOX.low, BOX.high, BOX.count, BOX.width) == ((-2.0, 0.0), (2.0, 10.0), 0, 2)
    assert BOX.space == spaces.Box(-1.0, 1.0, (2,), np.float32)
    actions = np.array([[-1.0, 1.0], [0.5, -0.5], [3.0, -3.0]])
    in_env = [[-2.0, 10.0], [1.0, 2.5], [2.0, 0.0]]
    np.testing.assert_allclose(BOX.to_env(actions), in_env)
    assert BOX.to_env(actions).dtype == BOX.from_env(actions).dtype == np.float32
    np.testing.assert_allclose(BOX.from_env(np.array(in_env)), np.clip(actions, -1.0, 1.0))
    np.testing.assert_array_equal(BOX.encode(actions), actions.astype(np.float32))


def test_a_choice_is_one_hot_for_the_nets() -> None:
    assert (CHOICE.count, CHOICE.first, CHOICE.width) == (3, -1, 3)
    assert CHOICE.space == spaces.Discrete(3)
    assert CHOICE.encode(np.array([2, 0])).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert CHOICE.to_env(np.array([2, 0])).tolist() == [1, -1]
    assert CHOICE.from_env(np.array([1, -1])).tolist() == [2, 0]


@pytest.mark.parametrize(
    "space",
    [
        spaces.MultiDiscrete([2, 2]),
        spaces.Box(-1.0, 1.0, (2, 2)),
        spaces.Box(-np.inf, np.inf, (2,)),
    ],
)
def test_other_actions_are_refused(space: spaces.Space) -> None:
    with pytest.raises(ConfigError, match="a Discrete action space, or a Box of one axis"):
        ActionCode.of(space)


def test_a_task_is_read_off_its_environment() -> None:
    task = Task.of("CartPole-v1", {"sutton_barto_reward": True})
    assert (task.env_id, task.observation_width, task.horizon) == ("CartPole-v1", 4, 500)
    assert task.action == ActionCode(count=2) and task.kwargs == {"sutton_barto_reward": True}
    assert Task.from_json(task.to_json()) == task
    pendulum = Task.of("Pendulum-v1")
    assert pendulum.action == ActionCode((-2.0,), (2.0,)) and pendulum.horizon == 200
    assert Task.from_json(pendulum.to_json()) == pendulum


class Endless(gym.Env[np.ndarray, int]):
    observation_space = spaces.Box(-1.0, 1.0, (2,), np.float32)
    action_space = spaces.Discrete(2)


def test_without_a_limit_there_is_one() -> None:
    gym.register("Endless-v0", Endless)
    try:
        assert Task.of("Endless-v0").horizon == 1000
        assert Task.of("HumanWMSim-v0", {"horizon": 9}).horizon == 9
    finally:
        del gym.registry["Endless-v0"]


@pytest.mark.parametrize(
    ("env_id", "kwargs", "said"),
    [
        ("CartPole-v2", {}, "the id of a registered environment"),
        ("CartPole-v1", {"gravity": 3.0}, "arguments that CartPole-v1 takes"),
        ("FrozenLake-v1", {}, "vector observations: a Box of one axis in FrozenLake-v1"),
    ],
)
def test_refusals(env_id: str, kwargs: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Task.of(env_id, kwargs)


def test_what_is_not_finite_is_refused() -> None:
    fine = np.array([1.0, 2.0])
    assert check_finite(fine, "rewards", "Made-v0") is fine
    with pytest.raises(DataError, match="Made-v0"):
        check_finite(np.array([1.0, np.nan]), "rewards", "Made-v0")
