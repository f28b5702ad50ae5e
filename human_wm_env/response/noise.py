"""Noise with memory: two autoregressive processes and white noise, as a filter that whitens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class StateNoise:
    """What moves a state beside the days.

    Attributes:
        persistence: float64 (2,), lag-1 autocorrelations, in [0, 1).
        sd: float64 (2,), stationary standard deviations.
        white_variance: variance of each day's own noise; a state whose working variance
            differs by the day (an ordinal one) gives it itself.
    """

    persistence: np.ndarray
    sd: np.ndarray
    white_variance: float

    @property
    def total_sd(self) -> float:
        """Standard deviation of all noise of a day."""
        return float(np.sqrt(self.white_variance + (self.sd**2).sum()))


@dataclass(frozen=True)
class Whitened:
    """Columns without their noise's memory.

    Attributes:
        columns: float32 (people, days, columns), innovations over their standard deviation, 0 on
            days that were not observed.
        log_variance: float64 (people,), sum of the innovations' log variances.
        expected_noise: float64 (people, days), what the noise of the last column was expected
            to be on each day, from the days before.
    """

    columns: np.ndarray
    log_variance: np.ndarray
    expected_noise: np.ndarray


def whiten(
    columns: np.ndarray, observed: np.ndarray, white_variance: np.ndarray, noise: StateNoise
) -> Whitened:
    """Run one Kalman filter over many columns with common gains.

    A regression on the whitened columns is the generalised least squares of the original ones.

    Args:
        columns: float32 (people, days, columns): regressors, then the state.
        observed: bool (people, days), whether the state was.
        white_variance: float64 (people, days), of each day's own noise.
        noise: the rest of it.

    Source: Harvey 1989, "Forecasting, structural time series models and the Kalman filter", 3.2.
    """
    people, days, width = columns.shape
    persistence = noise.persistence
    innovation = persistence.astype(np.float32)[None, :, None]
    mean = np.zeros((people, 2, width), dtype=np.float32)
    covariance = np.tile(np.diag(noise.sd**2), (people, 1, 1))
    added = np.diag(noise.sd**2 * (1.0 - persistence**2))
    shrink = np.outer(persistence, persistence)
    whitened = np.zeros_like(columns)
    log_variance, expected = np.zeros(people), np.zeros((people, days))
    for day in range(days):
        if day > 0:
            mean = innovation * mean
            covariance = shrink * covariance + added
        variance = covariance.sum(axis=(1, 2)) + white_variance[:, day]
        seen = observed[:, day]
        gain = np.where(seen[:, None], covariance.sum(axis=2) / variance[:, None], 0.0)
        predicted = mean.sum(axis=1)
        expected[:, day] = predicted[:, -1]
        error = columns[:, day] - predicted
        whitened[:, day] = np.where(seen, 1.0 / np.sqrt(variance), 0.0)[:, None] * error
        log_variance += np.where(seen, np.log(variance), 0.0)
        mean = mean + gain.astype(np.float32)[:, :, None] * error[:, None]
        covariance = covariance - gain[:, :, None] * covariance.sum(axis=1)[:, None, :]
    return Whitened(whitened, log_variance, expected)


def personal_variance(squares: np.ndarray, days: np.ndarray, degrees: float) -> np.ndarray:
    """Return the variance of people's noise over that of all, float64 (people,).

    Over people it is inverse gamma with as many degrees of freedom, around 1; given the
    innovations of a log it is so again, and this is the inverse of the mean precision.

    Args:
        squares: float64 (people,), sums of squared innovations, each over its standard deviation.
        days: int (people,), how many.
        degrees: 0 where all people are alike.

    Source: Gelman et al. 2013, "Bayesian data analysis", 2.6.
    """
    if degrees == 0.0:
        return np.ones(np.shape(squares))
    return np.asarray((degrees + squares) / (degrees + days))
