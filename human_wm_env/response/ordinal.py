"""An ordered category behind a latent number: the ordinal probit."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from human_wm_env.compiled import compiled

_LEAST_PROBABILITY, _LEAST_INFORMATION = 1e-9, 0.02


class Score(NamedTuple):
    """Of each observation at a latent mean; float64 (...) each.

    Attributes:
        log_likelihood: of the category that was observed.
        slope: derivative of the log likelihood by the mean.
        information: expected information about the mean (Fisher scoring).
    """

    log_likelihood: np.ndarray
    slope: np.ndarray
    information: np.ndarray


def score(
    mean: np.ndarray, level: np.ndarray, cutpoints: np.ndarray, evidence: np.ndarray | None = None
) -> Score:
    """Return likelihood, slope and information of ordered categories.

    Args:
        mean: float64 (...), latent means; the latent noise is standard normal.
        level: int (...), categories from the lowest to the highest.
        cutpoints: float64 (categories - 1,), ascending.
        evidence: float64 (..., categories), what else is known of each observation, as log
            probabilities up to a constant: the likelihood is that given the evidence.

    Source: McCullagh 1980, "Regression models for ordinal data".
    """
    own, level = np.broadcast_arrays(mean, level)
    found = np.empty((3, own.size))
    odds = np.ones((1, len(cutpoints) + 1))
    if evidence is not None:
        odds = np.exp(evidence - evidence.max(axis=-1, keepdims=True))
        odds = odds.reshape(own.size, len(cutpoints) + 1)
    _score(
        np.ascontiguousarray(own, dtype=np.float64).reshape(-1),
        np.ascontiguousarray(level, dtype=np.intp).reshape(-1),
        np.asarray(cutpoints, dtype=np.float64),
        np.ascontiguousarray(odds, dtype=np.float64),
        found,
    )
    log_likelihood, slope, information = found.reshape(3, *own.shape)
    return Score(log_likelihood, slope, information)


@compiled
def _score(
    mean: np.ndarray,
    level: np.ndarray,
    cutpoints: np.ndarray,
    odds: np.ndarray,
    found: np.ndarray,
) -> None:
    """Write the fields of Score, float64 (3, n); one pass from the lowest category upwards.

    Args:
        mean: float64 (n,).
        level: int (n,).
        cutpoints: float64 (categories - 1,).
        odds: float64 (n, categories), or (1, categories) for all alike, by which the categories'
            probabilities are multiplied.
        found: to be written.
    """
    for place in range(len(mean)):
        below = below_density = total = whole = bend = 0.0
        row = place if len(odds) > 1 else 0
        for category in range(len(cutpoints) + 1):
            above, density = 1.0, 0.0
            if category < len(cutpoints):
                apart = cutpoints[category] - mean[place]
                above = 0.5 * math.erfc(-apart / math.sqrt(2.0))
                density = math.exp(-0.5 * apart * apart) / math.sqrt(2.0 * math.pi)
            share = max(above - below, _LEAST_PROBABILITY)
            slope = below_density - density
            total += odds[row, category] * slope**2 / share
            whole += odds[row, category] * share
            bend += odds[row, category] * slope
            if category == level[place]:
                found[0, place] = math.log(odds[row, category] * share)
                found[1, place] = slope / share
            below, below_density = above, density
        bend /= whole
        found[0, place] -= math.log(whole)
        found[1, place] -= bend
        found[2, place] = max(total / whole - bend * bend, _LEAST_INFORMATION)


def expected_value(
    mean: np.ndarray, sd: float, cutpoints: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """Return the mean of `values` over the categories, float64 (...).

    Args:
        mean: float64 (...), latent means.
        sd: of the latent number around it, the standard normal noise included.
        cutpoints: float64 (categories - 1,), ascending.
        values: float64 (categories,), from the lowest category to the highest.
    """
    above = normal_cdf((mean[..., None] - cutpoints) / sd)
    return np.asarray(values[0] + (above * np.diff(values)).sum(axis=-1))


def normal_cdf(x: np.ndarray) -> np.ndarray:
    """Return the standard normal distribution function, float64 of the same shape."""
    flat = np.ascontiguousarray(x, dtype=np.float64).reshape(-1)
    below = np.empty_like(flat)
    _normal_cdf(flat, below)
    return below.reshape(np.shape(x))


@compiled
def _normal_cdf(x: np.ndarray, below: np.ndarray) -> None:
    for place in range(len(x)):
        below[place] = 0.5 * math.erfc(-x[place] / math.sqrt(2.0))
