"""Env and VectorEnv over a world without people, with other spaces, ends and rewards."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.env_checker import check_env as sb3_check_env

from human_wm_env.envs.env import Env
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError, DataError, InvalidActionError, ResetNeededError
from tests.human_wm_env.envs.toy_world import END, LENGTH, ToyWorld
from tests.human_wm_env.envs.vector_envs import MODES

SPACES = {
    "discrete": spaces.Discrete(3, start=-1),
    "many": spaces.MultiDiscrete([2, 3]),
    "box": spaces.Box(-2.0, 2.0, (1,), np.float32),
}


@pytest.mark.parametrize("observation", ["flat", "dict"])
@pytest.mark.parametrize("space", [spaces.Discrete(3), SPACES["many"], spaces.Box(-1, 1, (1,))])
def test_gymnasium_and_sb3_have_no_complaints(space: spaces.Space, observation: str) -> None:
    env = Env(ToyWorld(space), observation=observation)
    check_env(env, skip_render_check=True)
    sb3_check_env(env)


def draws(env: VectorEnv, count: int) -> list[np.ndarray]:
    env.action_space.seed(3)
    return [env.action_space.sample() for _ in range(count)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("vector_reward", [False, True])
def test_slots_are_scalar_envs_that_end_when_they_end(
    mode: AutoresetMode, space: str, vector_reward: bool
) -> None:
    world = ToyWorld(SPACES[space])
    env = VectorEnv(world, 5, autoreset_mode=mode, vector_reward=vector_reward)
    singles = [Env(world, vector_reward=vector_reward) for _ in range(5)]
    seeds = [30, 31, 32, 33, 34]
    observation, info = env.reset(seed=seeds)
    for slot, single in enumerate(singles):
        np.testing.assert_array_equal(observation[slot], single.reset(seed=seeds[slot])[0])
    over, ends = np.zeros(5, dtype=bool), []
    for action in draws(env, 40):
        if mode == AutoresetMode.DISABLED and over.any():
            with pytest.raises(ResetNeededError):
                env.step(action)
            observation, _ = env.reset(options={"reset_mask": over})
            for slot in np.flatnonzero(over):
                np.testing.assert_array_equal(observation[slot], singles[slot].reset()[0])
            over[:] = False
        observation, reward, terminated, truncated, info = env.step(action)
        for slot, single in enumerate(singles):
            if over[slot]:  # NEXT_STEP
                expected: Any = (single.reset()[0], 0.0, False, False)
            else:
                *expected, last_info = single.step(action[slot])
                assert info_at(info, slot, "final_info")["steps"][slot] == last_info["steps"]
                if mode == AutoresetMode.SAME_STEP and (expected[2] or expected[3]):
                    np.testing.assert_array_equal(info["final_obs"][slot], expected[0])
                    expected[0] = single.reset()[0]
            np.testing.assert_allclose(observation[slot], expected[0], rtol=1e-6)
            np.testing.assert_allclose(reward[slot], expected[1], rtol=1e-6)
            assert (terminated[slot], truncated[slot]) == tuple(expected[2:])
        ends += [(bool(a), bool(b)) for a, b in zip(terminated, truncated, strict=True) if a | b]
        over = terminated | truncated if mode != AutoresetMode.SAME_STEP else over
    if space == "discrete":
        assert {(True, False), (False, True)} <= set(ends)


def info_at(info: dict[str, Any], slot: int, name: str) -> dict[str, Any]:
    return info[name] if name in info and info[f"_{name}"][slot] else info


def test_a_scalar_env_terminates_before_the_horizon() -> None:
    env = Env(ToyWorld())
    env.reset(seed=1)
    for _ in range(LENGTH):
        observation, reward, terminated, truncated, info = env.step(1)
        assert not truncated and terminated == (abs(observation[0]) >= END)
        assert reward == pytest.approx(-100 * info["reward_components"]["distance"] - 1)
        assert "uncertainty" not in info and info["pessimism_penalty"] == 0.0
        if terminated:
            break
    assert info["steps"] < LENGTH
    with pytest.raises(ResetNeededError, match="an episode that is over"):
        env.step(1)


def test_rewards_are_unbounded_and_have_the_worlds_names() -> None:
    for env in (Env(ToyWorld(), vector_reward=True), VectorEnv(ToyWorld(), 2, vector_reward=True)):
        assert env.reward_space == spaces.Box(-np.inf, np.inf, (2,), np.float32)
        assert env.reward_dim == 2
    with pytest.raises(ConfigError, match="Did you mean 'toll'"):
        Env(ToyWorld(), reward_weights={"tol": 1.0})
    assert VectorEnv(ToyWorld(), 4).reset(seed=0)[1].keys() == {
        "place",
        "_place",
        "steps",
        "_steps",
        "reward_components",
        "_reward_components",
        "pessimism_penalty",
        "_pessimism_penalty",
    }


def test_seeds_repeat_and_layouts_are_the_same_without_branches() -> None:
    envs = [VectorEnv(ToyWorld(), 4, layout=layout) for layout in ("people", "branches")]
    envs.append(VectorEnv(ToyWorld(), 9))
    seen = [env.reset(seed=5)[0][:4] for env in envs]
    np.testing.assert_array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[0], seen[2])
    assert len(np.unique(seen[0][:, 0])) == 4
    actions = draws(envs[0], 20)
    np.testing.assert_array_equal(*[[env.step(a)[0] for a in actions] for env in envs[:2]])


def test_a_vector_env_of_gymnasium_agrees() -> None:
    ours = VectorEnv(ToyWorld(), 3, layout="people")
    theirs = gym.vector.SyncVectorEnv([lambda: Env(ToyWorld())] * 3)
    assert ours.action_space == theirs.action_space
    assert ours.observation_space == theirs.observation_space
    np.testing.assert_array_equal(ours.reset(seed=[1, 2, 3])[0], theirs.reset(seed=[1, 2, 3])[0])
    for action in draws(ours, 30):
        one, other = ours.step(action), theirs.step(action)
        for mine, its in zip(one[:4], other[:4], strict=True):
            np.testing.assert_allclose(mine, its)
            assert mine.dtype == its.dtype


def test_dict_observations_are_named_parts() -> None:
    env = VectorEnv(ToyWorld(), 3, observation="dict")
    observation, _ = env.reset(seed=0)
    assert isinstance(observation, dict) and env.observation_space.contains(observation)
    assert {name: part.shape for name, part in observation.items()} == {
        "place": (3, 1),
        "ends": (3, 2),
    }


@pytest.mark.parametrize(
    ("space", "wrong"),
    [
        ("discrete", 2),
        ("discrete", -2),
        ("discrete", 0.5),
        ("discrete", [0]),
        ("discrete", "left"),
        ("many", [2, 0]),
        ("many", [0, -1]),
        ("many", [0, 0, 0]),
        ("box", [np.nan]),
        ("box", [[1.0], [2.0, 3.0]]),
    ],
)
def test_actions_outside_the_space_are_refused(space: str, wrong: Any) -> None:
    env, vector = Env(ToyWorld(SPACES[space])), VectorEnv(ToyWorld(SPACES[space]), 2)
    env.reset(seed=0)
    vector.reset(seed=0)
    with pytest.raises(InvalidActionError):
        env.step(wrong)
    with pytest.raises(InvalidActionError):
        vector.step([wrong, wrong])


def test_boxes_clip_and_other_spaces_are_the_worlds_own() -> None:
    assert ToyWorld(SPACES["box"]).check_actions([[9.0], [-9.0]], 2).tolist() == [[2.0], [-2.0]]
    with pytest.raises(InvalidActionError, match="Override `check_actions`"):
        ToyWorld(spaces.MultiBinary(3)).check_actions([0, 1, 1], None)


def test_a_world_without_options_refuses_them() -> None:
    for env in (Env(ToyWorld()), VectorEnv(ToyWorld(), 2)):
        env.reset(seed=0)
        with pytest.raises(ConfigError, match="no reset options for ToyWorld"):
            env.reset(options={"branch": 0})


class Short(ToyWorld):
    """Says once for all slots whether they ended."""

    def step(self, state: Any, actions: np.ndarray) -> Any:
        after = super().step(state, actions)
        after.terminated = after.terminated[:1]
        return after


def test_a_step_of_other_slots_is_refused() -> None:
    env = VectorEnv(Short(), 2)
    env.reset(seed=0)
    with pytest.raises(DataError, match="Short"):
        env.step(np.zeros(2, dtype=int))
