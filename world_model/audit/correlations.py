"""Correlations between features within people, on the same day and with the next."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from human_wm_env.person import schema
from world_model.audit.signals import SIGNAL_FEATURES, SIGNALS, PersonDays

MIN_PAIR_DAYS = 50  # days on which both are observed
_CHUNK_DAYS = 65536
_NO_MASK = np.zeros(schema.FEATURE_COUNT, dtype=np.intp)


@dataclass(frozen=True)
class Columns:
    """Columns of numbers with a mask.

    Attributes:
        values: float32 (columns, days), 0 where not observed.
        observed: float32 (masks, days), 1 where observed.
        mask_of: int (columns,), which mask belongs to a column.
    """

    values: np.ndarray
    observed: np.ndarray
    mask_of: np.ndarray

    def days(self, part: slice | np.ndarray) -> Columns:
        """Return some of the days."""
        return Columns(self.values[:, part], self.observed[:, part], self.mask_of)

    def columns(self, chosen: np.ndarray) -> Columns:
        """Return some of the columns, with the masks they need."""
        masks, mask_of = np.unique(self.mask_of[chosen], return_inverse=True)
        return Columns(self.values[chosen], self.observed[masks], mask_of)


def correlate(x: Columns, y: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Correlate the columns of x with those of y over the days on which both are observed.

    Returns:
        Pearson's r, float (x columns, y columns), NaN where too little was observed, and the
        days, float of the same shape.
    """
    days = x.values.shape[1]
    starts = range(0, max(days, 1), _CHUNK_DAYS)  # no day at all is one empty chunk
    parts = [slice(start, start + _CHUNK_DAYS) for start in starts]  # each fits the cache
    count, sx, sy, xx, yy, xy = reduce(
        np.add, (_sums(x.days(part), y.days(part)) for part in parts)
    )
    n = np.maximum(count, 1.0)
    spread_x, spread_y = xx - sx**2 / n, yy - sy**2 / n
    spread = np.sqrt(np.maximum(spread_x, 0.0) * np.maximum(spread_y, 0.0))
    enough = (count >= MIN_PAIR_DAYS) & (spread > 1e-6 * n)
    r = np.where(enough, (xy - sx * sy / n) / np.where(enough, spread, 1.0), np.nan)
    return r, count


def _sums(x: Columns, y: Columns) -> np.ndarray:
    """Return days, x, y, xx, yy and xy summed over common days, float64 (6, rows, columns)."""
    seen_x, seen_y = x.observed.T, y.observed.T
    sums = (
        (x.observed @ seen_y)[x.mask_of][:, y.mask_of],
        (x.values @ seen_y)[:, y.mask_of],
        (y.values @ seen_x)[:, x.mask_of].T,
        ((x.values**2) @ seen_y)[:, y.mask_of],
        ((y.values**2) @ seen_x)[:, x.mask_of].T,
        x.values @ y.values.T,
    )
    return np.stack(sums).astype(np.float64)


@dataclass(frozen=True)
class LinkInputs:
    """What links are computed from: deviations of the signals, and of their masks.

    Attributes:
        signals: deviations of each signal from the person's mean.
        logged: deviations of each feature's mask (1 = observed) from the person's share.
        has_next: bool (days - 1,), whether the next column is the same person's next day.
    """

    signals: Columns
    logged: Columns
    has_next: np.ndarray

    @classmethod
    def from_days(cls, days: PersonDays, *, within_people: bool) -> LinkInputs:
        """Centre the logs within people, or over all rows."""
        seen = days.observed.astype(np.float32)
        if within_people:
            shares = (days.counts / days.lengths).astype(np.float32)[:, days.person]
        else:
            shares = seen.mean(axis=1, keepdims=True)
        everywhere = np.ones((1, days.count), dtype=np.float32)
        return cls(
            Columns(days.deviations(within_people=within_people), seen, SIGNAL_FEATURES),
            Columns(seen - shares, everywhere, _NO_MASK),
            days.has_next,
        )

    def rearranged(self, orders: list[np.ndarray]) -> LinkInputs:
        """Give every feature its own order of the days; it keeps its mask."""
        values = np.empty_like(self.signals.values)
        seen = np.empty_like(self.signals.observed)
        logged = np.empty_like(self.logged.values)
        for feature, order in enumerate(orders):
            for signal in np.flatnonzero(feature == SIGNAL_FEATURES):
                values[signal] = self.signals.values[signal][order]
            seen[feature] = self.signals.observed[feature][order]
            logged[feature] = self.logged.values[feature][order]
        return LinkInputs(
            Columns(values, seen, SIGNAL_FEATURES),
            Columns(logged, self.logged.observed, self.logged.mask_of),
            self.has_next,
        )


