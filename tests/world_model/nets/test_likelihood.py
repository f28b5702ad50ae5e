"""What each latent may do to the likelihood, and what masked cells may not."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from tests.world_model import tiny
from world_model.data.encoded_logs import encode_logs
from world_model.data.windows import Windows, windows
from world_model.nets.likelihood import log_likelihood

PEOPLE, DAYS = 4, 9


@pytest.fixture(scope="module")
def window() -> Windows:
    logs = encode_logs(tiny.logs(), np.arange(PEOPLE))
    return windows(logs, np.arange(PEOPLE), np.arange(DAYS) + np.arange(PEOPLE)[:, None] * 5)


def latents(architecture: tiny.Architecture, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((PEOPLE, architecture.latent_width)).astype(np.float32)


def test_each_block_moves_its_own_likelihood_only(window: Windows) -> None:
    model, z = tiny.model(), latents(tiny.TINY)
    base = log_likelihood(model, mx.array(z), window)
    for block, part in tiny.TINY.blocks.items():
        moved = z.copy()
        moved[:, part] += 1.0
        after = log_likelihood(model, mx.array(moved), window)
        is_style = block == "b"
        policy = np.abs(np.array(after.policy - base.policy))
        transition = np.abs(np.array(after.transition - base.transition))
        assert (policy > 1e-3).all() if is_style else not policy.any()
        assert (transition > 1e-3).all() if not is_style else not transition.any()


def test_members_are_weighted_and_averaged(window: Windows) -> None:
    model, z = tiny.model(), mx.array(latents(tiny.TINY))
    each = []
    for member in range(3):
        weights = np.zeros((3, PEOPLE), dtype=np.float32)
        weights[member] = 3.0
        each.append(np.array(log_likelihood(model, z, window, mx.array(weights)).transition))
    total = log_likelihood(model, z, window)
    np.testing.assert_allclose(np.mean(each, axis=0), total.transition, rtol=1e-5)
    assert np.ptp(each, axis=0).min() > 1e-3
    np.testing.assert_allclose(total.total, total.policy + total.transition)


def test_masked_cells_of_today_have_no_part(window: Windows) -> None:
    """What is masked is zero in the inputs and has no likelihood."""
    logs = tiny.logs()
    leaky = logs.rows.copy()
    leaky[~logs.observed] = 2.0
    changed = type(logs)(**{**vars_of(logs), "rows": leaky})
    z = mx.array(latents(tiny.TINY))
    days = np.arange(DAYS) + np.arange(PEOPLE)[:, None] * 5
    other = windows(encode_logs(changed, np.arange(PEOPLE)), np.arange(PEOPLE), days)
    for one, two in zip(vars_of(window).values(), vars_of(other).values(), strict=True):
        np.testing.assert_array_equal(one, two)
    base = log_likelihood(tiny.model(), z, window).total
    np.testing.assert_array_equal(log_likelihood(tiny.model(), z, other).total, base)


def vars_of(instance: object) -> dict[str, object]:
    """Fields of a dataclass without copying or cached properties."""
    return {name: getattr(instance, name) for name in instance.__dataclass_fields__}  # type: ignore[attr-defined]
