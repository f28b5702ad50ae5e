"""Real environments as a controller of their dream sees them."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

import human_wm_env  # noqa: F401 (registers the ids)
from human_wm_env.errors import CheckpointError
from human_wm_env.vector_dream.latent_view import LatentReader, LatentView
from human_wm_env.vector_dream.nets import VectorNets
from tests.human_wm_env.vector_dream.small import batch, checkpoint
from tests.world_model.vector import pendulum

ID = "WorldModelDream-v0"


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


def test_the_memory_goes_on_and_is_emptied_where_an_episode_begins() -> None:
    made = checkpoint()
    nets, reader = VectorNets(made), LatentReader(made, 4)
    seen, later, actions = batch(3), batch(3, seed=8), batch(1)
    first = reader.read(seen, np.ones(4, dtype=bool))
    assert first.dtype == np.float32 and not first[:, 2:].any()
    np.testing.assert_allclose(first[:, :2], nets.latents(seen), rtol=1e-6)
    reader.acted(actions)
    began = np.array([False, True, False, False])
    second = reader.read(later, began)
    np.testing.assert_allclose(second[:, :2], nets.latents(later), rtol=1e-6)
    memory = nets.remember(np.zeros((4, 4), np.float32), first[:, :2], actions)
    np.testing.assert_allclose(second[:, 2:], memory * ~began[:, None], rtol=1e-5)


def test_an_action_is_scaled_and_remembered() -> None:
    real, plain = (
        LatentView(gym.make("Pendulum-v1"), pendulum.checkpoint()),
        gym.make("Pendulum-v1"),
    )
    nets = VectorNets(pendulum.checkpoint())
    before, _ = real.reset(seed=3)
    plain.reset(seed=3)
    half = np.array([0.5], dtype=np.float32)
    seen, reward, *_ = real.step(half)
    observation, expected, *_ = plain.step(np.array([1.0], dtype=np.float32))
    assert reward == expected  # a torque of 0.5 * 2
    width = pendulum.checkpoint().architecture.latent
    np.testing.assert_allclose(seen[:width], nets.latents(observation[None])[0], rtol=1e-5)
    memory = nets.remember(before[None, width:], before[None, :width], half[None])
    np.testing.assert_allclose(seen[width:], memory[0], rtol=1e-5)
    assert real.reset(seed=4)[0][width:].tolist() == [0.0] * (len(seen) - width)
