"""Null distributions by permutation, and p-values that allow for many tests at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from world_model.audit.signals import PersonDays

BLOCK_DAYS = 28
BLOCKS_PER_PERSON = 4  # at least, of the typical person
SMALLEST_DEVIATION = 1e-12  # a null narrower than this cannot vary at all


@dataclass(frozen=True)
class TestResult:
    """Standard scores and adjusted p-values of one family of tests.

    Attributes:
        z: float (tests,), distance from the mean of the null in its standard deviations;
            NaN where there is nothing to test.
        p: float (tests,), single-step max-|z| adjusted; NaN as above.
    """

    __test__ = False  # not a test case of pytest

    z: np.ndarray
    p: np.ndarray


def max_z_test(statistics: np.ndarray, null: np.ndarray) -> TestResult:
    """Compare statistics with their null draws, adjusted for all tests of the family.

    The adjusted p-value of a test is the share of draws (the data counted as one more)
    whose largest |z| over the family reaches its own |z|: the family-wise error rate
    holds under any dependence between the tests.

    Args:
        statistics: float (tests,), NaN where there is nothing to test.
        null: float (draws, tests), the statistics of permuted data.

    Source: Westfall and Young 1993, Resampling-Based Multiple Testing, algorithm 2.5.
    """
    centre = null.mean(axis=0)
    draws = np.vstack([statistics, null]) - centre
    # Each draw against all others, the data among them: under the null all are alike.
    others = len(draws) - 1
    mean = (draws.sum(axis=0) - draws) / others
    variance = ((draws**2).sum(axis=0) - draws**2) / others - mean**2
    valid = np.isfinite(draws).all(axis=0) & (null.std(axis=0) > SMALLEST_DEVIATION)
    deviation = np.sqrt(np.where(valid, np.maximum(variance, SMALLEST_DEVIATION**2), 1.0))
    z_draws = np.where(valid, (draws - mean) / deviation, np.nan)
    z = z_draws[0]
    if not valid.any():
        return TestResult(z, z.copy())
    largest = np.abs(z_draws[1:, valid]).max(axis=1)
    reached = (largest[:, None] >= np.abs(z)).sum(axis=0)
    return TestResult(z, np.where(valid, (1 + reached) / (1 + len(null)), np.nan))


def shuffle_observed(
    values: np.ndarray,
    observed: np.ndarray,
    features: np.ndarray,
    order: np.ndarray,
) -> np.ndarray:
    """Deal each signal's observed values anew to the cells in which it is observed.

    Args:
        values: float (signals, person_days).
        observed: bool (features, person_days); stays as it is.
        features: int (signals,), the feature of each signal.
        order: int (person_days,), a permutation of the days; one that keeps every
            person's block deals within people.

    Returns:
        float (signals, person_days), 0 where not observed.
    """
    shuffled = np.zeros_like(values)
    for feature in np.unique(features):
        targets = np.flatnonzero(observed[feature])
        sources = order[observed[feature][order]]
        for signal in np.flatnonzero(features == feature):
            shuffled[signal, targets] = values[signal, sources]
    return shuffled


def order_within_people(days: PersonDays, rng: np.random.Generator) -> np.ndarray:
    """Return a permutation of the days that keeps every person's block."""
    # A key of person + uniform sorts by person first, in random order within.
    return np.argsort(days.person + rng.random(days.count))


def order_of_blocks(days: PersonDays, rng: np.random.Generator) -> np.ndarray:
    """Return an order of the days that deals blocks of consecutive days to all people.

    Whole blocks of 28 days (a quarter of the typical log where that is less), because
    days in a row are alike: dealt one by one, they would make any slow feature seem
    personal. A feature that wanders more slowly than a block still does.
    """
    block_days = int(np.clip(np.median(days.lengths) // BLOCKS_PER_PERSON, 1, BLOCK_DAYS))
    place = np.arange(days.count) - days.starts[days.person]
    begins = np.flatnonzero(place % block_days == 0)
    lengths = np.diff(np.append(begins, days.count))
    dealt = rng.permutation(len(begins))
    ends = np.cumsum(lengths[dealt])
    offsets = np.arange(days.count) - np.repeat(ends - lengths[dealt], lengths[dealt])
    return np.repeat(begins[dealt], lengths[dealt]) + offsets


def row_orders(
    days: PersonDays, features: int, rng: np.random.Generator, *, within_people: bool
) -> Iterator[np.ndarray]:
    """Yield one order of the days per feature, so that features lose their link.

    Within people the days are rotated by a random number of days: each feature keeps
    its own memory and gaps, so that two slow but unrelated features are not called
    linked. Over all rows (one day a person) they are shuffled.
    """
    for _ in range(features):
        if not within_people:
            yield rng.permutation(days.count)
            continue
        shift = rng.integers(0, days.lengths)
        place = np.arange(days.count) - days.starts[days.person]
        yield days.starts[days.person] + (place + shift[days.person]) % days.lengths[days.person]
