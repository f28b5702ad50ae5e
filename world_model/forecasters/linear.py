"""Two linear forecasters: an exponentially weighted mean, and a mixed model.

Both minimise the squared error, which of one-hot labels is the Brier score.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

from world_model.forecasters.clues import HALF_LIVES_DAYS, Clues

#: fitted to clues and targets; what is returned forecasts from clues, (n, width)
Predict = Callable[[Clues], np.ndarray]
PSEUDO_DAYS = (1.0, 3.0, 10.0, 30.0)
_RIDGES = (1.0, 10.0, 100.0, 1000.0)
_OF_MIXED = tuple(map(HALF_LIVES_DAYS.index, (3.0, 14.0)))


def exponential_mean(clues: Clues, target: np.ndarray) -> Predict:
    """Fit an exponentially weighted mean, shrunk to the person's, that to all people's.

    Half-life and both shrinkages are those with the least squared error.

    Args:
        clues: of the days before, n starts.
        target: float (n, width).

    Source: simple exponential smoothing (Hyndman & Athanasopoulos 2021, section 8.1), with
        the shrinkage of an empirical-Bayes mean.
    """
    overall = target.mean(axis=0)

    def forecast(clues: Clues, half_life: int, own: float, recent: float) -> np.ndarray:
        return clues.recent(half_life, clues.level(overall, own), recent)

    def error(settings: tuple[int, float, float]) -> float:
        return float(((forecast(clues, *settings) - target) ** 2).sum())

    best = min(product(range(len(HALF_LIVES_DAYS)), PSEUDO_DAYS, PSEUDO_DAYS), key=error)
    return lambda some: forecast(some, *best)


def mixed_model(clues: Clues, target: np.ndarray) -> Predict:
    """Fit a ridge on shrunk personal mean, lag 1, recent means and weekday.

    The random intercept of a mixed model is the shrunk mean, with the best shrinkage on a grid
    in place of the ratio of variances; the ridge is chosen by generalised cross-validation.

    Args:
        clues: of the days before, n starts.
        target: float (n, width).

    Source: Golub, Heath & Wahba 1979 (generalised cross-validation).
    """
    overall = target.mean(axis=0)
    fits = (
        _ridge(_design(clues, overall, pseudo_days), target, ridge, pseudo_days)
        for pseudo_days, ridge in product(PSEUDO_DAYS, _RIDGES)
    )
    _, pseudo_days, weights = min(fits, key=lambda fit: fit[0])
    return lambda some: _design(some, overall, pseudo_days) @ weights


def _design(clues: Clues, overall: np.ndarray, pseudo_days: float) -> np.ndarray:
    level = clues.level(overall, pseudo_days)
    recent = [clues.recent(half_life, level, 1.0) - level for half_life in _OF_MIXED]
    lag = (clues.last - level) * clues.last_observed
    ones = np.ones((len(level), 1))
    return np.concatenate(
        [ones, level - overall, *recent, lag, clues.last_observed, clues.weekday], axis=1
    )


def _ridge(
    x: np.ndarray, target: np.ndarray, ridge: float, pseudo_days: float
) -> tuple[float, float, np.ndarray]:
    """Return the criterion, the shrinkage that the design was made with, and the weights."""
    penalty = ridge * np.eye(x.shape[1])
    penalty[0, 0] = 1e-6  # not on the intercept
    gram = x.T @ x
    solved = np.linalg.solve(gram + penalty, np.concatenate([gram, x.T @ target], axis=1))
    weights = solved[:, len(gram) :]
    freedom = float(np.trace(solved[:, : len(gram)]))
    error = float(((target - x @ weights) ** 2).sum())
    return error / max(1.0 - freedom / len(x), 1e-3) ** 2, pseudo_days, weights
