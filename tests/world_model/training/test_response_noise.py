"""The noise of a response, fitted to what its regression leaves."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.response.noise import StateNoise, whiten
from world_model.training.response_noise import cost_of_noise


def test_the_cost_is_that_of_whitened_innovations() -> None:
    rng = np.random.default_rng(0)
    left, variance = rng.standard_normal((5, 40)), rng.uniform(0.2, 2.0, (5, 40))
    observed = rng.random((5, 40)) < 0.6
    noise = StateNoise(np.array([0.9, 0.3]), np.array([0.7, 0.4]), 1.0)
    found = whiten(left[..., None].astype(np.float32), observed, variance, noise)
    expected = 0.5 * ((found.columns**2).sum() + found.log_variance.sum())
    cost = cost_of_noise(left, observed, variance, noise.persistence, noise.sd)
    assert cost == pytest.approx(expected, rel=1e-5)
