"""What answers tell of a person's disposition to comply: a posterior on a grid."""

from __future__ import annotations

import numpy as np

from human_wm_env.nudge.compliance import Compliance
from human_wm_env.person.choices import sigmoid

_GRID = np.linspace(-3.0, 3.0, 31)  # standard deviations of the disposition


class DispositionPosterior:
    """Begins with the population and takes answers in.

    How much a person likes a nudge beyond others is averaged over, not learned.

    Args:
        model: of compliance.
        slots: number of people.

    Source: MacKay 1992, who puts 1 / sqrt(1 + pi v / 8) for the logistic function's mean under v.
    """

    def __init__(self, model: Compliance, slots: int) -> None:
        self._values = model.disposition + model.disposition_sd * _GRID
        self._logs = np.repeat(-0.5 * _GRID[None] ** 2, slots, axis=0)
        self._liking_variance = model.liking_sd**2

    def take_in(self, less: np.ndarray, seen: np.ndarray, complied: np.ndarray) -> None:
        """Learn from one day's answers.

        Args:
            less: float (slots,), log-odds that the day took away from the disposition.
            seen: bool (slots,), whether there was an answer.
            complied: bool (slots,), which one.
        """
        likely = sigmoid((self._values - less[:, None]) * _flatter(self._liking_variance))
        likely = np.clip(likely, 1e-9, 1.0 - 1e-9)
        log_likelihood = np.where(complied[:, None], np.log(likely), np.log1p(-likely))
        self._logs += np.where(seen[:, None], log_likelihood, 0.0)

    def log_odds(self) -> np.ndarray:
        """Return log-odds of a fresh nudge, flattened for what is not known, float (slots,)."""
        weights = np.exp(self._logs - self._logs.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        mean = weights @ self._values
        variance = weights @ self._values**2 - mean**2
        return np.asarray(mean * _flatter(variance + self._liking_variance))


def _flatter(variance: np.ndarray | float) -> np.ndarray:
    return np.asarray(1.0 / np.sqrt(1.0 + np.pi * variance / 8.0))
