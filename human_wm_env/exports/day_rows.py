"""Rows of a table of many people's days, as arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from human_wm_env.exports.day_log import DayLog, iso_date
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.reasons import Reason
from human_wm_env.person import schema

# Stands for a value that was rejected, so that its cell is quarantined and not just empty.
REJECTED = -np.inf


@dataclass(frozen=True)
class DayRows:
    """Rows in the order of their file; every value in them is counted as read.

    Attributes:
        source: name of the format.
        files: names of the files.
        offered: features that the table has any value of.
        user_ids: ids in order of appearance; None where the table names nobody.
        user: int (rows,), position in `user_ids`.
        day: int (rows,), ordinals of dates.
        line: int (rows,), line of the file.
        values: float64 (rows, 10), NaN where empty, REJECTED where a value was rejected.
        file: int (rows,), position in `files`.
        reasons: uint8 (rows, 10), `Reason` of empty cells where known, else 0; None: unknown.
    """

    source: str
    files: tuple[str, ...]
    offered: tuple[int, ...]
    user_ids: tuple[str | None, ...]
    user: np.ndarray
    day: np.ndarray
    line: np.ndarray
    values: np.ndarray
    file: np.ndarray
    reasons: np.ndarray | None = None

    def people(
        self, ledger: Ledger, repeated: str
    ) -> Iterator[tuple[str | None, Callable[[], DayLog | None]]]:
        """Yield each person with a reader of their days; repeated rows are rejected first."""
        kept = self._without_repetitions(ledger, repeated)
        begins = np.searchsorted(self.user[kept], np.arange(len(self.user_ids) + 1))
        for index, user_id in enumerate(self.user_ids):
            rows = kept[begins[index] : begins[index + 1]]
            if len(rows):
                yield user_id, partial(self._log, rows)

    def _without_repetitions(self, ledger: Ledger, repeated: str) -> np.ndarray:
        """Return the rows to keep, sorted by person and day, int (kept,)."""
        order = np.lexsort((self.day, self.user))  # stable
        user, day = self.user[order], self.day[order]
        again = np.zeros(len(order), dtype=bool)
        again[1:] = (user[1:] == user[:-1]) & (day[1:] == day[:-1])
        if not again.any():
            return order
        kept = ~again if repeated == "first" else ~np.append(again[1:], False)
        of_kept = np.cumsum(kept) - 1 if repeated == "first" else np.cumsum(kept) - kept
        twin = order[kept][of_kept]
        surplus = np.flatnonzero(~kept)
        lost, stays = self.values[order[surplus]], self.values[twin[surplus]]
        same = ((lost == stays) | (np.isnan(lost) & np.isnan(stays))).all(axis=1)
        has = np.isfinite(lost)
        for feature in range(schema.FEATURE_COUNT):
            ledger.merge(feature, int(has[same, feature].sum()))
        rows = order[surplus[~same]]
        dates = {day: iso_date(day) for day in set(self.day[rows].tolist())}
        ledger.reject_rows(
            range(schema.FEATURE_COUNT),
            has[~same],
            (
                (self.files[self.file[row]], f"line {self.line[row]}", "date", dates[self.day[row]])
                for row in rows.tolist()
            ),
            "a person has one row a date, and this is one of two different ones",
        )
        return order[kept]

    def _log(self, rows: np.ndarray) -> DayLog:
        day = self.day[rows]
        first = int(day[0])
        days = int(day[-1]) - first + 1
        values = np.full((days, schema.FEATURE_COUNT), np.nan)
        values[day - first] = self.values[rows]
        rejected = values == REJECTED
        values[rejected] = np.nan
        reasons = np.full(values.shape, Reason.NOT_OFFERED, dtype=np.uint8)
        reasons[:, list(self.offered)] = Reason.NOT_IN_EXPORT
        if self.reasons is not None:
            reasons[day - first] = np.maximum(reasons[day - first], self.reasons[rows])
        reasons[rejected] = Reason.QUARANTINED
        has = ~np.isnan(values)
        reasons[has] = Reason.OBSERVED
        return DayLog(
            self.source,
            first,
            values,
            reasons,
            has.astype(np.int64),
            self.files[self.file[rows[0]]],
        )


def together(tables: Sequence[DayRows]) -> DayRows:
    """Return the rows of several tables of one format, in their order, as one.

    Args:
        tables: at least one, without `reasons`.
    """
    users: dict[str | None, int] = {}
    files: list[str] = []
    user, file = [], []
    for table in tables:
        places = [users.setdefault(name, len(users)) for name in table.user_ids]
        user.append(np.array(places, dtype=np.int64)[table.user])
        file.append(table.file + len(files))
        files += table.files
    return DayRows(
        tables[0].source,
        tuple(files),
        tuple(sorted({feature for table in tables for feature in table.offered})),
        tuple(users),
        np.concatenate(user),
        np.concatenate([table.day for table in tables]),
        np.concatenate([table.line for table in tables]),
        np.concatenate([table.values for table in tables]),
        np.concatenate(file),
    )


def joined(parts: Sequence[np.ndarray], width: int | None = None) -> np.ndarray:
    """Join arrays of rows, of which there may be none."""
    if parts:
        return np.concatenate(parts)
    return np.empty(0 if width is None else (0, width))
