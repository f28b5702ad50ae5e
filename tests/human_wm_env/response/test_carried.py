"""What is kept of a log is what the next day's columns and noise are made of."""

from __future__ import annotations

import numpy as np

from human_wm_env.person import schema
from human_wm_env.response.carried import carried_after, joined_channels, lower_root, stacked
from human_wm_env.response.noise import whiten
from human_wm_env.response.parameters import CONTEXT_WIDTH, response_logs
from human_wm_env.response.posterior import WorkingPoint, infer
from tests.human_wm_env.response import responses

ROWS, OBSERVED, WEEKDAY = responses.logs(4, 60)
PARAMETERS = responses.parameters(ROWS, OBSERVED)
LOGS = response_logs(PARAMETERS, ROWS, OBSERVED, WEEKDAY)
POSTERIOR = infer(PARAMETERS, LOGS)
POINT = WorkingPoint(np.zeros(LOGS.level.shape), np.zeros(LOGS.level.shape))
WEATHER = np.where(OBSERVED[:, -1, schema.WEATHER], ROWS[:, -1, schema.WEATHER], -1).astype(int)
CARRIED = carried_after(PARAMETERS, LOGS, POINT, POSTERIOR, WEATHER)


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
    found = CARRIED.noise_of(latents.astype(np.float32), np.zeros((4, 4), dtype=np.float32))
    np.testing.assert_allclose(
        found[:, 0] @ noise.persistence, wanted.expected_noise[:, -1], rtol=1e-3, atol=1e-4
    )


def test_drawn_noise_has_the_filtered_covariance() -> None:
    latents = np.zeros((1, responses.RANK + 2), dtype=np.float32)
    many = stacked([CARRIED[:1]] * 4000)
    normal = np.random.default_rng(0).standard_normal((4000, 4)).astype(np.float32)
    drawn = many.noise_of(np.repeat(latents, 4000, axis=0), normal)
    root = CARRIED.noise_root[0, 1].astype(float)
    np.testing.assert_allclose(np.cov(drawn[:, 1].T), root @ root.T, atol=0.01)


def test_roots_of_no_covariance_are_none() -> None:
    assert not lower_root(np.zeros((2, 2))).any()
    matrix = np.array([[2.0, 0.4], [0.4, 0.5]])
    root = lower_root(matrix)
    np.testing.assert_allclose(root @ root.T, matrix)
