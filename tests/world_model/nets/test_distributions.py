from __future__ import annotations

from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from scipy import special, stats

from human_wm_env.model import heads
from human_wm_env.model.heads import HeadLayout
from human_wm_env.model.inputs import ACTION_ORDER, STATE_ORDER
from human_wm_env.person import schema
from world_model.nets import distributions
from world_model.nets.distributions import (
    mixture_log_likelihood,
    point_predictions,
    row_log_likelihood,
)


def density(parameters: np.ndarray, values: np.ndarray, components: int) -> np.ndarray:
    """Mixture density by scipy, of one set of parameters at many values."""
    logits, means, raw = parameters.astype(np.float64).reshape(3, components)
    scales = np.log1p(np.exp(raw)) + heads.MIN_SCALE
    each = stats.norm.pdf(values[:, None], means, scales)
    return np.asarray(each @ special.softmax(logits))


@pytest.mark.parametrize("components", [1, 3])
def test_mixtures_equal_scipy(components: int) -> None:
    rng = np.random.default_rng(components)
    for _ in range(20):
        parameters = rng.normal(size=3 * components).astype(np.float32)
        values = rng.normal(0, 2, 11).astype(np.float32)
        got, _ = mixture_log_likelihood(np.tile(parameters, (11, 1)).T, values, components)
        np.testing.assert_allclose(
            got, np.log(density(parameters, values, components)), rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("components", [1, 3])
def test_densities_integrate_to_one(components: int) -> None:
    rng = np.random.default_rng(0)
    grid = np.linspace(-12, 12, 20_001, dtype=np.float32)
    parameters = rng.normal(size=3 * components).astype(np.float32)
    tiled = np.broadcast_to(parameters, (len(grid), 3 * components)).T
    mass = np.exp(mixture_log_likelihood(tiled, grid, components)[0])
    assert np.trapezoid(mass, grid) == pytest.approx(1.0, abs=1e-3)


def test_a_very_small_scale_stays_finite() -> None:
    parameters = np.array([[0.0, 0.5, -80.0]], dtype=np.float32).T
    got, slope = mixture_log_likelihood(parameters, np.array([0.5], dtype=np.float32), 1)
    assert np.isfinite(slope).all()
    assert float(got[0]) == pytest.approx(stats.norm.logpdf(0, 0, heads.MIN_SCALE), abs=1e-3)


@pytest.mark.parametrize("order", [ACTION_ORDER, STATE_ORDER])
def test_rows_equal_scipy_and_masked_cells_are_zero(order: tuple[int, ...]) -> None:
    layout = HeadLayout(order, 2)
    rng = np.random.default_rng(1)
    parameters = rng.normal(size=(6, layout.width)).astype(np.float32)
    row = np.zeros((6, layout.encoded_width), dtype=np.float32)
    expected = np.zeros((6, len(order)))
    for place, index in enumerate(order):
        own, feature = parameters[:, layout.parameters[index]], schema.FEATURES[index]
        for person in range(6):
            if isinstance(feature, schema.Continuous):
                value = rng.normal()
                row[person, layout.encoded[index]] = value
                mass = density(own[person], np.array([value]), 2)[0]
            else:
                picked = int(rng.integers(feature.width))
                row[person, layout.encoded[index].start + picked] = 1.0
                mass = special.softmax(own[person].astype(float))[picked]
            expected[person, place] = np.log(mass)
    everything = mx.ones((6, len(order)))
    got = row_log_likelihood(layout, mx.array(parameters), mx.array(row), everything)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)
    seen = rng.random((6, len(order))) < 0.5
    masked = row_log_likelihood(
        layout, mx.array(parameters), mx.array(row), mx.array(seen.astype(np.float32))
    )
    np.testing.assert_allclose(masked, np.where(seen, expected, 0.0), rtol=1e-4, atol=1e-4)
    assert not np.array(masked)[~seen].any()


def in_mlx(layout: HeadLayout, parameters: mx.array, row: mx.array, seen: mx.array) -> mx.array:
    """The same sum of cells in MLX, whose derivatives are automatic."""
    total = mx.array(0.0)
    for place, index in enumerate(layout.order):
        own, value = parameters[..., layout.parameters[index]], row[..., layout.encoded[index]]
        if isinstance(schema.FEATURES[index], schema.Continuous):
            logits, means, raw = mx.split(own, 3, axis=-1)
            scale = mx.logaddexp(raw, mx.array(0.0)) + heads.MIN_SCALE
            each = -0.5 * ((value - means) / scale) ** 2 - mx.log(scale) - np.log(2 * np.pi) / 2
            joint = each + logits - mx.logsumexp(logits, axis=-1, keepdims=True)
            cell = mx.logsumexp(joint, axis=-1)
        else:
            cell = ((own - mx.logsumexp(own, axis=-1, keepdims=True)) * value).sum(axis=-1)
        total = total + (cell * seen[..., place] * (1.0 + place)).sum()
    return total


