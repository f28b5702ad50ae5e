"""The dream in MLX: the environment's days on equal noise, and the gradient of its return."""

from __future__ import annotations

import dataclasses
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from agents.env_config import EnvConfig, make_vector_env
from human_wm_env.errors import ConfigError
from human_wm_env.random_streams import Stream
from tests.world_model import tiny
from world_model import differentiable
from world_model.differentiable_worlds import dream_days
from world_model.differentiable_worlds.person_dream import PersonDream

SLOTS, DAYS = 30, 6
NETS = "tests/golden/checkpoint"  # whose states follow nets


def made(**settings: Any) -> Any:
    config = EnvConfig(
        **{"id": "HumanWM-v0", "horizon": DAYS, "split": "all", "person_context": True, **settings}
    )
    return make_vector_env(config, 1, autoreset=AutoresetMode.DISABLED, dataset=tiny.people())


def begun(env: Any) -> tuple[list[Any], list[Stream]]:
    world, rng = env.unwrapped.world, np.random.default_rng(0)
    keys = [(3, slot, 0) for slot in range(SLOTS)]
    return [world.draw_start(rng) for _ in range(SLOTS)], [Stream(key, key) for key in keys]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"pessimism": 2.0, "weather": "log", "masking": 0.5, "temperature": 0.3},
        {"reward_weights": {"mood": 1.0}, "person_context": False, "temperature": 0.0},
        {"world_model": NETS, "pessimism": 1.0},
        {"world_model": NETS, "temperature": 0.4},
    ],
)
def test_days_are_those_of_the_environment(settings: dict[str, Any]) -> None:
    env = made(**settings)
    world, reward = env.unwrapped.world, env.unwrapped.reward
    starts, streams = begun(env)
    state, seen = world.reset(starts, streams)
    dream = differentiable(env)
    assert isinstance(dream, PersonDream)
    imagined, first = dream.reset(starts, streams)
    context = np.array(first)[:, seen.shape[1] :]
    if settings.get("person_context", True):
        np.testing.assert_array_equal(context, env.posterior.of_starts(starts))
    np.testing.assert_allclose(np.array(first)[:, : seen.shape[1]], seen, atol=1e-5)
    rng = np.random.default_rng(1)
    same = np.ones(SLOTS, dtype=bool)  # rounding may flip a category
    for _ in range(DAYS):
        amounts = rng.uniform(-1.0, 1.0, (SLOTS, 5)).astype(np.float32)
        picked = rng.integers(7, size=SLOTS), rng.integers(5, size=SLOTS)
        action = np.empty((SLOTS, 7), dtype=np.float32)
        action[:, [0, 3, 4, 5, 6]] = amounts
        for column, chosen, count in zip((1, 2), picked, (7, 5), strict=True):
            action[:, column] = (chosen + 0.5) * 2.0 / count - 1.0
        after = world.step(state, action)
        earned = reward.scalar(after.components, after.extras["uncertainty"])[0]
        one_hot = [mx.array(np.eye(7)[picked[0]]), mx.array(np.eye(5)[picked[1]])]
        step = dream.step(imagined, mx.array(amounts), [one.astype(mx.float32) for one in one_hot])
        found = np.array(step.observation)
        apart = np.abs(found[:, : seen.shape[1]] - after.observation).max(axis=1)
        same &= apart < 1e-4
        np.testing.assert_allclose(np.array(step.reward)[same], earned[same], atol=1e-4)
        np.testing.assert_array_equal(found[:, seen.shape[1] :], context)
        assert np.array(step.goes_on).all()
        state, imagined = after.state, step.state
    assert same.mean() > 0.95


def test_the_gradient_of_a_return_is_that_of_finite_differences(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With shares in place of drawn categories and moods: what is drawn has no derivative."""
    drawn = dream_days.states_draw

    def shares(*given: Any, **named: Any) -> Any:
        draw: Any = drawn(*given, **named)
        return dataclasses.replace(draw, straight_through=False, probabilities=True)

    monkeypatch.setattr(dream_days, "states_draw", shares)
    env = made(pessimism=0.5)
    dream, (starts, streams) = PersonDream(env.unwrapped, env.posterior), begun(env)
    rng = np.random.default_rng(2)
    width = env.single_observation_space.shape[0]
    weights = (0.03 * rng.standard_normal((width, 17))).astype(np.float32)

    def value(weights: mx.array) -> mx.array:
        state, seen = dream.reset(starts, streams)
        total = mx.zeros((SLOTS,))
        for _ in range(DAYS):
            out = seen @ weights
            picks = [mx.softmax(out[:, part], axis=1) for part in (slice(5, 12), slice(12, 17))]
            step = dream.step(state, mx.tanh(out[:, :5]), picks)
            state, seen, total = step.state, step.observation, total + step.reward
        return total.mean()

    gradient = np.array(mx.grad(value)(mx.array(weights)))
    for part in (slice(0, 5), slice(5, 12), slice(12, 17)):
        way = np.zeros_like(weights)
        way[:, part] = gradient[:, part]
        far = 5e-4 * way / np.abs(way).max()
        rise = value(mx.array(weights + far)).item() - value(mx.array(weights - far)).item()
        assert rise == pytest.approx(2.0 * (gradient * far).sum(), rel=0.03)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"adherence": 0.5}, "adherence 1"),
        ({"context_update": "daily"}, "context_update=frozen"),
        ({"world_model": NETS, "temperature": 0.0}, "temperature > 0"),
        ({"id": "HumanWMSim-v0"}, "a dream"),
    ],
)
def test_what_has_no_gradient_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        differentiable(made(**settings))
