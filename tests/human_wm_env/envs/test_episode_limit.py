from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.wrappers import TimeAwareObservation

from human_wm_env.envs.env import Env
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person_context import PersonContext
from tests.human_wm_env.envs.toy_world import LENGTH, ToyWorld

ID = "HumanWMSim-v0"


def length_of(env: gym.Env) -> int:
    env.reset(seed=0)
    for step in range(1, 1000):
        _, _, terminated, truncated, _ = env.step(env.action_space.sample())
        if terminated or truncated:
            return step
    raise AssertionError("the episode did not end")


@pytest.mark.parametrize("horizon", [1, 7, 45])
def test_a_spec_tells_the_horizon_and_makes_it_again(horizon: int, small: EmbeddedPeople) -> None:
    env = gym.make(ID, dataset=small, horizon=horizon)
    for _ in range(3):  # made from its own spec, and again
        assert env.spec is not None and env.spec.max_episode_steps == horizon
        assert length_of(env) == horizon
        env = gym.make(env.spec)


def test_the_default_horizon_is_told_too(small: EmbeddedPeople) -> None:
    env = gym.make(ID, dataset=small)
    assert env.spec is not None and env.spec.max_episode_steps == 30
    many = gym.make_vec(ID, 2, dataset=small)
    assert many.spec is not None and many.spec.max_episode_steps == 30
    assert gym.spec(ID).max_episode_steps is None  # a limit there would cut longer horizons


def test_a_spec_survives_a_file(small: EmbeddedPeople) -> None:
    env = gym.make("HumanWM-v0", horizon=4)
    assert env.spec is not None
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert again.spec is not None and again.spec.max_episode_steps == 4 == length_of(again)


@pytest.mark.parametrize("horizon", [3, 50])
def test_another_horizon_beside_a_spec_is_refused(horizon: int, small: EmbeddedPeople) -> None:
    """Its TimeLimit would cut the longer one, and hide the end of the shorter one."""
    env = gym.make(ID, dataset=small, horizon=30)
    assert env.spec is not None
    with pytest.raises(ConfigError, match=r"max_episode_steps=30.*horizon=\d+.*spec\.id"):
        gym.make(env.spec, horizon=horizon)


def test_vector_envs_are_made_from_specs(small: EmbeddedPeople) -> None:
    single = gym.make(ID, dataset=small, horizon=5)
    assert single.spec is not None
    many = gym.make_vec(single.spec, num_envs=3)
    again = gym.make_vec(many.spec)  # type: ignore[arg-type]
    for env in (many, again):
        assert env.num_envs == 3 and env.spec is not None and env.spec.max_episode_steps == 5
        env.reset(seed=0)
        ends = [bool(env.step(np.zeros((3, 7)))[3].all()) for _ in range(5)]
        assert ends == [False] * 4 + [True]
    assert gym.make_vec(ID, 2, dataset=small, max_episode_steps=6).unwrapped.world.horizon == 6


def test_wrappers_find_the_limit(small: EmbeddedPeople) -> None:
    env = TimeAwareObservation(gym.make(ID, dataset=small, horizon=6), normalize_time=True)
    env.reset(seed=0)
    times = [env.step(np.zeros(7))[0][-1] for _ in range(6)]
    np.testing.assert_allclose(times, np.arange(1, 7) / 6, rtol=1e-6)


def test_a_spec_of_another_entry_point_gets_no_argument_of_ours() -> None:
    gym.register("ToyOfTests-v0", entry_point=lambda: Env(ToyWorld()))
    env: Any = gym.make("ToyOfTests-v0")
    assert env.spec.max_episode_steps == LENGTH and env.spec.kwargs == {}
    assert gym.make(env.spec).spec.max_episode_steps == LENGTH  # type: ignore[union-attr]
    del gym.registry["ToyOfTests-v0"]


@pytest.mark.parametrize("update", ["frozen", "daily"])
def test_person_context_is_made_again_from_a_spec(update: str, small: EmbeddedPeople) -> None:
    env = PersonContext(gym.make(ID, dataset=small, horizon=4), update=update)
    assert env.spec is not None
    again = gym.make(env.spec)
    assert isinstance(again, PersonContext) and again.observation_space == env.observation_space
    for one, other in zip(played(env), played(again), strict=True):
        np.testing.assert_array_equal(one, other)


def played(env: gym.Env) -> list[np.ndarray]:
    return [env.reset(seed=3)[0], *(env.step(np.zeros(7))[0] for _ in range(4))]
