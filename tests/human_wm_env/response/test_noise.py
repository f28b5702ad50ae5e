"""The whitening filter against dense generalised least squares."""

from __future__ import annotations

import numpy as np

from human_wm_env.response.noise import StateNoise, personal_variance, whiten

NOISE = StateNoise(np.array([0.9, 0.4]), np.array([0.8, 0.5]), 0.3)


def dense_covariance(days: int, white: np.ndarray) -> np.ndarray:
    apart = np.abs(np.arange(days)[:, None] - np.arange(days))
    slow = sum(sd**2 * p**apart for p, sd in zip(NOISE.persistence, NOISE.sd, strict=True))
    return slow + np.diag(white)


def test_products_are_those_of_generalised_least_squares() -> None:
    rng = np.random.default_rng(1)
    days = 40
    columns = rng.standard_normal((2, days, 3)).astype(np.float32)
    observed = rng.random((2, days)) < 0.7
    white = rng.uniform(0.2, 0.6, (2, days))
    found = whiten(columns, observed, white, NOISE)
    for person in range(2):
        seen = observed[person]
        covariance = dense_covariance(days, white[person])[np.ix_(seen, seen)]
        own = columns[person, seen].astype(np.float64)
        expected = own.T @ np.linalg.solve(covariance, own)
        got = found.columns[person].T @ found.columns[person]
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)
        _, log_determinant = np.linalg.slogdet(covariance)
        np.testing.assert_allclose(found.log_variance[person], log_determinant, rtol=1e-6)


def test_what_was_not_observed_says_nothing() -> None:
    rng = np.random.default_rng(2)
    columns = rng.standard_normal((1, 20, 2)).astype(np.float32)
    observed = np.ones((1, 20), dtype=bool)
    observed[0, 7] = False
    white = np.full((1, 20), 0.3)
    other = columns.copy()
    other[0, 7] = 1e6
    one, two = (whiten(each, observed, white, NOISE) for each in (columns, other))
    assert np.array_equal(one.columns, two.columns)
    assert not one.columns[0, 7].any()


def test_few_days_say_little_of_a_persons_noise() -> None:
    squares, days = np.array([0.0, 40.0, 400.0]), np.array([0, 10, 100])
    np.testing.assert_allclose(personal_variance(squares, days, 10.0), [1.0, 2.5, 410.0 / 110.0])
    np.testing.assert_array_equal(personal_variance(squares, days, 0.0), 1.0)
