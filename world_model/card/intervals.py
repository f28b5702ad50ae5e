"""Bootstrap intervals over people: the cells of one person are not independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from human_wm_env.errors import DataError

RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval; None of one person, from whom there is none."""

    mean: float
    low: float | None
    high: float | None

    @property
    def below_zero(self) -> bool:
        """Whether all of the interval is below zero; never without an interval."""
        return self.high is not None and self.high < 0.0


def mean_interval(values: np.ndarray, people: np.ndarray, seed: int = 0) -> Interval:
    """Return the mean of all values and a 95% percentile interval, resampling whole people.

    Args:
        values: float (n,), finite.
        people: (n,), whom each value belongs to.
        seed: of the resampling.

    Raises:
        DataError: nothing to average, shapes that disagree, or values that are not finite.

    Source: Cameron, Gelbach & Miller 2008, pairs cluster bootstrap.
    """
    return ratio_interval(values, np.ones(np.shape(values)), people, seed)


def ratio_interval(
    values: np.ndarray, reference: np.ndarray, people: np.ndarray, seed: int = 0
) -> Interval:
    """Return the sum of the values over the sum of a reference's, with such an interval.

    Args:
        values: float (n,), finite.
        reference: float (n,), finite and positive, in pairs with the values.
        people: (n,), whom each pair belongs to.
        seed: of the resampling.
    """
    values, people = np.asarray(values, dtype=np.float64), np.asarray(people)
    reference = np.asarray(reference, dtype=np.float64)
    if values.ndim != 1 or not values.shape == reference.shape == people.shape or not len(values):
        raise DataError(
            "one person for each of at least one value",
            f"shapes {values.shape}, {reference.shape} and {people.shape}",
            "Use more people, or starts with something observed after them.",
        )
    if not (np.isfinite(values).all() and np.isfinite(reference).all()):
        raise DataError("finite values", "NaN or infinity", "Look for the person it comes from.")
    return mean_of_ratios([(values, reference, people)], seed)


def mean_of_ratios(
    pairs: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], seed: int = 0
) -> Interval:
    """Return the mean over several `ratio_interval`s, with the interval of that mean.

    A person who is drawn is drawn for every ratio. A resample in which a reference sums to
    nothing (its people were not drawn) is left out. One person has no interval.

    Args:
        pairs: values, reference and people of each ratio, (n,) each.
        seed: of the resampling.
    """
    all_people = np.unique(np.concatenate([people for _, _, people in pairs]))
    drawn = _resamples(len(all_people), seed)
    means, ratios = [], []
    for values, reference, people in pairs:
        who = np.searchsorted(all_people, people)
        above, below = (
            np.bincount(who, weights=each, minlength=len(all_people))
            for each in (values, reference)
        )
        means.append(above.sum() / below.sum())
        if len(all_people) == 1:
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios.append((drawn @ above) / (drawn @ below))
    if len(all_people) == 1:
        return Interval(float(np.mean(means)), None, None)
    resampled = np.mean(ratios, axis=0)
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(resampled[np.isfinite(resampled)], [tail, 1.0 - tail])
    return Interval(float(np.mean(means)), float(low), float(high))


@lru_cache(maxsize=4)
def _resamples(people: int, seed: int) -> np.ndarray:
    """Return how often each person is drawn, float (RESAMPLES, people)."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, 31]))
    drawn = rng.multinomial(people, np.full(people, 1.0 / people), size=RESAMPLES)
    return drawn.astype(np.float64)
