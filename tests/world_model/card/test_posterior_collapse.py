from __future__ import annotations

import math

import numpy as np
import pytest

from human_wm_env.runtime.encoder import Posterior
from world_model.card.posterior_collapse import collapse, mutual_information

BLOCKS = {"a": slice(0, 2), "b": slice(2, 5)}


def posterior(mean: np.ndarray, log_variance: float) -> Posterior:
    return Posterior(mean, np.full_like(mean, log_variance))


def test_a_collapsed_block_and_a_live_one() -> None:
    rng = np.random.default_rng(0)
    mean = np.zeros((50, 5))
    mean[:, 2:] = 30.0 * rng.standard_normal((50, 3))
    found = collapse(posterior(mean, 0.0), BLOCKS, rng)
    dead, alive = found["a"], found["b"]
    assert (dead.dimensions, dead.active_units, dead.kl_nats) == (2, 0, 0.0)
    assert dead.mutual_information_nats == pytest.approx(0.0, abs=1e-12)
    assert alive.active_units == 3
    # 0.5 * (mean^2 + 1 - 1 - 0), summed
    assert alive.kl_nats == pytest.approx(0.5 * (mean**2).sum(axis=1).mean())
    # Far apart, each person is distinguished from all others.
    assert alive.most_nats == math.log(50)
    assert alive.mutual_information_nats == pytest.approx(math.log(50), abs=0.05)


def test_information_of_a_gaussian_channel() -> None:
    """Means N(0, 1), noise of variance v: 0.5 log(1 + 1 / v) nats."""
    rng = np.random.default_rng(1)
    mean = rng.standard_normal((800, 1))
    found = mutual_information(mean, np.full_like(mean, math.log(0.5)), rng)
    assert found == pytest.approx(0.5 * math.log(3.0), abs=0.05)


def test_a_small_variance_is_not_active() -> None:
    mean = np.zeros((10, 5))
    mean[::2, 0], mean[::2, 1] = 0.18, 0.22  # variances 0.0081 and 0.0121
    found = collapse(posterior(mean, 0.0), BLOCKS, np.random.default_rng(2))
    assert found["a"].active_units == 1