@pytest.mark.parametrize("components", [1, 3])
@pytest.mark.parametrize("order", [ACTION_ORDER, STATE_ORDER])
def test_the_derivative_is_that_of_the_formula(order: tuple[int, ...], components: int) -> None:
    """Also with one row for several members, and with masked cells, whose values are zero."""
    layout = HeadLayout(order, components)
    rng = np.random.default_rng(2)
    parameters = mx.array(2.0 * rng.standard_normal((4, 9, layout.width), dtype=np.float32))
    seen = (rng.random((1, 9, len(order))) < 0.7).astype(np.float32)
    row = np.zeros((1, 9, layout.encoded_width), dtype=np.float32)
    for place, index in enumerate(order):
        part, feature = layout.encoded[index], schema.FEATURES[index]
        if isinstance(feature, schema.Continuous):
            row[..., part] = rng.standard_normal((1, 9, 1))
        else:
            row[..., part] = np.eye(feature.width)[rng.integers(feature.width, size=(1, 9))]
        row[..., part] *= seen[..., [place]]
    weights = mx.arange(1, 1 + len(order))

    def ours(parameters: mx.array) -> mx.array:
        cells = row_log_likelihood(layout, parameters, mx.array(row), mx.array(seen))
        return (cells * weights).sum()

    value, gradient = mx.value_and_grad(ours)(parameters)
    expected, wanted = mx.value_and_grad(
        lambda p: in_mlx(layout, p, mx.array(row), mx.array(seen))
    )(parameters)
    assert float(value) == pytest.approx(float(expected), rel=1e-5)
    np.testing.assert_allclose(gradient, wanted, rtol=1e-4, atol=1e-4)
    assert np.abs(np.array(gradient)).max() > 1.0


def test_slopes_are_as_they_were_after_a_pull_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever pulls back twice gets the same derivative twice."""
    kept: list[np.ndarray] = []
    work_out = distributions._cells

    def cells(*arguments: Any) -> tuple[np.ndarray, np.ndarray]:
        found, slope = work_out(*arguments)
        kept.extend([slope, slope.copy()])
        return found, slope

    monkeypatch.setattr(distributions, "_cells", cells)
    layout = HeadLayout(STATE_ORDER, 1)
    row, seen = mx.zeros((1, layout.encoded_width)), mx.ones((1, len(STATE_ORDER)))
    gradient = mx.grad(lambda p: (3.0 * row_log_likelihood(layout, p, row, seen)).sum())(
        mx.ones((1, layout.width))
    )
    mx.eval(gradient)
    slope, before = kept
    assert np.abs(before).max() > 0.0
    np.testing.assert_array_equal(slope, before)
    np.testing.assert_allclose(np.array(gradient)[0], 3.0 * before[:, 0], rtol=1e-6)


def test_masked_cells_have_no_gradient() -> None:
    layout = HeadLayout(STATE_ORDER, 1)
    seen = mx.array([[1.0, 0.0]])
    row = mx.zeros((1, layout.encoded_width))
    gradient = mx.grad(lambda p: row_log_likelihood(layout, p, row, seen).sum())(
        mx.ones((1, layout.width))
    )
    moods = layout.parameters[schema.MOOD]
    assert not np.array(gradient)[0, moods].any()
    assert np.array(gradient)[0, layout.parameters[schema.HEART_RATE]].any()


def test_point_predictions_by_hand() -> None:
    layout = HeadLayout(STATE_ORDER, 2)
    # Weights 1/4 and 3/4, means 2 and 4; moods 1 : 1 : 2 : 0.
    moods = np.log(np.array([1.0, 1.0, 2.0, 1e-9]))
    parameters = np.concatenate([[0.0, np.log(3.0), 2.0, 4.0, 9.0, 9.0], moods])
    got = point_predictions(layout, mx.array(parameters.astype(np.float32)[None]))
    np.testing.assert_allclose(got[0], [3.5, 0.25, 0.25, 0.5, 0.0], atol=1e-5)
