"""One Kalman filter over the columns of one person's log, compiled."""

from __future__ import annotations

import numpy as np

from human_wm_env.compiled import compiled


@compiled
def filter_loop(
    columns: np.ndarray,
    observed: np.ndarray,
    white_variance: np.ndarray,
    noise: tuple[np.ndarray, np.ndarray],
    whitened: np.ndarray,
    mean: np.ndarray,
    covariance: np.ndarray,
) -> None:
    """Whiten columns with common gains, as `noise.whiten` does for many people.

    Args:
        columns: float64 (days, k), regressors and states.
        observed: bool (days,), whether the state was.
        white_variance: float64 (days,), of each day's own noise.
        noise: persistence and sd, float64 (2,) each, of the two processes.
        whitened: float64 (days, k), to be written; 0 on days that were not observed.
        mean: float64 (2, k), to be written: what is filtered of each column after the last day.
        covariance: float64 (2, 2), to be written: of both processes after the last day.
    """
    persistence, sd = noise
    days, width = columns.shape
    first, second = persistence[0], persistence[1]
    added_first = sd[0] ** 2 * (1.0 - first**2)
    added_second = sd[1] ** 2 * (1.0 - second**2)
    p00, p01, p11 = sd[0] ** 2, 0.0, sd[1] ** 2
    mean[:] = 0.0
    for day in range(days):
        if day > 0:
            p00 = first * first * p00 + added_first
            p01 = first * second * p01
            p11 = second * second * p11 + added_second
            for column in range(width):
                mean[0, column] *= first
                mean[1, column] *= second
        if not observed[day]:
            for column in range(width):
                whitened[day, column] = 0.0
            continue
        variance = p00 + 2.0 * p01 + p11 + white_variance[day]
        gain_first, gain_second = (p00 + p01) / variance, (p01 + p11) / variance
        scale = 1.0 / np.sqrt(variance)
        for column in range(width):
            error = columns[day, column] - mean[0, column] - mean[1, column]
            whitened[day, column] = scale * error
            mean[0, column] += gain_first * error
            mean[1, column] += gain_second * error
        row_first, row_second = p00 + p01, p01 + p11
        p00 -= gain_first * row_first
        p01 -= gain_first * row_second
        p11 -= gain_second * row_second
    covariance[0, 0], covariance[0, 1] = p00, p01
    covariance[1, 0], covariance[1, 1] = p01, p11
