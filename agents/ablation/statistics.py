"""Whether one configuration is better than another, over training seeds.

Source: Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical
    precipice".
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from agents.evaluation.bootstrap_intervals import (
    Bootstrap,
    Interval,
    interquartile_mean,
    percentile_interval,
)

MOST_RESAMPLES = 2000


def iqm_interval(values: np.ndarray, bootstrap: Bootstrap) -> Interval:
    """Return the interquartile mean over seeds, (seeds,), resampling them."""
    return _resampled([values], lambda drawn: interquartile_mean(drawn[0]), bootstrap)


def gain_interval(better: np.ndarray, base: np.ndarray, bootstrap: Bootstrap) -> Interval:
    """Return the difference of interquartile means, resampling the seeds of each."""

    def gain(drawn: list[np.ndarray]) -> float:
        return interquartile_mean(drawn[0]) - interquartile_mean(drawn[1])

    return _resampled([better, base], gain, bootstrap)


def improvement_interval(better: np.ndarray, base: np.ndarray, bootstrap: Bootstrap) -> Interval:
    """Return the probability that a seed of one is better than a seed of the other; ties half."""
    return _resampled([better, base], lambda drawn: probability_of_improvement(*drawn), bootstrap)


def probability_of_improvement(better: np.ndarray, base: np.ndarray) -> float:
    """Return the share of pairs of seeds in which one is better; ties count half."""
    difference = np.asarray(better)[:, None] - np.asarray(base)
    return float(np.mean(0.5 + 0.5 * np.sign(difference)))


def _resampled(
    samples: list[np.ndarray], statistic: Callable[[list[np.ndarray]], float], bootstrap: Bootstrap
) -> Interval:
    rng = np.random.default_rng(bootstrap.seed)
    draws = [
        statistic([rng.choice(values, len(values)) for values in samples])
        for _ in range(min(bootstrap.resamples, MOST_RESAMPLES))
    ]
    return percentile_interval(statistic(samples), draws, bootstrap)
