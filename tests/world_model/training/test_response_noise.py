"""The noise of a response, fitted to what its regression leaves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from human_wm_env.person import schema
from human_wm_env.response.noise import StateNoise, whiten
from human_wm_env.response.parameters import MOOD_ORDER, response_logs
from human_wm_env.response.posterior import WorkingPoint, collect, solve
from tests.human_wm_env.response import responses
from world_model.training.response import ResponseConfig, train_response
from world_model.training.response_noise import (
    LEAST_GAP,
    cost_of_noise,
    fit_degrees,
    fit_noise,
)


def test_the_cost_is_that_of_whitened_innovations() -> None:
    rng = np.random.default_rng(0)
    left, variance = rng.standard_normal((5, 40)), rng.uniform(0.2, 2.0, (5, 40))
    observed = rng.random((5, 40)) < 0.6
    noise = StateNoise(np.array([0.9, 0.3]), np.array([0.7, 0.4]), 1.0)
    found = whiten(left[..., None].astype(np.float32), observed, variance, noise)
    expected = 0.5 * ((found.columns**2).sum() + found.log_variance.sum())
    cost = cost_of_noise(left, observed, variance, noise.persistence, noise.sd)
    assert cost == pytest.approx(expected, rel=1e-5)


def simulated_moods(noise: StateNoise, people: int, days: int) -> tuple[np.ndarray, ...]:
    """Means, ordered moods and which were observed, of a latent number with a memory."""
    rng = np.random.default_rng(1)
    mean = 0.7 * rng.standard_normal((people, days))
    slow = np.zeros((people, days))
    innovation = noise.sd * np.sqrt(1.0 - noise.persistence**2)
    process = noise.sd * rng.standard_normal((people, 2))
    for day in range(days):
        slow[:, day] = process.sum(axis=1)
        fresh = innovation * rng.standard_normal((people, 2))
        process = noise.persistence * process + fresh
    latent = mean + slow + rng.standard_normal((people, days))
    level = np.searchsorted(CUTPOINTS, latent)
    return mean, level, rng.random((people, days)) < 0.7


CUTPOINTS = np.array([-1.0, 0.1, 1.5])
NOISE = StateNoise(np.array([0.8, 0.2]), np.array([1.2, 0.05]), 1.0)


def test_noise_with_a_memory_is_found_and_not_shrunk() -> None:
    mean, level, observed = simulated_moods(NOISE, 60, 300)
    logs = responses.logs(60, 300)
    parameters = replace(
        responses.parameters(*logs[:2]),
        noise=(NOISE, StateNoise(np.array([0.5, 0.3]), np.array([0.4, 0.3]), 1.0)),
        cutpoints=0.6 * CUTPOINTS,
    )
    made = replace(response_logs(parameters, *logs), level=level, mood_observed=observed)
    point = WorkingPoint(0.6 * mean)
    posterior = solve(parameters, collect(parameters, made, point))
    found, moved = fit_noise(parameters, made, point, posterior)
    total = np.sqrt((found.noise[1].sd ** 2).sum())
    assert total == pytest.approx(1.2, rel=0.15)
    np.testing.assert_allclose(found.cutpoints, CUTPOINTS, atol=0.2)
    scale = moved.mean[0, 0] / point.mean[0, 0]
    assert scale == pytest.approx(1.0 / 0.6, rel=0.1)
    np.testing.assert_allclose(found.mean[1], scale * parameters.mean[1])
    kept, same = fit_noise(parameters, made, point, posterior, fits_scale=False)
    np.testing.assert_array_equal(kept.mean[1], parameters.mean[1])
    np.testing.assert_array_equal(same.mean, point.mean)


@pytest.mark.parametrize("missing", [(1,), (2,), (1, 2), (0,), (3,)])
def test_moods_that_never_occur_leave_cutpoints_apart(missing: tuple[int, ...]) -> None:
    rows, observed, weekday = responses.logs(12, 80)
    gone = np.isin(rows[..., schema.MOOD], [MOOD_ORDER[level] for level in missing])
    observed = observed.copy()
    observed[..., schema.MOOD] &= ~gone
    config = ResponseConfig(rate_channels=2, mood_channels=2, rank=4, steps=5, rounds=2)
    found = train_response(rows, observed, weekday, config, morning_states=False).parameters
    assert (np.diff(found.cutpoints) > 0.5 * LEAST_GAP).all()


def test_how_alike_the_noise_of_people_is_is_found() -> None:
    rng, days = np.random.default_rng(3), np.full(600, 120)
    variance = 8.0 / rng.chisquare(8.0, 600)
    squares = variance * rng.chisquare(120, 600)
    assert fit_degrees(squares, days) == pytest.approx(8.0, rel=0.2)
    assert fit_degrees(rng.chisquare(120, 600), days) == 0.0
