"""Noise and cutpoints of a response, fitted to what its regression leaves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from human_wm_env.response.noise import StateNoise, whiten
from human_wm_env.response.ordinal import score
from human_wm_env.response.parameters import ResponseLogs, ResponseParameters
from human_wm_env.response.posterior import ResponsePosterior, WorkingPoint

NOISE_PEOPLE = 150
NOISE_EVALUATIONS = 60
_MOST_PERSISTENT = 0.99


def fit_noise(
    parameters: ResponseParameters,
    logs: ResponseLogs,
    point: WorkingPoint,
    posterior: ResponsePosterior,
) -> ResponseParameters:
    """Fit noise and cutpoints to what the regression leaves, at the posterior's mean."""
    some = slice(0, NOISE_PEOPLE)
    own = parameters.coefficients(0, posterior.mean[some]).astype(np.float32)
    left = logs.rate[some] - np.einsum("pdw,pw->pd", logs.columns[some], own)
    rate = _best_noise(
        parameters.noise[0], left, logs.rate_observed[some], np.ones_like(left), fits_white=True
    )
    cutpoints = _best_cutpoints(parameters.cutpoints, logs, point)
    latent = point.mean[some] + point.noise[some]
    at = score(latent, logs.level[some], cutpoints)
    left = point.noise[some] + at.slope / at.information
    mood = _best_noise(
        parameters.noise[1], left, logs.mood_observed[some], 1.0 / at.information, fits_white=False
    )
    return replace(parameters, noise=(rate, mood), cutpoints=cutpoints)


def _best_noise(
    noise: StateNoise,
    left: np.ndarray,
    observed: np.ndarray,
    variance: np.ndarray,
    *,
    fits_white: bool,
) -> StateNoise:
    columns = left[..., None].astype(np.float32)

    def unpacked(numbers: np.ndarray) -> StateNoise:
        persistence = _MOST_PERSISTENT / (1.0 + np.exp(-numbers[:2]))
        white = float(np.exp(numbers[4])) if fits_white else noise.white_variance
        return StateNoise(persistence, np.exp(numbers[2:4]), white)

    def cost(numbers: np.ndarray) -> float:
        tried = unpacked(numbers)
        scaled = variance * tried.white_variance if fits_white else variance
        found = whiten(columns, observed, scaled, tried)
        return float(0.5 * ((found.columns**2).sum() + found.log_variance.sum()))

    share = np.clip(noise.persistence / _MOST_PERSISTENT, 1e-3, 1.0 - 1e-3)
    start = [*np.log(share / (1.0 - share)), *np.log(np.maximum(noise.sd, 1e-3))]
    start += [np.log(noise.white_variance)] if fits_white else []
    options = {"maxfev": NOISE_EVALUATIONS}
    found = minimize(cost, np.array(start), method="Nelder-Mead", options=options)
    return unpacked(found.x)


def _best_cutpoints(cutpoints: np.ndarray, logs: ResponseLogs, point: WorkingPoint) -> np.ndarray:
    latent = (point.mean + point.noise)[logs.mood_observed]
    level = logs.level[logs.mood_observed]

    def unpacked(numbers: np.ndarray) -> np.ndarray:
        return np.cumsum([numbers[0], *np.exp(numbers[1:])])

    def cost(numbers: np.ndarray) -> float:
        return -float(score(latent, level, unpacked(numbers)).log_likelihood.sum())

    start = np.array([cutpoints[0], *np.log(np.diff(cutpoints))])
    options = {"maxfev": NOISE_EVALUATIONS}
    return unpacked(minimize(cost, start, method="Nelder-Mead", options=options).x)
