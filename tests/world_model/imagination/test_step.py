"""One imagined day: its parts against their NumPy twins, and what it hands on."""

from __future__ import annotations

from collections.abc import Callable

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.model import inputs, memory
from human_wm_env.model.heads import HeadLayout
from human_wm_env.person import feasible, schema
from tests.world_model import tiny
from world_model.imagination.draws import StraightThroughDraw, draw_mean
from world_model.imagination.step import (
    DayBefore,
    DayStep,
    decode,
    memory_features,
    project,
    recalled,
    remember,
)

SLOTS = 500
KNOWN = [i for i in range(10) if i != schema.WEATHER]


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    rng = np.random.default_rng(0)
    found = np.zeros((SLOTS, 10), dtype=np.float32)
    for index, feature in enumerate(schema.FEATURES):
        if isinstance(feature, schema.Continuous):
            found[:, index] = rng.uniform(feature.low, feature.high, SLOTS)
        else:
            found[:, index] = rng.integers(feature.width, size=SLOTS)
    return found


def columns(rows: np.ndarray, observed: np.ndarray | None = None) -> dict[int, mx.array]:
    encoded = mx.array(schema.encode_rows(rows, observed))
    return {index: encoded[:, part] for index, part in schema.ROW_SLICES.items()}


def test_decoding_undoes_encoding(rows: np.ndarray) -> None:
    decoded = np.array(decode(mx.array(schema.encode_rows(rows))))
    assert decoded.dtype == np.float32
    labels = list(schema.CATEGORICAL_FEATURES)
    np.testing.assert_array_equal(decoded[:, labels], rows[:, labels])
    np.testing.assert_allclose(decoded, rows, rtol=1e-5, atol=1e-3)


def test_the_projection_is_that_of_the_environment(rows: np.ndarray) -> None:
    projected = project(columns(rows))
    expected = feasible.project(rows)
    assert (expected != rows).any()
    for index, value in columns(expected).items():
        np.testing.assert_allclose(projected[index], value, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("gaps", [False, True])
def test_the_memory_is_that_of_the_environment(rows: np.ndarray, gaps: bool) -> None:
    rng = np.random.default_rng(1)
    observed = rng.random(rows.shape) < (0.6 if gaps else 2.0)
    of_numpy = memory.empty(SLOTS)
    total, weight = mx.array(of_numpy.total), mx.array(of_numpy.weight)
    for day in range(4):
        today, mask = np.roll(rows, day, axis=0), np.roll(observed, day, axis=0)
        of_numpy = memory.remember(of_numpy, today, mask)
        known = mx.array(mask.astype(np.float32)) if gaps else None
        total, weight = remember(total, weight, columns(today, mask), known)
    np.testing.assert_allclose(total, of_numpy.total, atol=1e-6)
    np.testing.assert_allclose(weight, of_numpy.weight, atol=1e-6)
    features = memory_features(total, weight)
    np.testing.assert_allclose(features, memory.features(of_numpy), atol=1e-5)
    for found, true in zip(recalled(features), (total, weight), strict=True):
        np.testing.assert_allclose(found, true, atol=1e-6)


def test_the_day_sees_what_the_nets_were_trained_on(rows: np.ndarray) -> None:
    """The inputs of both nets, in the layout of `inputs`."""
    rng = np.random.default_rng(2)
    observed = rng.random(rows.shape) < 0.6
    today, today_seen = np.roll(rows, 1, axis=0), np.roll(observed, 1, axis=0)
    before = tiny.nothing_known(np.zeros(SLOTS, dtype=int))
    encoded = schema.encode_rows(rows, observed)
    before = DayBefore(mx.array(encoded), mx.array(observed * 1.0), before.total, before.weight)
    step = DayStep(tiny.model(), mx.zeros((SLOTS, tiny.TINY.latent_width)))
    seen: list[np.ndarray] = []

    def watched(net: Callable[..., mx.array]) -> Callable[..., mx.array]:
        def call(x: mx.array, *rest: mx.array) -> mx.array:
            seen.append(np.array(x))
            return net(x, *rest)

        return call

    step._policy, step._transition = watched(step._policy), watched(step._transition)
    weekday = schema.weekday_features(np.arange(SLOTS) % 7).astype(np.float32)
    weather = np.array(columns(today)[schema.WEATHER])
    mask = mx.array(today_seen.astype(np.float32))

    def draw(layout: HeadLayout, *_: mx.array | None) -> dict[int, mx.array]:
        return {index: columns(today)[index] for index in layout.order}

    row, after = step(before, mx.array(weekday), mx.array(weather), draw, draw, mask)
    nothing = memory.features(memory.empty(SLOTS))
    masked = schema.encode_rows(today, today_seen)
    known_weather = masked[:, inputs.WEATHER_COLUMNS]
    policy = inputs.policy_inputs(encoded, observed, nothing, weekday, known_weather)
    np.testing.assert_allclose(seen[0], policy, atol=1e-6)
    transition = inputs.transition_inputs(
        encoded, observed, masked, today_seen, nothing, weekday, known_weather
    )
    np.testing.assert_allclose(seen[1], transition, atol=1e-6)
    np.testing.assert_allclose(row, schema.encode_rows(today), atol=1e-6)
    np.testing.assert_allclose(after.row, masked, atol=1e-6)
    np.testing.assert_array_equal(after.observed, today_seen)


def test_an_unlogged_weather_is_not_known_on_the_next_day() -> None:
    slots = 3
    latents = mx.zeros((slots, tiny.TINY.latent_width))
    before = tiny.nothing_known(np.zeros(slots, dtype=int))
    weather = mx.array([[1.0, 0.0, 0.0, 0.0], [0.0] * 4, [0.0, 0.0, 1.0, 0.0]])
    _, after = DayStep(tiny.model(), latents)(
        before, mx.zeros((slots, 2)), weather, draw_mean, draw_mean
    )
    observed = np.array(after.observed)
    np.testing.assert_array_equal(observed[:, schema.WEATHER], [1.0, 0.0, 1.0])
    np.testing.assert_array_equal(observed[:, KNOWN], 1.0)


def test_gradients_reach_the_latents_through_the_days() -> None:
    slots = 4
    day = tiny.nothing_known(np.zeros(slots, dtype=int))
    weekday, weather = mx.zeros((slots, 2)), mx.zeros((slots, 4))
    draws = [
        StraightThroughDraw(mx.zeros((slots, len(order))), mx.full((slots, len(order)), 0.5))
        for order in (inputs.ACTION_ORDER, inputs.STATE_ORDER)
    ]

    def last_row(latents: mx.array) -> mx.array:
        step, before = DayStep(tiny.model(), latents), day
        for _ in range(2):
            row, before = step(before, weekday, weather, *draws)
        return row[:, schema.ROW_SLICES[schema.HEART_RATE]].sum()

    moved = np.array(mx.grad(last_row)(mx.zeros((slots, tiny.TINY.latent_width))))
    for part in tiny.TINY.blocks.values():
        assert np.abs(moved[:, part]).max() > 0.0
