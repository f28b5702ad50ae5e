"""Noise and cutpoints of a response, fitted to what its regression leaves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from human_wm_env.compiled import compiled
from human_wm_env.response.noise import StateNoise
from human_wm_env.response.ordinal import score
from human_wm_env.response.parameters import ResponseLogs, ResponseParameters
from human_wm_env.response.posterior import (
    ResponsePosterior,
    WorkingPoint,
    collect,
    first_working_point,
    move_working_point,
    solve,
)

NOISE_PEOPLE = 150
NOISE_EVALUATIONS = 60
_MOST_PERSISTENT = 0.99
_REFITS = 2


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
    evidence = None if logs.evidence is None else logs.evidence[some]
    at = score(latent, logs.level[some], cutpoints, evidence)
    left = point.noise[some] + at.slope / at.information
    mood = _best_noise(
        parameters.noise[1], left, logs.mood_observed[some], 1.0 / at.information, fits_white=False
    )
    return replace(parameters, noise=(rate, mood), cutpoints=cutpoints)


def refit_noise(parameters: ResponseParameters, logs: ResponseLogs) -> ResponseParameters:
    """Return parameters with the noise and cutpoints of some logs; the rest stays."""
    point = first_working_point(logs)
    for _ in range(_REFITS):
        posterior = solve(parameters, collect(parameters, logs, point))
        point = move_working_point(parameters, logs, point, posterior)
        parameters = fit_noise(parameters, logs, point, posterior)
    return parameters


def _best_noise(
    noise: StateNoise,
    left: np.ndarray,
    observed: np.ndarray,
    variance: np.ndarray,
    *,
    fits_white: bool,
) -> StateNoise:
    def unpacked(numbers: np.ndarray) -> StateNoise:
        persistence = _MOST_PERSISTENT / (1.0 + np.exp(-numbers[:2]))
        white = float(np.exp(numbers[4])) if fits_white else noise.white_variance
        return StateNoise(persistence, np.exp(numbers[2:4]), white)

    def cost(numbers: np.ndarray) -> float:
        tried = unpacked(numbers)
        scaled = variance * tried.white_variance if fits_white else variance
        return cost_of_noise(left, observed, scaled, tried.persistence, tried.sd)

    share = np.clip(noise.persistence / _MOST_PERSISTENT, 1e-3, 1.0 - 1e-3)
    start = [*np.log(share / (1.0 - share)), *np.log(np.maximum(noise.sd, 1e-3))]
    start += [np.log(noise.white_variance)] if fits_white else []
    options = {"maxfev": NOISE_EVALUATIONS}
    found = minimize(cost, np.array(start), method="Nelder-Mead", options=options)
    return unpacked(found.x)


def _best_cutpoints(cutpoints: np.ndarray, logs: ResponseLogs, point: WorkingPoint) -> np.ndarray:
    some = slice(0, NOISE_PEOPLE)
    seen = logs.mood_observed[some]
    latent = (point.mean[some] + point.noise[some])[seen]
    level = logs.level[some][seen]
    evidence = None if logs.evidence is None else logs.evidence[some][seen]

    def unpacked(numbers: np.ndarray) -> np.ndarray:
        return np.cumsum([numbers[0], *np.exp(numbers[1:])])

    def cost(numbers: np.ndarray) -> float:
        return -float(score(latent, level, unpacked(numbers), evidence).log_likelihood.sum())

    start = np.array([cutpoints[0], *np.log(np.diff(cutpoints))])
    options = {"maxfev": NOISE_EVALUATIONS}
    return unpacked(minimize(cost, start, method="Nelder-Mead", options=options).x)


@compiled
def cost_of_noise(
    left: np.ndarray,
    observed: np.ndarray,
    variance: np.ndarray,
    persistence: np.ndarray,
    sd: np.ndarray,
) -> float:
    """Return half the sum of squared whitened innovations and their log variances.

    Args:
        left: float64 (people, days), what the regression leaves.
        observed: bool (people, days), whether the state was.
        variance: float64 (people, days), of each day's own noise.
        persistence: float64 (2,), of the processes.
        sd: float64 (2,), likewise, stationary.
    """
    first, second = persistence[0], persistence[1]
    added_first = sd[0] ** 2 * (1.0 - first**2)
    added_second = sd[1] ** 2 * (1.0 - second**2)
    total = 0.0
    for person in range(left.shape[0]):
        p00, p01, p11 = sd[0] ** 2, 0.0, sd[1] ** 2
        mean_first, mean_second = 0.0, 0.0
        for day in range(left.shape[1]):
            if day > 0:
                mean_first, mean_second = first * mean_first, second * mean_second
                p00 = first * first * p00 + added_first
                p01 = first * second * p01
                p11 = second * second * p11 + added_second
            if observed[person, day]:
                row_first, row_second = p00 + p01, p01 + p11
                scale = row_first + row_second + variance[person, day]
                error = left[person, day] - mean_first - mean_second
                total += 0.5 * (error * error / scale + math.log(scale))
                gain_first, gain_second = row_first / scale, row_second / scale
                mean_first += gain_first * error
                mean_second += gain_second * error
                p00 -= gain_first * row_first
                p01 -= gain_first * row_second
                p11 -= gain_second * row_second
    return total