@dataclass(frozen=True)
class LinkTable:
    """The pairs of one family, by position in a matrix of correlations.

    Attributes:
        rows, columns: int (pairs,), positions in the matrix.
        signals: per pair, the signals that have to be usable.
        names: of and to of each pair.
    """

    rows: np.ndarray
    columns: np.ndarray
    signals: tuple[np.ndarray, ...]
    names: list[tuple[str, str | None]]

    def are_usable(self, signals: np.ndarray) -> np.ndarray:
        """Return which pairs consist of usable signals, bool (pairs,), by bool (signals,)."""
        return np.logical_and.reduce([signals[each] for each in self.signals])


_NAMES = [signal.name for signal in SIGNALS]
_ACTIONS = np.flatnonzero(np.isin(SIGNAL_FEATURES, schema.ACTION_FEATURES))
_STATES = np.flatnonzero(np.isin(SIGNAL_FEATURES, schema.STATE_FEATURES))


def _same_day_table() -> LinkTable:
    different = SIGNAL_FEATURES[:, None] != SIGNAL_FEATURES
    rows, columns = np.nonzero(np.triu(different))
    names = [(_NAMES[i], _NAMES[j]) for i, j in zip(rows, columns, strict=True)]
    return LinkTable(rows, columns, (rows, columns), list(names))


def _next_day_table() -> LinkTable:
    rows, columns = (grid.ravel() for grid in np.indices((len(_ACTIONS), len(_STATES))))
    signals = (_ACTIONS[rows], _STATES[columns])
    names = [(_NAMES[i], f"{_NAMES[j]} next day") for i, j in zip(*signals, strict=True)]
    return LinkTable(rows, columns, signals, list(names))


def _logged_table() -> LinkTable:
    rows, columns = np.nonzero(SIGNAL_FEATURES[:, None] != np.arange(schema.FEATURE_COUNT))
    logged = [f"{name} is logged" for name in schema.FEATURE_NAMES]
    names = [(_NAMES[i], logged[j]) for i, j in zip(rows, columns, strict=True)]
    return LinkTable(rows, columns, (rows,), list(names))


SAME_DAY, NEXT_DAY, LOGGED = _same_day_table(), _next_day_table(), _logged_table()


def same_day(inputs: LinkInputs) -> tuple[np.ndarray, np.ndarray]:
    """Return r and days of the pairs of `SAME_DAY`."""
    return _pick(*correlate(inputs.signals, inputs.signals), SAME_DAY)


def next_day(inputs: LinkInputs) -> tuple[np.ndarray, np.ndarray]:
    """Return r and days of the pairs of `NEXT_DAY`: a day's action, the next day's state."""
    today = np.flatnonzero(inputs.has_next)
    x = inputs.signals.columns(_ACTIONS).days(today)
    y = inputs.signals.columns(_STATES).days(today + 1)
    return _pick(*correlate(x, y), NEXT_DAY)


def with_logging(inputs: LinkInputs) -> tuple[np.ndarray, np.ndarray]:
    """Return r and days of the pairs of `LOGGED`: a value, and whether another is observed."""
    return _pick(*correlate(inputs.signals, inputs.logged), LOGGED)


def _pick(r: np.ndarray, days: np.ndarray, table: LinkTable) -> tuple[np.ndarray, np.ndarray]:
    at = (table.rows, table.columns)
    return r[at], days[at].astype(np.int64)


def statistics(correlations_and_days: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return r times the root of the days: comparable where gaps move and days vary."""
    correlations, days = correlations_and_days
    return correlations * np.sqrt(days)
