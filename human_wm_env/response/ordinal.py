"""An ordered category behind a latent number: the ordinal probit."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from human_wm_env.compiled import compiled

_FAR = 50.0
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


def score(mean: np.ndarray, level: np.ndarray, cutpoints: np.ndarray) -> Score:
    """Return likelihood, slope and information of ordered categories.

    Args:
        mean: float64 (...), latent means; the latent noise is standard normal.
        level: int (...), categories from the lowest to the highest.
        cutpoints: float64 (categories - 1,), ascending.

    Source: McCullagh 1980, "Regression models for ordinal data".
    """
    edges = np.concatenate([[-_FAR], cutpoints, [_FAR]])
    below, above = _normal(edges[level] - mean), _normal(edges[level + 1] - mean)
    probability = np.maximum(above.cdf - below.cdf, _LEAST_PROBABILITY)
    information = np.zeros_like(mean)
    for low, high in pairwise(edges):
        lower, upper = _normal(low - mean), _normal(high - mean)
        share = np.maximum(upper.cdf - lower.cdf, _LEAST_PROBABILITY)
        information += (lower.density - upper.density) ** 2 / share
    return Score(
        np.log(probability),
        (below.density - above.density) / probability,
        np.maximum(information, _LEAST_INFORMATION),
    )


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
    above = _normal((mean[..., None] - cutpoints) / sd).cdf
    return np.asarray(values[0] + (above * np.diff(values)).sum(axis=-1))


class _Normal(NamedTuple):
    cdf: np.ndarray
    density: np.ndarray


def _normal(x: np.ndarray) -> _Normal:
    return _Normal(normal_cdf(x), np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi))


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
