"""Imagined days that gradients flow through."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten

from human_wm_env.model.branches import crossed_indices
from human_wm_env.person import schema
from tests.world_model import tiny
from world_model.data.encoded_logs import EncodedLogs, encode_logs
from world_model.imagination.differentiable import (
    SCORED,
    LoggedFutures,
    _responding_latents,
    logged_futures,
    roll_out,
    rollout_loss,
)
from world_model.imagination.response_step import CarriedDays

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


def test_a_response_crosses_habits_with_joint_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people, two draws of each block: z_c and z_a of one joint posterior, z_b of its own."""
    blocks = {"a": slice(0, 2), "b": slice(2, 5), "c": slice(5, 6)}
    model: Any = SimpleNamespace(
        architecture=SimpleNamespace(blocks=blocks, latent_c=1), trained_response="trained"
    )
    rng = np.random.default_rng(5)
    response: Any = SimpleNamespace(
        mean=rng.standard_normal((2, 3)),
        root=np.tril(rng.standard_normal((2, 3, 3))),
        carried=np.array(["first", "second"]),
    )
    mean, sd = rng.standard_normal((2, 2, 3)).astype(np.float32)
    noise = rng.standard_normal((2, 2, 6), dtype=np.float32)
    monkeypatch.setattr(CarriedDays, "of", lambda *given: given)
    found, carried = _responding_latents(model, mx.array(mean), mx.array(sd), response, noise)
    picks, expected, together = crossed_indices(draws=2), [], []
    for person in range(2):
        for branch in range(8):
            own = {name: noise[person, picks[name][branch], part] for name, part in blocks.items()}
            joint = response.mean[person] + response.root[person] @ [*own["c"], *own["a"]]
            habit = mean[person] + sd[person] * own["b"]
            expected.append([*joint[1:], *habit, joint[0]])
            together.append(joint)
    np.testing.assert_allclose(np.array(found), expected, rtol=1e-5, atol=1e-6)
    trained, each, people = carried  # type: ignore[misc]
    assert trained == "trained" and each.tolist() == ["first"] * 8 + ["second"] * 8
    np.testing.assert_allclose(people, together, rtol=1e-5, atol=1e-6)
