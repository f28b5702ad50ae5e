"""What one source says about the days of one person, and how a reader collects it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.person import schema

# Text that exports write where nothing was measured.
NOTHING = frozenset({"", "none", "nan", "null", "n/a", "na", "--", "-"})


@dataclass(frozen=True)
class DayLog:
    """One source's days of one person.

    Attributes:
        source: name of the format.
        first_day: ordinal of the first row's date.
        values: float64 (days, 10), NaN where there is no value.
        reasons: uint8 (days, 10), `Reason`; 0 where there is a value.
        counts: int64 (days, 10), how many values of the export each cell was made of.
        place: what rejected cells are said to stand in.
    """

    source: str
    first_day: int
    values: np.ndarray
    reasons: np.ndarray
    counts: np.ndarray
    place: str

    @property
    def days(self) -> int:
        """Number of days."""
        return len(self.values)


class DayLogBuilder:
    """Collects cells of one person from one source, and counts each value once.

    Args:
        source: name of the format.
        offered: features that this export has; the others are "not offered".
        ledger: where values are counted.
        repeated: which of two different values of one cell stays: "first" or "last".

    Attributes:
        last_wins: it is the last.
    """

    def __init__(
        self, source: str, offered: Iterable[int], ledger: Ledger, *, repeated: str = "first"
    ) -> None:
        self.source, self.offered, self.ledger = source, set(offered), ledger
        self.last_wins = repeated == "last"
        self._cells: list[dict[int, tuple[float, int]]] = [{} for _ in schema.FEATURES]
        self._missing: list[dict[int, Reason]] = [{} for _ in schema.FEATURES]

    def number(
        self,
        feature: int,
        day: int | None,
        text: object,
        where: Where,
        column: str,
        *,
        scale: float = 1.0,
        combine: str = "one",
    ) -> float | None:
        """Read a number and put it into its cell.

        Args:
            feature: its index.
            day: ordinal of the date; None rejects the value for its date.
            text: a number, or text; what stands for nothing is not counted as read.
            where: its file and place.
            column: its name there.
            scale: what it is multiplied by, to our unit.
            combine: see `put`.

        Returns:
            The number in our unit, None where there is none.
        """
        if is_nothing(text):
            return None
        self.ledger.read(feature)
        value = as_number(text)
        if day is None:
            self.ledger.reject(feature, where, column, text, "its date should be a day since 2000")
            return None
        if value is None:
            self.reject_cell(feature, day, where, column, text, "it should be a finite number")
            return None
        if value < 0:
            self.reject_cell(feature, day, where, column, text, "it should not be negative")
            return None
        self.put(feature, day, value * scale, where, column, combine=combine)
        return value * scale

    def total(
        self,
        feature: int,
        day: int,
        cells: Mapping[str, object],
        where: Where,
        *,
        scale: float = 1.0,
        counted: bool = False,
    ) -> None:
        """Put the sum of several columns of one row into a cell; see `number`.

        A part of the sum would be another quantity: where a column has none, or a wrong one, all
        are rejected.

        Args:
            feature: its index.
            day: ordinal of the date.
            cells: number or text by column; the sum needs all of them.
            where: the row's file and place.
            scale: what the sum is multiplied by, to our unit.
            counted: what is there was counted as read before.
        """
        found = {column: text for column, text in cells.items() if not is_nothing(text)}
        if not counted:
            self.ledger.read(feature, len(found))
        numbers = {column: as_number(text) for column, text in found.items()}
        good = [number for number in numbers.values() if number is not None and number >= 0]
        if found and len(good) == len(cells):
            column = " + ".join(found)
            self.put(feature, day, sum(good) * scale, where, column, values=len(good))
            return
        if len(good) < len(found):
            reason, lacks = Reason.QUARANTINED, "should be a number, not negative"
        else:
            reason, lacks = Reason.NOT_IN_EXPORT, "is not in the export"
        for column, text in found.items():
            number = numbers[column]
            possible = number is not None and number >= 0
            why = f"{'another part of the sum' if possible else 'a part of a sum'} {lacks}"
            self.ledger.reject(feature, where, column, text, why, reason=reason)
            self.miss(feature, day, reason)

    def put(
        self,
        feature: int,
        day: int,
        value: float,
        where: Where,
        column: str,
        *,
        combine: str = "one",
        values: int = 1,
    ) -> None:
        """Put a value, already counted as read, into its cell.

        Args:
            feature: its index.
            day: ordinal of the date.
            value: in our unit.
            where: its file and place.
            column: its name there.
            combine: where the cell has a value: "sum" adds them; "newest" replaces the old
                one, which is merged; "one" merges equal values, and rejects one of two
                different ones.
            values: how many values of the export it was made of.
        """
        cells = self._cells[feature]
        old = cells.get(day)
        if old is None:
            cells[day] = (value, values)
        elif combine == "sum":
            cells[day] = (old[0] + value, old[1] + values)
        elif combine == "newest":
            self.ledger.merge(feature, old[1])
            cells[day] = (value, values)
        elif old[0] == value:
            self.ledger.merge(feature, values)
        else:
            rejected = old if self.last_wins else (value, values)
            self.ledger.reject(
                feature,
                where,
                column,
                f"{rejected[0]:g}",
                "a day has one value, and this is one of two different ones",
                values=rejected[1],
            )
            if self.last_wins:
                cells[day] = (value, values)

    def add_series(
        self, feature: int, days: np.ndarray, values: np.ndarray, counts: np.ndarray
    ) -> None:
        """Add daily totals of a series, already counted as read; days differ."""
        where = Where(self.source, "series")
        for day, value, count in zip(days.tolist(), values.tolist(), counts.tolist(), strict=True):
            self.put(feature, day, value, where, "", combine="sum", values=count)

    def reject_cell(
        self, feature: int, day: int, where: Where, column: str, value: object, why: str
    ) -> None:
        """Reject a value that was counted as read; its cell is quarantined if none comes."""
        self.ledger.reject(feature, where, column, value, why)
        self.miss(feature, day, Reason.QUARANTINED)

    def miss(self, feature: int, day: int, reason: Reason) -> None:
        """Say why a cell has no value; the greatest reason is kept."""
        old = self._missing[feature].get(day, Reason.OBSERVED)
        self._missing[feature][day] = max(old, reason)

    def take_out(self, feature: int, day: int, reason: Reason, why: str) -> None:
        """Empty a cell for a reason; what it was made of is rejected."""
        self.miss(feature, day, reason)
        old = self._cells[feature].pop(day, None)
        if old is not None:
            self.ledger.reject(
                feature,
                Where(self.source, iso_date(day)),
                schema.FEATURE_NAMES[feature],
                f"{old[0]:g}",
                why,
                reason=reason,
                values=old[1],
            )

    def value(self, feature: int, day: int) -> float | None:
        """Return the value of a cell, None where there is none."""
        cell = self._cells[feature].get(day)
        return None if cell is None else cell[0]

    def reason(self, feature: int, day: int) -> Reason:
        """Return why a cell is empty, as far as it was said; OBSERVED where nothing was."""
        return self._missing[feature].get(day, Reason.OBSERVED)

    def days_of(self, feature: int) -> list[int]:
        """Return the days with a value of a feature, in order."""
        return sorted(self._cells[feature])

    def build(self) -> DayLog | None:
        """Return the log; None where the source says nothing of any day."""
        said = [day for cells in self._cells for day in cells]
        said += [day for reasons in self._missing for day in reasons]
        if not said:
            return None
        first, days = min(said), max(said) - min(said) + 1
        values = np.full((days, schema.FEATURE_COUNT), np.nan)
        counts = np.zeros((days, schema.FEATURE_COUNT), dtype=np.int64)
        reasons = np.full((days, schema.FEATURE_COUNT), Reason.NOT_OFFERED, dtype=np.uint8)
        for feature in range(schema.FEATURE_COUNT):
            if feature in self.offered:
                reasons[:, feature] = Reason.NOT_IN_EXPORT
            for day, reason in self._missing[feature].items():
                reasons[day - first, feature] = reason
            for day, (value, count) in self._cells[feature].items():
                values[day - first, feature] = value
                counts[day - first, feature] = count
                reasons[day - first, feature] = Reason.OBSERVED
        return DayLog(self.source, first, values, reasons, counts, self.source)


def is_nothing(text: object) -> bool:
    """Return True for what exports write where nothing was measured."""
    return text is None or (isinstance(text, str) and text.strip().lower() in NOTHING)


def as_number(text: object) -> float | None:
    """Return a finite number, None where it is none."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return None
    if isinstance(text, str) and ("_" in text or len(text) > 40):
        return None
    try:
        value = float(text)
    except (ValueError, OverflowError):
        return None
    return value if abs(value) < 1e15 else None


def iso_date(day: int) -> str:
    """Return a date such as 2021-05-24."""
    return date.fromordinal(day).isoformat()
