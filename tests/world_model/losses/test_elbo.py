from __future__ import annotations

import math

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from world_model.losses import elbo


def test_kl_by_hand() -> None:
    mean, log_variance = mx.array([[0.0, 2.0, 0.0]]), mx.array([[0.0, 0.0, math.log(4.0)]])
    expected = [0.0, 2.0, 0.5 * (4.0 - 1.0 - math.log(4.0))]
    np.testing.assert_allclose(elbo.kl_divergence(mean, log_variance)[0], expected, atol=1e-6)


def test_kl_equals_the_integral() -> None:
    mean, sd = 0.7, 0.4
    q, p = stats.norm(mean, sd), stats.norm()
    integral, _ = integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), -5, 6)
    got = elbo.kl_divergence(mx.array([[mean]]), mx.array([[2 * math.log(sd)]]))
    assert float(got[0, 0]) == pytest.approx(integral, abs=1e-5)


@given(mean=st.floats(-5, 5), log_variance=st.floats(-9, 3))
def test_kl_is_never_negative(mean: float, log_variance: float) -> None:
    assert float(elbo.kl_divergence(mx.array([mean]), mx.array([log_variance]))[0]) >= -1e-6


def test_samples_have_the_posterior_mean_and_variance() -> None:
    noise = mx.array([[0.0], [1.0], [-2.0]])
    mean, log_variance = mx.full((3, 1), 3.0), mx.full((3, 1), math.log(0.25))
    np.testing.assert_allclose(
        elbo.sample(mean, log_variance, noise), [[3.0], [3.5], [2.0]], atol=1e-6
    )
