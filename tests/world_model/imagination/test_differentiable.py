"""Imagined days that gradients flow through."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_flatten

from human_wm_env.person import schema
from tests.world_model import tiny
from world_model.data.encoded_logs import EncodedLogs, encode_logs
from world_model.imagination.differentiable import (
    SCORED,
    LoggedFutures,
    logged_futures,
    roll_out,
    rollout_loss,
)

PEOPLE, DAYS = 4, 3


def encoded() -> EncodedLogs:
    return encode_logs(tiny.logs(), np.arange(PEOPLE))


def logged(logs: EncodedLogs | None = None) -> LoggedFutures:
    days = np.array([5, 30, 60, 90])[:, None] + np.arange(DAYS)
    return logged_futures(logs or encoded(), np.arange(PEOPLE), days)


def posterior() -> tuple[mx.array, mx.array]:
    rng = np.random.default_rng(1)
    mean = rng.standard_normal((PEOPLE, tiny.TINY.latent_width)).astype(np.float32)
    return mx.array(mean), mx.full(mean.shape, -2.0)


def test_imagined_days_are_days() -> None:
    latents = mx.repeat(posterior()[0], 8, axis=0)
    rows = np.array(roll_out(tiny.model(), latents, logged(), 8, np.random.default_rng(2)))
    assert rows.shape == (PEOPLE * 8, DAYS, schema.ROW_WIDTH) and np.isfinite(rows).all()
    low, high = schema.encoded_bounds()
    assert (rows >= low - 1e-5).all() and (rows <= high + 1e-5).all()
    for index in schema.CATEGORICAL_FEATURES:
        if index != schema.WEATHER:  # the log's own, zero where it was not logged
            np.testing.assert_allclose(rows[..., schema.ROW_SLICES[index]].sum(-1), 1.0, atol=1e-5)
    assert rows.std(axis=0).max() > 0.01


def test_memory_goes_on_where_the_log_stopped() -> None:
    """A net with memory acts otherwise on the second day if the first weeks were others."""
    logs = encoded()
    first = logged(logs)
    other = logged_futures(
        logs, np.arange(PEOPLE), np.array([100] * PEOPLE)[:, None] + np.arange(DAYS)
    )
    mixed = LoggedFutures(**{**first.__dict__, "remembered": other.remembered})
    latents = posterior()[0]
    days = [
        np.array(roll_out(tiny.model(), latents, each, 1, np.random.default_rng(3)))
        for each in (first, mixed, first)
    ]
    np.testing.assert_array_equal(days[0], days[2])
    assert (days[0] != days[1]).any()


def test_the_loss_moves_both_nets_and_the_posterior_but_no_mood_is_scored() -> None:
    assert schema.MOOD not in SCORED and schema.HEART_RATE in SCORED
    model = tiny.model()
    mean, log_variance = posterior()

    def loss(model: nn.Module, mean: mx.array, log_variance: mx.array) -> mx.array:
        return rollout_loss(model, mean, log_variance, logged(), 2, np.random.default_rng(4))

    _, own = nn.value_and_grad(model, lambda m: loss(m, mean, log_variance))(model)
    moved = {name: float(mx.abs(value).max()) for name, value in tree_flatten(own)}
    for name in ("policy.latents", "policy.head", "transition.latents", "transition.offset"):
        assert moved[name] > 0.0
    for gradient in mx.grad(lambda m, v: loss(model, m, v), argnums=(0, 1))(mean, log_variance):
        assert np.isfinite(np.array(gradient)).all()
        for part in tiny.TINY.blocks.values():
            assert float(mx.abs(gradient[:, part]).max()) > 0.0
