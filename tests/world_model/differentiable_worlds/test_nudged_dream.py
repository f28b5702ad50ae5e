"""The dream of people who are nudged in MLX: the environment's days on equal noise."""

from __future__ import annotations

import dataclasses
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from agents.env_config import EnvConfig, make_vector_env
from human_wm_env.errors import ConfigError
from human_wm_env.nudge.nudges import read_nudges
from human_wm_env.person import schema
from human_wm_env.person.feasible import project
from human_wm_env.random_streams import Stream
from tests.world_model import tiny
from world_model import differentiable
from world_model.differentiable_worlds import dream_days, nudged_dream
from world_model.differentiable_worlds.nudged_dream import NudgedDream, follow
from world_model.imagination.step import decode

SLOTS, DAYS = 40, 8


def made(**settings: Any) -> Any:
    config = EnvConfig(
        **{"id": "HumanWMNudge-v0", "horizon": DAYS, "split": "all", "person_context": True}
        | settings
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
        {"compliance": "harsh", "pessimism": 2.0, "masking": 0.5, "temperature": 0.3},
        {"compliance": "full", "reward_weights": {"burden": -0.5}, "person_context": False},
    ],
)
def test_days_are_those_of_the_environment(settings: dict[str, Any]) -> None:
    env = made(**settings)
    world, reward = env.unwrapped.world, env.unwrapped.reward
    starts, streams = begun(env)
    state, seen = world.reset(starts, streams)
    dream = differentiable(env)
    assert isinstance(dream, NudgedDream)
    imagined, first = dream.reset(starts, streams)
    np.testing.assert_allclose(np.array(first)[:, : seen.shape[1]], seen, atol=1e-5)
    context = np.array(first)[:, seen.shape[1] :]
    if settings.get("person_context", True):
        np.testing.assert_array_equal(context, env.posterior.of_starts(starts))
    rng = np.random.default_rng(1)
    same, followed = np.ones(SLOTS, dtype=bool), 0  # rounding may flip a category
    for _ in range(DAYS):
        sent = rng.integers(6, size=SLOTS)
        after = world.step(state, sent)
        earned = reward.scalar(after.components, after.extras["uncertainty"])[0]
        step = dream.step(imagined, mx.zeros((SLOTS, 0)), [mx.array(np.eye(6)[sent])])
        found = np.array(step.observation)
        np.testing.assert_array_equal(found[:, seen.shape[1] :], context)
        same &= np.abs(found[:, : seen.shape[1]] - after.observation).max(axis=1) < 2e-4
        np.testing.assert_allclose(np.array(step.reward)[same], earned[same], atol=2e-4)
        hazard = world.compliance.hazard(state.own, after.state.burden)
        np.testing.assert_allclose(np.array(step.goes_on), 1.0 - hazard, atol=1e-5)
        followed += int(after.state.complied.sum())
        state, imagined = after.state, step.state
    assert same.mean() > 0.9
    assert followed > DAYS


OWN = {
    "stroll": {
        "scale": {"active_minutes": 1.5, "steps": 0.2},
        "add": {"steps": -4000.0, "sleep_hours": 2.5, "distance_km": 1.0},
        "set": {"workout_type": "Cycling", "location": "Home"},
        "keep_workout": False,
    },
    "nothing_left": {"scale": {"active_minutes": 0.0, "calories_burned": 0.5}},
    "yoga": {"set": {"workout_type": "Yoga"}},
}


@pytest.mark.parametrize("source", [None, OWN])
def test_nudges_change_days_as_they_do_in_numpy(source: Any) -> None:
    rng = np.random.default_rng(2)
    days = np.zeros((200, schema.FEATURE_COUNT), dtype=np.float32)
    for index, feature in enumerate(schema.FEATURES):
        if isinstance(feature, schema.Continuous):
            days[:, index] = rng.uniform(feature.low, feature.high, 200)
        else:
            days[:, index] = rng.integers(feature.width, size=200)
    days, nudges = project(days), read_nudges(source)
    followed = rng.integers(1 + len(nudges), size=200)
    encoded = schema.encode_rows(days, np.ones_like(days, dtype=bool))
    columns = {
        index: mx.array(np.ascontiguousarray(encoded[:, schema.ROW_SLICES[index]]))
        for index in range(schema.FEATURE_COUNT)
    }
    picked = mx.array(np.eye(1 + len(nudges), dtype=np.float32)[followed][:, 1:])
    changed = {**columns, **follow(columns, list(nudges), picked)}
    row = mx.concatenate([changed[index] for index in range(schema.FEATURE_COUNT)], axis=1)
    wanted = project(nudges.follow(days, followed))
    apart = np.abs(np.array(decode(row)) - wanted)[:, list(schema.ACTION_FEATURES)]
    assert (apart <= 1e-4 * np.maximum(1.0, wanted[:, list(schema.ACTION_FEATURES)])).all()
    assert (np.abs(wanted - days).max(axis=1) > 0).mean() > 0.5


def test_the_gradient_of_a_return_is_that_of_finite_differences(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Burden, quitting and the days after are behind a nudge's share; moods as shares."""
    drawn = dream_days.states_draw

    def shares(*given: Any, **named: Any) -> Any:
        draw: Any = drawn(*given, **named)
        return dataclasses.replace(draw, straight_through=False, probabilities=True)

    monkeypatch.setattr(dream_days, "states_draw", shares)
    # Nobody's noise is so low that they comply, or so high that they do not: shares of them do.
    env = made(compliance={"quit_rate": 0.05, "burden": 3.0}, reward_weights={"burden": -0.1})
    dream, (starts, streams) = NudgedDream(env.unwrapped, env.posterior), begun(env)
    monkeypatch.setattr(nudged_dream, "drawn", lambda likely, noise: likely)
    rng = np.random.default_rng(2)
    width = env.single_observation_space.shape[0]
    weights = (0.1 * rng.standard_normal((width, 6))).astype(np.float32)

    def value(weights: mx.array, days: int = 2) -> mx.array:
        state, seen = dream.reset(starts, streams)
        total, alive = mx.zeros((SLOTS,)), mx.ones((SLOTS,))
        for _ in range(days):
            picks = mx.softmax(seen @ weights, axis=1)
            step = dream.step(state, mx.zeros((SLOTS, 0)), [picks])
            state, seen, total = step.state, step.observation, total + alive * step.reward
            alive = alive * step.goes_on
        return total.mean()

    gradient = np.array(mx.grad(value)(mx.array(weights)))
    far = 2e-3 * gradient / np.abs(gradient).max()
    rise = value(mx.array(weights + far)).item() - value(mx.array(weights - far)).item()
    assert rise == pytest.approx(2.0 * (gradient * far).sum(), rel=0.05)


def test_a_context_that_is_encoded_daily_is_refused() -> None:
    with pytest.raises(ConfigError, match="context_update=frozen"):
        differentiable(made(context_update="daily"))
    with pytest.raises(ConfigError, match="a dream"):
        differentiable(made(id="HumanWMNudgeSim-v0"))
