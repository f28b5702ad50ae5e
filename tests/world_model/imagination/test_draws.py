"""Draws of encoded features: distributions, gradients, and what the chain hands on."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.model.layouts import action_layout, state_layout
from tests.world_model import tiny
from world_model.imagination.draws import HardDraw, StraightThroughDraw, draw_mean, inverse_cdf
from world_model.nets.distributions import point_predictions

SLOTS = 20_000
LAYOUT = action_layout(tiny.TINY)


def noise(features: int, seed: int = 0) -> tuple[mx.array, mx.array]:
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal((SLOTS, features), dtype=np.float32)
    return mx.array(normal), mx.array(rng.random((SLOTS, features), dtype=np.float32))


def test_straight_through_draws_are_one_hot_with_the_gradient_of_the_probabilities() -> None:
    logits = mx.broadcast_to(mx.array([0.0, 1.0, -1.0]), (SLOTS, 3))
    normal, uniform = noise(1)
    draw = StraightThroughDraw(normal, uniform)
    drawn = np.array(draw.category(logits, uniform))
    np.testing.assert_allclose(np.sort(drawn, axis=1), [[0, 0, 1]] * len(drawn), atol=1e-5)
    np.testing.assert_allclose(drawn.mean(0), np.array(mx.softmax(logits[0])), atol=0.01)
    weight = mx.array([0.3, -1.0, 2.0])
    got = mx.grad(lambda x: (draw.category(x, uniform) * weight).sum())(logits)
    expected = mx.grad(lambda x: (mx.softmax(x, axis=1) * weight).sum())(logits)
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_the_same_noise_draws_the_same_with_and_without_gradients() -> None:
    rng = np.random.default_rng(1)
    shape = (1, 1, LAYOUT.chain_width, LAYOUT.width)
    parameters = mx.array(rng.standard_normal((1, SLOTS, LAYOUT.width), dtype=np.float32))
    chain = mx.array(0.3 * rng.standard_normal(shape[1:], dtype=np.float32) * LAYOUT.chain_mask)
    hard, soft = (
        draw(*noise(len(LAYOUT.order)))(LAYOUT, parameters, chain)
        for draw in (HardDraw, StraightThroughDraw)
    )
    assert list(hard) == list(soft) == list(LAYOUT.order)
    same = np.ones(SLOTS, dtype=bool)
    for index in LAYOUT.order:
        # Up to categories that rounding flips.
        same &= np.abs(np.array(hard[index] - soft[index])).max(axis=1) < 1e-4
    assert same.mean() > 0.999


def test_a_chain_for_all_slots_is_that_of_each() -> None:
    layout = state_layout(tiny.TINY)
    rng = np.random.default_rng(2)
    parameters = mx.array(rng.standard_normal((2, SLOTS, layout.width), dtype=np.float32))
    chain = rng.standard_normal((2, layout.chain_width, layout.width), dtype=np.float32)
    chain *= layout.chain_mask
    observed = mx.array((rng.random((SLOTS, len(layout.order))) < 0.5).astype(np.float32))
    for mask in (None, observed):
        one = HardDraw(*noise(2))(layout, parameters[:1], mx.array(chain[:1]), mask)
        member = mx.zeros((SLOTS,), dtype=mx.int32)
        each = HardDraw(*noise(2), member)(layout, parameters, mx.array(chain), mask)
        for index in layout.order:
            np.testing.assert_allclose(one[index], each[index], atol=1e-5)


def test_the_mean_is_that_of_the_members_points() -> None:
    rng = np.random.default_rng(3)
    parameters = mx.array(rng.standard_normal((3, 8, LAYOUT.width), dtype=np.float32))
    drawn = draw_mean(LAYOUT, parameters, mx.zeros((3, 1, 1)), None)
    together = mx.concatenate([drawn[index] for index in LAYOUT.order], axis=1)
    np.testing.assert_allclose(together, point_predictions(LAYOUT, parameters).mean(axis=0))


@pytest.mark.parametrize(("uniform", "category"), [(0.0, 1), (0.24, 1), (0.26, 2), (0.9999999, 2)])
def test_inverse_cdf_by_hand(uniform: float, category: int) -> None:
    weights = mx.array([[0.0, 0.5, 1.5, 0.0]])
    assert inverse_cdf(weights, mx.array([[uniform]])).item() == category
