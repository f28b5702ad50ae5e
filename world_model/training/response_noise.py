"""Noise and cutpoints of a response, fitted to what its regression leaves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import gammaln

from human_wm_env.compiled import compiled
from human_wm_env.response.moment_matching import match_moments
from human_wm_env.response.noise import StateNoise, whiten
from human_wm_env.response.parameters import ResponseLogs, ResponseParameters
from human_wm_env.response.posterior import (
    ResponsePosterior,
    WorkingPoint,
    collect,
    first_working_point,
    solve,
    working_point,
)

NOISE_PEOPLE = 150
NOISE_EVALUATIONS = 60
MOOD_STEPS = 100
#: between cutpoints: a mood that never occurs has no width
LEAST_GAP = 0.01
#: days of logs that the scale of a person's noise is held to that of all, at least and at most
LEAST_DEGREES, MOST_DEGREES = 0.5, 2000.0
#: nats, over all people, that scales of their own have to be worth
LEAST_GAIN = 2.0
_MOST_PERSISTENT = 0.99
# A line search may try any numbers: of logits and logarithms of the noise, of the first cutpoint,
# and of the logarithm of what lies between cutpoints.
_NOISE_BOUNDS = [(-7.0, 7.0)] * 2 + [(math.log(1e-3), math.log(10.0))] * 2
_FARTHEST, _WIDEST = 20.0, math.log(20.0)
_REFITS = 2


def fit_noise(
    parameters: ResponseParameters,
    logs: ResponseLogs,
    point: WorkingPoint,
    posterior: ResponsePosterior,
    *,
    fits_scale: bool = True,
) -> tuple[ResponseParameters, WorkingPoint]:
    """Fit noise and cutpoints to what the regression leaves, at the posterior's mean.

    Args:
        parameters: of a response.
        logs: of people, of whom the first are looked at.
        point: where the mood is linearised, of these people and perhaps more.
        posterior: likewise.
        fits_scale: the latent mood is known up to a scale, which more noise makes larger: move all
            that explains the mood by one factor as well.

    Returns:
        The parameters, and the working point on their scale.
    """
    some = slice(0, min(NOISE_PEOPLE, len(logs.rate)))
    own = parameters.coefficients(0, posterior.mean[some]).astype(np.float32)
    left = logs.rate[some] - np.einsum("pdw,pw->pd", logs.columns[some], own)
    seen = logs.rate_observed[some]
    rate = _best_noise(parameters.noise[0], left, seen)
    white = np.full(left.shape, rate.white_variance)
    innovations = whiten(left[..., None].astype(np.float32), seen, white, rate).columns
    squares = np.square(innovations, dtype=np.float64).sum(axis=(1, 2))
    mood, cutpoints, scale = _best_mood(parameters, logs, point, fits_scale=fits_scale)
    mean, loadings, sd = parameters.mean, parameters.loadings, parameters.intercept_sd
    found = replace(
        parameters,
        noise=(rate, mood),
        noise_degrees=fit_degrees(squares, seen.sum(axis=1)),
        cutpoints=cutpoints,
        mean=(mean[0], scale * mean[1]),
        loadings=(loadings[0], scale * loadings[1]),
        intercept_sd=np.array([sd[0], scale * sd[1]]),
    )
    return found, WorkingPoint(scale * point.mean)


def refit_noise(parameters: ResponseParameters, logs: ResponseLogs) -> ResponseParameters:
    """Return parameters with the noise and cutpoints of some logs; the rest stays."""
    point = first_working_point(logs)
    for _ in range(_REFITS):
        posterior = solve(parameters, collect(parameters, logs, point))
        point = working_point(parameters, logs, posterior)
        parameters, point = fit_noise(parameters, logs, point, posterior, fits_scale=False)
    return parameters


def _best_noise(noise: StateNoise, left: np.ndarray, observed: np.ndarray) -> StateNoise:
    one = np.ones_like(left)

    def unpacked(numbers: np.ndarray) -> StateNoise:
        return _noise(numbers, float(np.exp(numbers[4])))

    def cost(numbers: np.ndarray) -> float:
        tried = unpacked(numbers)
        return cost_of_noise(
            left, observed, one * tried.white_variance, tried.persistence, tried.sd
        )

    start = np.array([*_numbers(noise), np.log(noise.white_variance)])
    options = {"maxfev": NOISE_EVALUATIONS}
    return unpacked(minimize(cost, start, method="Nelder-Mead", options=options).x)


def _numbers(noise: StateNoise) -> list[float]:
    share = np.clip(noise.persistence / _MOST_PERSISTENT, 1e-3, 1.0 - 1e-3)
    return [*np.log(share / (1.0 - share)), *np.log(np.maximum(noise.sd, 1e-3))]


def _noise(numbers: np.ndarray, white_variance: float) -> StateNoise:
    persistence = _MOST_PERSISTENT / (1.0 + np.exp(-numbers[:2]))
    return StateNoise(persistence, np.exp(numbers[2:4]), white_variance)


def _best_mood(
    parameters: ResponseParameters, logs: ResponseLogs, point: WorkingPoint, *, fits_scale: bool
) -> tuple[StateNoise, np.ndarray, float]:
    """Return noise, cutpoints and scale of the mood: each day given those before it."""
    some = slice(0, min(NOISE_PEOPLE, len(logs.rate)))
    mean, observed = point.mean[some], np.ascontiguousarray(logs.mood_observed[some])
    level = np.ascontiguousarray(logs.level[some], dtype=np.intp)
    evidence = None if logs.evidence is None else logs.evidence[some]

    def unpacked(numbers: np.ndarray) -> tuple[StateNoise, np.ndarray, float]:
        cutpoints = np.cumsum([numbers[4], *np.exp(numbers[5:7])])
        return _noise(numbers, 1.0), cutpoints, float(np.exp(numbers[7])) if fits_scale else 1.0

    def cost(numbers: np.ndarray) -> float:
        noise, cutpoints, scale = unpacked(numbers)
        at = match_moments(scale * mean, level, observed, noise, cutpoints, evidence)
        return -float(at.log_likelihood.sum()) / len(mean)

    cutpoints = parameters.cutpoints
    start = [
        *_numbers(parameters.noise[1]),
        cutpoints[0],
        *np.log(np.maximum(np.diff(cutpoints), LEAST_GAP)),
    ]
    bounds = [*_NOISE_BOUNDS, (-_FARTHEST, _FARTHEST), *[(math.log(LEAST_GAP), _WIDEST)] * 2]
    if fits_scale:
        start, bounds = [*start, 0.0], [*bounds, (-1.0, 1.0)]
    options = {"maxiter": MOOD_STEPS}
    inside = np.clip(start, *np.transpose(bounds))
    found = minimize(cost, inside, method="L-BFGS-B", bounds=bounds, options=options)
    return unpacked(found.x)


def fit_degrees(squares: np.ndarray, days: np.ndarray) -> float:
    """Return how alike people's noise is, by their marginal likelihood (`noise.personal_variance`).

    0, all alike, where scales of their own are not worth `LEAST_GAIN`.
    """

    def gain(degrees: float) -> float:
        after = 0.5 * (degrees + days)
        likely = gammaln(after) - gammaln(0.5 * degrees) - 0.5 * days * np.log(0.5 * degrees)
        likely = likely - after * np.log1p(squares / degrees)
        return float((likely + 0.5 * squares).sum())

    bounds = (np.log(LEAST_DEGREES), np.log(MOST_DEGREES))
    found = minimize_scalar(lambda log: -gain(float(np.exp(log))), bounds=bounds, method="bounded")
    return float(np.exp(found.x)) if -found.fun > LEAST_GAIN else 0.0


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
