"""Ordered moods as numbers: likelihoods are exact, and filters agree with pseudo-observations."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.response.moment_matching import match_moments
from human_wm_env.response.noise import StateNoise, whiten
from human_wm_env.response.ordinal import normal_cdf

CUTPOINTS = np.array([-1.0, 0.1, 1.5])
NOISE = StateNoise(np.array([0.8, 0.2]), np.array([1.2, 0.5]), 1.0)


def one_day(level: int, evidence: np.ndarray | None = None) -> tuple[float, float, float]:
    found = match_moments(
        np.array([[0.3]]), np.array([[level]]), np.array([[True]]), NOISE, CUTPOINTS, evidence
    )
    return found.response[0, 0], found.variance[0, 0], found.log_likelihood[0, 0]


def test_one_day_is_the_probit_with_the_noise() -> None:
    spread = np.sqrt(1.0 + (NOISE.sd**2).sum())
    shares = np.diff([0.0, *normal_cdf((CUTPOINTS - 0.3) / spread), 1.0])
    for level, share in enumerate(shares):
        assert one_day(level)[2] == pytest.approx(np.log(share))
    odds = np.array([1.0, 2.0, 0.5, 1.0])
    weighted = odds * shares / (odds * shares).sum()
    for level, share in enumerate(weighted):
        assert one_day(level, np.log(odds)[None, None])[2] == pytest.approx(np.log(share))


def test_the_posterior_of_the_noise_has_the_exact_moments() -> None:
    known = (NOISE.sd**2).sum()
    grid = np.linspace(-8.0, 8.0, 20001) * np.sqrt(known)
    prior = np.exp(-0.5 * grid**2 / known)
    for level in range(4):
        edges = np.concatenate([[-np.inf], CUTPOINTS, [np.inf]])
        likely = normal_cdf(edges[level + 1] - 0.3 - grid) - normal_cdf(edges[level] - 0.3 - grid)
        weight = prior * likely / (prior * likely).sum()
        mean = (weight * grid).sum()
        variance = (weight * (grid - mean) ** 2).sum()
        response, white, _ = one_day(level)
        gain = known / (known + white)
        assert gain * (response - 0.3) == pytest.approx(mean, abs=1e-3)
        assert known * (1.0 - gain) == pytest.approx(variance, abs=1e-3)


def test_a_kalman_filter_of_pseudo_observations_expects_the_same_noise() -> None:
    rng = np.random.default_rng(0)
    mean, level = rng.standard_normal((3, 40)), rng.integers(0, 4, (3, 40))
    observed = rng.random((3, 40)) < 0.7
    found = match_moments(mean, level, observed, NOISE, CUTPOINTS)
    left = (found.response - mean)[..., None].astype(np.float32)
    filtered = whiten(left, observed, found.variance, NOISE)
    # What the filter expects of a day, and how sure it is, gives the day's likelihood again.
    innovation = filtered.columns[..., 0]
    error = left[..., 0] - filtered.expected_noise
    usable = observed & (np.abs(innovation) > 1e-3)
    total = (error[usable] / innovation[usable]) ** 2  # noise and the pseudo-observation's own
    spread = np.sqrt(total - found.variance[usable] + 1.0)
    centre = mean[usable] + filtered.expected_noise[usable]
    edges = np.concatenate([[-np.inf], CUTPOINTS, [np.inf]])
    above, below = (normal_cdf((edges[level[usable] + step] - centre) / spread) for step in (1, 0))
    np.testing.assert_allclose(np.log(above - below), found.log_likelihood[usable], atol=2e-3)
    np.testing.assert_array_equal(found.response[~observed], mean[~observed])
    assert not found.log_likelihood[~observed].any()


@pytest.mark.parametrize("mean", [-6.0, -9.0, -15.0, -60.0, 8.0, 12.0, 60.0])
def test_a_surprising_mood_counts_however_far_it_is(mean: float) -> None:
    level = 3 if mean < 0.0 else 0
    narrow = StateNoise(np.array([0.8, 0.2]), np.array([0.5, 0.3]), 1.0)

    def at(centre: float) -> tuple[float, float, float]:
        found = match_moments(
            np.array([[centre]]), np.array([[level]]), np.array([[True]]), narrow, CUTPOINTS
        )
        return found.response[0, 0], found.variance[0, 0], found.log_likelihood[0, 0]

    response, variance, _ = at(mean)
    edge = CUTPOINTS[2] if level == 3 else CUTPOINTS[0]
    # As if the latent number had been seen just beyond the edge.
    assert abs(response - edge) < 2.0
    assert 0.0 < variance < 2.0
    known = (narrow.sd**2).sum()
    slope = (at(mean + 1e-3)[2] - at(mean - 1e-3)[2]) / 2e-3
    assert slope == pytest.approx((response - mean) / (variance + known), rel=0.05)
