"""From what the sources say of one person to one log: checked, merged, cut to its days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from human_wm_env.exports.day_log import DayLog, iso_date
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.person import schema
from human_wm_env.person.impossible_values import (
    FEWEST_VALUES,
    MOST,
    OutsideBounds,
    another_unit,
    is_impossible,
)

BY_CELL, BY_DAY = "cell", "day"
MERGES = (BY_CELL, BY_DAY)


@dataclass(frozen=True)
class PersonDays:
    """The whole log of one person, from the first to the last observed day.

    Attributes:
        first_day: ordinal of the first row's date.
        values: float64 (days, 10), NaN where missing.
        reasons: uint8 (days, 10), `Reason`, 0 where observed.
    """

    first_day: int
    values: np.ndarray
    reasons: np.ndarray


class Impossible:
    """How many cells of each feature were possible, and what some of the others held."""

    MOST_KEPT = 1000

    def __init__(self) -> None:
        self.possible = np.zeros(schema.FEATURE_COUNT, np.int64)
        self.cells = np.zeros(schema.FEATURE_COUNT, np.int64)
        self.values: list[list[float]] = [[] for _ in schema.FEATURES]

    def add(self, feature: int, value: float) -> None:
        """Count an impossible cell."""
        self.cells[feature] += 1
        if len(self.values[feature]) < self.MOST_KEPT:
            self.values[feature].append(value)

    def check_units(self) -> None:
        """Raise a DataError where most cells of a feature were impossible: it is another unit."""
        for feature in schema.CONTINUOUS_FEATURES:
            wrong, total = int(self.cells[feature]), int((self.cells + self.possible)[feature])
            if total < FEWEST_VALUES or wrong <= MOST * total:
                continue
            bounds, values = schema.continuous(feature), np.array(self.values[feature])
            found = OutsideBounds(
                bounds.name,
                wrong,
                total,
                bounds.low,
                bounds.high,
                float(values.min()),
                float(values.max()),
            )
            raise another_unit(feature, values, found)


def quarantine(log: DayLog, ledger: Ledger, impossible: Impossible) -> DayLog:
    """Empty the cells whose value is outside the schema's bounds, and reject what is in them."""
    outside = np.zeros(log.values.shape, dtype=bool)
    for feature in schema.CONTINUOUS_FEATURES:
        outside[:, feature] = is_impossible(feature, log.values[:, feature])
    impossible.possible += np.count_nonzero(~np.isnan(log.values) & ~outside, axis=0)
    if not outside.any():
        return log
    for row, feature in np.argwhere(outside).tolist():
        bounds, value = schema.continuous(feature), float(log.values[row, feature])
        impossible.add(feature, value)
        ledger.reject(
            feature,
            Where(log.place, iso_date(log.first_day + row)),
            bounds.name,
            f"{value:.10g}",
            f"it should be {bounds.low:g} to {bounds.high:g} {bounds.unit}",
            values=int(log.counts[row, feature]),
            format_name=log.source,
        )
    return replace(
        log,
        values=np.where(outside, np.nan, log.values),
        reasons=np.where(outside, Reason.QUARANTINED, log.reasons).astype(np.uint8),
        counts=np.where(outside, 0, log.counts),
    )


def merge_sources(
    logs: Sequence[DayLog], ledger: Ledger, *, by: str = BY_CELL
) -> PersonDays | None:
    """Merge the sources of one person.

    Args:
        logs: quarantined, that of the highest priority first.
        ledger: where kept and merged values are counted.
        by: "cell": each cell is from the first source that has it; "day": all cells of a day
            are from the first source that has any of them, the others' are merged away.

    Returns:
        None where no source has a value.
    """
    if not logs:
        return None
    first = min(log.first_day for log in logs)
    days = max(log.first_day + log.days for log in logs) - first
    values = np.full((days, schema.FEATURE_COUNT), np.nan)
    reasons = np.full((days, schema.FEATURE_COUNT), Reason.NOT_OFFERED, dtype=np.uint8)
    for log in logs:
        rows = slice(log.first_day - first, log.first_day - first + log.days)
        here, why = values[rows], reasons[rows]
        has = ~np.isnan(log.values)
        free = np.isnan(here)
        if by == BY_DAY:
            free &= free.all(axis=1, keepdims=True)
        taken, passed_over = has & free, has & ~free
        for feature in range(schema.FEATURE_COUNT):
            counts = log.counts[:, feature]
            ledger.keep(log.source, feature, int(counts[taken[:, feature]].sum()))
            merged = int(counts[passed_over[:, feature]].sum())
            if merged:
                ledger.merge(feature, merged, format_name=log.source)
        empty = np.isnan(here) & ~taken
        np.maximum(
            why,
            np.where(passed_over, np.uint8(Reason.MERGED_AWAY), log.reasons),
            out=why,
            where=empty,
        )
        here[taken] = log.values[taken]
        why[taken] = Reason.OBSERVED
    reasons[~np.isnan(values)] = Reason.OBSERVED
    # A feature that the person's sources offer is not in them on days that they do not reach.
    offered = (reasons != Reason.NOT_OFFERED).any(axis=0)
    reasons[(reasons == Reason.NOT_OFFERED) & offered] = Reason.NOT_IN_EXPORT
    observed = np.flatnonzero(~np.isnan(values).all(axis=1))
    if len(observed) == 0:
        return None
    kept = slice(int(observed[0]), int(observed[-1]) + 1)
    return PersonDays(first + kept.start, values[kept], reasons[kept])
