"""The dream of any environment in MLX: the environment's steps on equal noise."""

from __future__ import annotations

import dataclasses
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.random_streams import Stream
from human_wm_env.vector_dream.checkpoint import VectorCheckpoint
from human_wm_env.vector_dream.task import ActionCode
from human_wm_env.vector_dream.world import VectorDreamWorld
from tests.world_model.vector.pendulum import checkpoint
from world_model import differentiable
from world_model.differentiable_worlds.vector_dream import VectorDream

SLOTS, STEPS = 40, 35  # beyond one block of noise
KEYS = [(3, slot, 0) for slot in range(SLOTS)]


def discrete() -> VectorCheckpoint:
    """The same nets for a single action that is picked, ending at times."""
    made = checkpoint()
    task = dataclasses.replace(made.task, action=ActionCode(count=1))
    return dataclasses.replace(made, task=task, terminates=True)


def env_of(made: VectorCheckpoint, **settings: Any) -> VectorEnv:
    pessimism = settings.pop("pessimism", 0.0)
    return VectorEnv(VectorDreamWorld(made, **settings), 1, pessimism=pessimism)


@pytest.mark.parametrize("view", ["latent", "decoded"])
@pytest.mark.parametrize("picked", [False, True])
def test_steps_are_those_of_the_environment(view: str, picked: bool) -> None:
    env = env_of(discrete() if picked else checkpoint(), view=view, temperature=0.7)
    world, rng = env.world, np.random.default_rng(0)
    starts = [world.draw_start(rng) for _ in range(SLOTS)]
    streams = [Stream(key, key) for key in KEYS]
    state, seen = world.reset(starts, streams)
    dream = differentiable(env)
    assert isinstance(dream, VectorDream)
    imagined, first = dream.reset(starts, streams)
    np.testing.assert_allclose(first, seen, atol=1e-4)
    same = np.ones(SLOTS, dtype=bool)  # rounding may flip a Gaussian
    for _ in range(STEPS):
        actions = rng.uniform(-1.0, 1.0, (SLOTS, 1)).astype(np.float32)
        amounts, picks = mx.array(actions), []
        if picked:
            actions = np.zeros(SLOTS, dtype=np.int64)
            amounts, picks = mx.zeros((SLOTS, 0)), [mx.ones((SLOTS, 1))]
        after = world.step(state, actions)
        step = dream.step(imagined, amounts, picks)
        scale = np.abs(after.observation).max()
        same &= np.abs(np.array(step.observation) - after.observation).max(axis=1) < 1e-3 * scale
        reward = after.components[:, 0]
        apart = np.abs(np.array(step.reward) - reward)[same]
        assert apart.max() < 1e-3 * (1.0 + np.abs(reward).max())
        np.testing.assert_array_equal(np.array(step.goes_on)[same] < 0.5, after.terminated[same])
        state, imagined = after.state, step.state
    assert same.mean() > 0.8


def test_gradients_reach_the_actions() -> None:
    env = env_of(checkpoint())
    dream, rng = VectorDream(env), np.random.default_rng(0)
    starts = [env.world.draw_start(rng) for _ in range(SLOTS)]
    state, _ = dream.reset(starts, [Stream(key, key) for key in KEYS])

    def earned(first: mx.array) -> mx.array:
        total, now = mx.zeros((SLOTS,)), state
        for action in (first, mx.zeros_like(first), mx.zeros_like(first)):
            step = dream.step(now, action, [])
            now, total = step.state, total + step.reward
        return total.sum()

    gradient = np.array(mx.grad(earned)(mx.full((SLOTS, 1), 0.1)))
    assert np.isfinite(gradient).all() and (np.abs(gradient) > 0.0).mean() > 0.9


@pytest.mark.parametrize("settings", [{"temperature": 0.0}, {"pessimism": 1.0}])
def test_what_has_no_gradient_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="pessimism 0"):
        differentiable(env_of(checkpoint(), **settings))
