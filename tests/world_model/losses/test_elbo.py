from __future__ import annotations

import math

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from human_wm_env.model.architecture import Architecture
from world_model.losses import elbo

# Blocks of one, two and three dimensions.
BLOCKS = Architecture(latent_a=1, latent_b=2, latent_c=3)
KL = mx.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.5, 0.0, 1.0, 0.25, 0.25, 0.5]])
ONES = {"a": 1.0, "b": 1.0, "c": 1.0}
ZEROS = {"a": 0.0, "b": 0.0, "c": 0.0}


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


def test_each_block_has_its_beta() -> None:
    beta = {"a": 1.0, "b": 10.0, "c": 100.0}
    got = elbo.weighted_kl(KL, BLOCKS, beta, ZEROS, 1.0)
    np.testing.assert_allclose(got, [1 + 50 + 1500, 0.5 + 10 + 100], rtol=1e-6)


def test_annealing_scales_everything() -> None:
    beta = {"a": 1.0, "b": 2.0, "c": 3.0}
    full = elbo.weighted_kl(KL, BLOCKS, beta, ZEROS, 1.0)
    np.testing.assert_allclose(
        elbo.weighted_kl(KL, BLOCKS, beta, ZEROS, 0.25), 0.25 * full, rtol=1e-6
    )
    assert not np.array(elbo.weighted_kl(KL, BLOCKS, beta, ZEROS, 0.0)).any()


def test_free_bits_are_counted_per_block_over_the_batch() -> None:
    # Averages of the blocks: .75, 3 and 8.
    free = {"a": 0.8, "b": 2.0, "c": 0.0}
    got = elbo.weighted_kl(KL, BLOCKS, ONES, free, 1.0)
    np.testing.assert_allclose(got, [0.8 + 5 + 15, 0.8 + 1 + 1], rtol=1e-6)
    gradient = mx.grad(lambda kl: elbo.weighted_kl(kl, BLOCKS, ONES, free, 1.0).sum())(KL)
    np.testing.assert_array_equal(gradient, [[0, 1, 1, 1, 1, 1]] * 2)


def test_samples_have_the_posterior_mean_and_variance() -> None:
    noise = mx.array([[0.0], [1.0], [-2.0]])
    mean, log_variance = mx.full((3, 1), 3.0), mx.full((3, 1), math.log(0.25))
    np.testing.assert_allclose(
        elbo.sample(mean, log_variance, noise), [[3.0], [3.5], [2.0]], atol=1e-6
    )
