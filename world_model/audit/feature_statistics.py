"""How much people differ, how much a day resembles the last, and what the weekday does."""

from __future__ import annotations

import numpy as np

from human_wm_env.person import schema
from world_model.audit.signals import ITEM_SIGNALS, SIGNAL_FEATURES, PersonDays

MIN_REPEATS = 10  # observed days beyond one a person, to tell people from days
MIN_CATEGORY_DAYS = 50  # days with and without a category, to say anything about it


def _items(numerator: np.ndarray, denominator: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Divide the sums over each item's signals, float (items,); NaN where none is usable."""
    top = ITEM_SIGNALS @ np.where(usable, numerator, 0.0)
    bottom = ITEM_SIGNALS @ np.where(usable, denominator, 0.0)
    return np.where(bottom > 1e-9, top / np.where(bottom > 1e-9, bottom, 1.0), np.nan)


def usable_signals(days: PersonDays) -> np.ndarray:
    """Return which signals vary enough to be looked at, bool (signals,).

    An indicator needs 50 observed days with and 50 without its category.
    """
    counts = days.counts.sum(axis=1)[SIGNAL_FEATURES]
    usable = counts >= MIN_REPEATS
    for index, feature in enumerate(SIGNAL_FEATURES):
        if isinstance(schema.FEATURES[feature], schema.Categorical):
            on = float((days.values[index] > 0).sum())
            usable[index] &= min(on, counts[index] - on) >= MIN_CATEGORY_DAYS
    return usable


def intraclass_correlations(days: PersonDays, usable: np.ndarray) -> np.ndarray:
    """Return the share of the variance that lies between people, float (items,).

    Args:
        days: the logs.
        usable: bool (signals,).

    Returns:
        ICC(1) for unequal numbers of days; a category's is that of its indicators'
        summed variance components. It is below 0 where people differ less than chance.

    Source: Donner 1986, International Statistical Review 54, section 2 (the one-way
    analysis-of-variance estimator).
    """
    seen = days.observed[SIGNAL_FEATURES]
    counts = days.counts[SIGNAL_FEATURES]  # (signals, people)
    total = counts.sum(axis=1)
    groups = (counts > 0).sum(axis=1)
    enough = usable & (groups >= 2) & (total - groups >= MIN_REPEATS)
    safe_groups, safe_total = np.maximum(groups, 2), np.maximum(total, 1.0)
    grand = days.sum_by_person(days.values).sum(axis=1) / safe_total
    centred = np.where(seen, days.values - grand[:, None].astype(np.float32), np.float32(0.0))
    sums = days.sum_by_person(centred)
    between = (sums**2 / np.maximum(counts, 1.0)).sum(axis=1)
    squares = np.einsum("sd,sd->s", centred, centred, dtype=np.float64)
    mean_between = between / (safe_groups - 1)
    mean_within = (squares - between) / np.maximum(total - groups, 1.0)
    typical = (total - (counts**2).sum(axis=1) / safe_total) / (safe_groups - 1)
    variance_between = (mean_between - mean_within) / np.where(enough, typical, 1.0)
    return _items(variance_between, variance_between + mean_within, enough)


def lag_correlations(
    deviations: np.ndarray, days: PersonDays, usable: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the correlation of a day with the next within people, and the pairs behind it.

    Args:
        deviations: float (signals, person_days) from the person's mean, 0 where masked.
        days: whose calendar and mask to use.
        usable: bool (signals,).

    Returns:
        float (items,) and int (items,).
    """
    both = days.observed[:, :-1] & days.observed[:, 1:] & days.has_next
    today, tomorrow = deviations[:, :-1], deviations[:, 1:]
    products, before, after = (np.empty(len(deviations)) for _ in range(3))
    for index, feature in enumerate(SIGNAL_FEATURES):
        x, y = today[index][both[feature]], tomorrow[index][both[feature]]
        products[index], before[index], after[index] = x @ y, x @ x, y @ y
    pairs = both.sum(axis=1)
    enough = usable & (pairs[SIGNAL_FEATURES] >= MIN_REPEATS)
    return _items(products, np.sqrt(before * after), enough), _per_item(pairs)


def weekday_shares(
    deviations: np.ndarray, days: PersonDays, usable: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of the within-person variance between weekdays, and the days behind it.

    Args:
        deviations: float (signals, person_days) from the person's mean, 0 where masked.
        days: whose weekdays and mask to use; days of unknown weekday are left out.
        usable: bool (signals,).

    Returns:
        float (items,), eta squared, and int (items,).
    """
    one_hot = (days.weekday[:, None] == np.arange(schema.DAYS_PER_WEEK)).astype(np.float32)
    known = one_hot.any(axis=1)
    sums = (deviations @ one_hot).astype(np.float64)  # (signals, weekdays)
    per_weekday = (days.observed.astype(np.float32) @ one_hot).astype(np.float64)
    counts = per_weekday[SIGNAL_FEATURES]
    total = np.maximum(counts.sum(axis=1), 1.0)
    level = sums.sum(axis=1) ** 2 / total
    between = (sums**2 / np.maximum(counts, 1.0)).sum(axis=1) - level
    chosen = deviations if known.all() else deviations[:, known]
    squares = np.einsum("sd,sd->s", chosen, chosen, dtype=np.float64) - level
    enough = usable & ((counts > 0).sum(axis=1) >= 2) & (total >= MIN_REPEATS)
    return _items(between, squares, enough), _per_item(per_weekday.sum(axis=1))


def _per_item(per_feature: np.ndarray) -> np.ndarray:
    """Return a number of each feature for each item, int (items,)."""
    feature = SIGNAL_FEATURES[ITEM_SIGNALS.argmax(axis=1)]
    return per_feature[feature].astype(np.int64)


def observed_days(days: PersonDays) -> np.ndarray:
    """Return how many cells of each item were observed, int (items,)."""
    return _per_item(days.counts.sum(axis=1))
