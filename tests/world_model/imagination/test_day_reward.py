"""The reward of a day in MLX beside that of the environment."""

from __future__ import annotations

import mlx.core as mx
import numpy as np

from human_wm_env.person import rewards, schema
from human_wm_env.person.rewards import Baseline
from world_model.imagination.day_reward import day_components

SLOTS = 400


def some_days() -> tuple[np.ndarray, Baseline]:
    rng = np.random.default_rng(0)
    rows = np.zeros((SLOTS, schema.FEATURE_COUNT), dtype=np.float32)
    habit = np.zeros((SLOTS, schema.ROW_WIDTH), dtype=np.float32)
    for index, feature in enumerate(schema.FEATURES):
        if isinstance(feature, schema.Continuous):
            spread = feature.scale * rng.standard_normal(SLOTS)
            rows[:, index] = np.clip(feature.centre + spread, feature.low, feature.high)
        else:
            rows[:, index] = rng.integers(feature.width, size=SLOTS)
        if index in schema.ACTION_FEATURES:
            part = schema.ROW_SLICES[index]
            shares = rng.dirichlet(np.ones(part.stop - part.start), SLOTS)
            habit[:, part] = shares if isinstance(feature, schema.Categorical) else 0.3
    usual = rng.uniform(60.0, 90.0, SLOTS).astype(np.float32)
    return rows, Baseline(usual, habit)


def test_components_are_those_of_the_environment() -> None:
    rows, baseline = some_days()
    encoded = mx.array(schema.encode_rows(rows))
    found = day_components(encoded, mx.array(baseline.heart_rate), mx.array(baseline.habit))
    np.testing.assert_allclose(found, rewards.components(rows, baseline), atol=1e-5)


def test_effort_pulls_no_category_down_for_being_picked() -> None:
    """Of two categories that the person picks equally often, neither is pushed away from."""
    rows, baseline = some_days()
    habit = np.array(baseline.habit)
    part = schema.ROW_SLICES[schema.LOCATION]
    habit[:, part] = [0.5, 0.5, 0.0, 0.0, 0.0]
    rows[:, schema.LOCATION] = 0.0
    rows[:, list(schema.ACTION_FEATURES)] = np.where(
        np.isin(schema.ACTION_FEATURES, [schema.LOCATION]),
        0.0,
        rows[:, list(schema.ACTION_FEATURES)],
    )
    encoded = mx.array(schema.encode_rows(rows))
    rate = mx.array(baseline.heart_rate)

    def effort(location: mx.array) -> mx.array:
        row = mx.concatenate([encoded[:, : part.start], location, encoded[:, part.stop :]], axis=1)
        return day_components(row, rate, mx.array(habit))[:, 3].sum()

    gradient = np.array(mx.grad(effort)(encoded[:, part]))
    inside = np.abs(gradient).sum(axis=1) > 0.0  # not clipped
    assert inside.any()
    np.testing.assert_allclose(gradient[inside, 0], gradient[inside, 1])
    assert (gradient[inside, 0] > gradient[inside, 2]).all()
