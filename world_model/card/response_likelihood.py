"""How likely logged states are under a response, given people's latents."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.response.moment_matching import match_moments
from human_wm_env.response.noise import whiten
from human_wm_env.response.parameters import ResponseParameters, response_logs


def state_likelihoods(
    parameters: ResponseParameters,
    dataset: LogDataset,
    users: np.ndarray,
    first_days: np.ndarray,
    days: int,
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the log likelihood per day of the states of `days` days after given first ones.

    Each day is told by the days before it, whose noise is filtered. What is the same for all
    latents is left out.

    Args:
        parameters: of the population.
        dataset: the logs.
        users: int (people,), whose.
        first_days: int (people,).
        days: length of the window, within every log.

    Returns:
        From latents [z_c, z_a], (people, rank + 2), to nats a day, (people,).
    """
    last = int(first_days.max()) + days
    observed = dataset.observed[users, :last]
    rows, weekday = dataset.rows[users, :last], dataset.weekday[users, :last].astype(int)
    day = np.arange(last)
    before = day < first_days[:, None]
    logs = response_logs(parameters, rows, observed, weekday, before)
    judged = ~before & (day < first_days[:, None] + days)
    rate_noise, mood_noise = parameters.noise
    white = np.full(logs.rate.shape, rate_noise.white_variance)

    def of(latents: np.ndarray) -> np.ndarray:
        rate, mood = (
            np.einsum("pdw,pw->pd", logs.columns, parameters.coefficients(state, latents))
            for state in (0, 1)
        )
        left = (logs.rate - rate).astype(np.float32)[..., None]
        innovations = whiten(left, logs.rate_observed, white, rate_noise).columns[..., 0]
        at = match_moments(
            mood, logs.level, logs.mood_observed, mood_noise, parameters.cutpoints, logs.evidence
        )
        total = -0.5 * (np.square(innovations) * judged).sum(axis=1)
        total += (at.log_likelihood * (judged & logs.mood_observed)).sum(axis=1)
        return np.asarray(total / days)

    return of
