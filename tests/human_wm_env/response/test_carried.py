"""What is kept of a log is what the next day's columns and noise are made of."""

from __future__ import annotations

import numpy as np

from human_wm_env.person import schema
from human_wm_env.response.carried import (
    innovation_root,
    joined_channels,
    lower_root,
)
from human_wm_env.response.noise import whiten
from human_wm_env.response.parameters import CONTEXT_WIDTH, response_logs
from human_wm_env.response.posterior import infer
from tests.human_wm_env.response import responses

ROWS, OBSERVED, WEEKDAY = responses.logs(4, 60)
PARAMETERS = responses.parameters(ROWS, OBSERVED)
LOGS = response_logs(PARAMETERS, ROWS, OBSERVED, WEEKDAY)
POSTERIOR = infer(PARAMETERS, LOGS)
WEATHER = np.where(OBSERVED[:, -1, schema.WEATHER], ROWS[:, -1, schema.WEATHER], -1).astype(int)
CARRIED = responses.carried_after(PARAMETERS, LOGS, POSTERIOR, WEATHER)


def test_memory_is_that_of_the_last_evening() -> None:
    last = LOGS.columns[:, -1, CONTEXT_WIDTH:].reshape(4, 2, -1)
    np.testing.assert_allclose(
        CARRIED.night + CARRIED.day, last @ joined_channels(PARAMETERS), rtol=1e-4, atol=1e-5
    )
    usual = (LOGS.own_mean / PARAMETERS.actions.sd) @ joined_channels(PARAMETERS)
    np.testing.assert_allclose(CARRIED.usual.sum(axis=1), usual, rtol=1e-4, atol=1e-5)


def test_noise_is_what_the_filter_expects_tomorrow() -> None:
    latents = POSTERIOR.mean + 0.3
    own = PARAMETERS.coefficients(0, latents)
    left = LOGS.rate - np.einsum("pdw,pw->pd", LOGS.columns, own)
    noise = PARAMETERS.noise[0]
    # One more day, of which nothing is seen.
    left = np.concatenate([left, np.zeros((4, 1))], axis=1)[..., None].astype(np.float32)
    seen = np.concatenate([LOGS.rate_observed, np.zeros((4, 1), dtype=bool)], axis=1)
    wanted = whiten(left, seen, np.full(seen.shape, noise.white_variance), noise)
    found = CARRIED.noise_of(latents.astype(np.float32))
    np.testing.assert_allclose(
        found[:, 0] @ noise.persistence, wanted.expected_noise[:, -1], rtol=1e-3, atol=1e-4
    )


def test_far_from_any_log_the_noise_is_stationary() -> None:
    seen = np.zeros((1, 200), dtype=bool)
    nothing = np.zeros((1, 200, len(ROWS[0, 0])), dtype=bool)
    logs = response_logs(PARAMETERS, np.repeat(ROWS[:1, :1], 200, axis=1), nothing, seen - 1)
    carried = responses.carried_after(PARAMETERS, logs, infer(PARAMETERS, logs), np.array([-1]))
    root = carried.noise_root[0].astype(float)
    for state, noise in enumerate(PARAMETERS.noise):
        covariance = root[state] @ root[state].T
        np.testing.assert_allclose(covariance, np.diag(noise.sd**2), atol=1e-6)
    assert not carried.noise.any() and not carried.noise_slope.any()
    steady = innovation_root(PARAMETERS)[0]
    noise = PARAMETERS.noise[0]
    stationary = steady @ steady.T / (1.0 - np.diag(noise.persistence**2))
    np.testing.assert_allclose(np.diag(stationary), noise.sd**2, rtol=1e-5)


def test_roots_of_no_covariance_are_none() -> None:
    assert not lower_root(np.zeros((2, 2))).any()
    matrix = np.array([[2.0, 0.4], [0.4, 0.5]])
    root = lower_root(matrix)
    np.testing.assert_allclose(root @ root.T, matrix)
