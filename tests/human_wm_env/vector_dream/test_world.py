"""The dream of Pendulum-v1 as an environment."""

from __future__ import annotations

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import human_wm_env  # noqa: F401 (registers the ids)
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.vector_dream.latent_view import LatentView
from tests.world_model.vector import pendulum

ID = "WorldModelDream-v0"


@pytest.mark.parametrize("view", ["latent", "decoded"])
def test_gymnasium_accepts_it(view: str) -> None:
    env = gym.make(ID, world_model=pendulum.checkpoint(), view=view)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped, skip_render_check=True)


def test_slots_of_a_batch_dream_as_alone() -> None:
    many = gym.make_vec(ID, num_envs=3, world_model=pendulum.checkpoint(), horizon=40)
    one = gym.make(ID, world_model=pendulum.checkpoint(), horizon=40)
    batch, _ = many.reset(seed=4)
    batch_again, _ = many.reset(seed=4)
    np.testing.assert_array_equal(batch, batch_again)
    alone, _ = one.reset(seed=4)
    np.testing.assert_allclose(alone, batch[0], rtol=1e-5, atol=1e-6)
    for step in range(39):  # beyond a block of noise
        action = np.full((3, 1), np.sin(step), dtype=np.float32)
        batch, rewards, _, _, info = many.step(action)
        alone, reward, *_ = one.step(action[0])
        np.testing.assert_allclose(alone, batch[0], rtol=1e-3, atol=1e-4)
        assert reward == pytest.approx(rewards[0], rel=1e-3, abs=1e-3)
        assert (info["uncertainty"] >= 0.0).all()


def test_without_temperature_nothing_is_drawn() -> None:
    env = gym.make(ID, world_model=pendulum.checkpoint(), temperature=0.0, members=1)
    start = pendulum.checkpoint().starts[0]
    paths = []
    for seed in (0, 1):
        env.reset(seed=seed, options={"observation": start})
        paths.append([env.step(np.zeros(1, np.float32))[0] for _ in range(5)])
    np.testing.assert_allclose(paths[0], paths[1], rtol=1e-5)


def test_a_controller_sees_the_real_environment_as_its_dream() -> None:
    real = LatentView(gym.make("Pendulum-v1"), pendulum.checkpoint())
    dream = gym.make(ID, world_model=pendulum.checkpoint())
    assert real.observation_space == dream.observation_space
    assert real.action_space == dream.action_space
    observation, _ = real.reset(seed=0)
    assert real.observation_space.contains(observation)
    assert real.observation_space.contains(real.step(np.ones(1, np.float32))[0])
    with pytest.raises(CheckpointError, match="Pendulum-v1"):
        LatentView(gym.make("CartPole-v1"), pendulum.checkpoint())


def test_what_is_out_of_range_is_told() -> None:
    with pytest.raises(ConfigError, match="temperature >= 0"):
        gym.make(ID, world_model=pendulum.checkpoint(), temperature=-1.0)
    env = gym.make(ID, world_model=pendulum.checkpoint())
    with pytest.raises(ConfigError, match="a finite observation of Pendulum-v1"):
        env.reset(options={"observation": np.zeros(5)})
