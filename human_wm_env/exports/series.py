"""Series of a tracker, minute by minute or finer, as sums of bins."""

from __future__ import annotations

import numpy as np

from human_wm_env.exports.clock import Clock
from human_wm_env.exports.day_log import DayLogBuilder
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.stamps import DAY_SECONDS, EPOCH, FIRST_DAY, latest_day, seconds_of

MINUTE, QUARTER = 60, 900
_LINES_OF_A_FILE = 20


class Series:
    """One quantity of one person, out of several files.

    Args:
        feature: index of the feature.
        ledger: where values are counted.
        bin_seconds: MINUTE: one value a minute, a second one is merged; QUARTER: many values
            in a quarter of an hour, one of a second file is merged.
        low, high: what a single value can be, in our unit.
    """

    def __init__(
        self,
        feature: int,
        ledger: Ledger,
        *,
        bin_seconds: int = MINUTE,
        low: float = 0.0,
        high: float = float("inf"),
    ) -> None:
        self.feature, self._ledger = feature, ledger
        self._bin, self._low, self._high = bin_seconds, low, high
        self._parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        # Quarters of an hour in UTC, and why values in them were set aside.
        self._set_aside: list[tuple[np.ndarray, Reason]] = []

    def add(self, file: str, stamps: list[str], values: np.ndarray, *, column: str) -> None:
        """Add the values of one file; a NaN is what is no number.

        Args:
            file: its name.
            stamps: one text a value.
            values: float (values,), in our unit.
            column: what values are called there.
        """
        self._ledger.read(self.feature, len(values))
        seconds = read_seconds(stamps)
        impossible = ~((values >= self._low) & (values <= self._high))
        no_date = seconds < 0
        self._reject(file, column, impossible, values, "it should be a possible number")
        undated = no_date & ~impossible
        self._reject(file, "time", undated, stamps, "its time should be a day since 2000")
        self._remember(seconds[impossible & ~no_date], Reason.QUARANTINED)
        good = ~(impossible | no_date)
        keys, which, counts = np.unique(
            seconds[good] // self._bin, return_inverse=True, return_counts=True
        )
        sums = np.bincount(which, weights=values[good], minlength=len(keys))
        if self._bin == MINUTE and (counts > 1).any():
            first = np.unique(which, return_index=True)[1]
            sums = values[good][first]
            self._ledger.merge(self.feature, int((counts - 1).sum()))
            counts = np.ones_like(counts)
        self._parts.append((keys, sums, counts))

    def reject(self, file: str, column: str, stamps: list[str], why: str, reason: Reason) -> None:
        """Count further values of a file as read and rejected, in one line."""
        self._ledger.read(self.feature, len(stamps))
        where = Where(file, "several")
        self._ledger.reject(self.feature, where, column, "", why, reason=reason, values=len(stamps))
        seconds = read_seconds(stamps)
        self._remember(seconds[seconds >= 0], reason)

    def bins(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return bins (in units of the bin, sorted), sums and counts of values.

        Of bins that several files have, that of the file which reaches furthest is kept, the first
        one of equals: an earlier export has zeros, or a part of the bin, where it ends. The others
        are merged.
        """
        if not self._parts:
            return np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64)
        self._parts.sort(key=lambda part: -int(part[0][-1]) if len(part[0]) else 0)
        keys, sums, counts = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        unique, first = np.unique(keys, return_index=True)
        merged = int(counts.sum() - counts[first].sum())
        if merged:
            self._ledger.merge(self.feature, merged)
        self._parts = [(unique, sums[first], counts[first])]
        return self._parts[0]

    def write(self, log: DayLogBuilder, clock: Clock, *, mean: bool = False) -> None:
        """Put daily sums, or means of the values, into the log.

        A day that has a value already keeps it, and the series' values of it are merged. Days of
        which every value was set aside say why.
        """
        keys, sums, counts = self.bins()
        days, which = np.unique(_days(clock, keys * self._bin), return_inverse=True)
        total = np.bincount(which, weights=sums, minlength=len(days))
        values = np.bincount(which, weights=counts, minlength=len(days)).astype(np.int64)
        known = np.array([log.value(self.feature, day) is not None for day in days.tolist()], bool)
        if known.any():
            self._ledger.merge(self.feature, int(values[known].sum()))
        found = total / values if mean else total
        log.add_series(self.feature, days[~known], found[~known], values[~known])
        for quarters, reason in self._set_aside:
            for day in np.unique(_days(clock, quarters * QUARTER)).tolist():
                if log.value(self.feature, day) is None:
                    log.miss(self.feature, day, reason)

    def local_starts(self, clock: Clock, *, above_zero: bool = False) -> np.ndarray:
        """Return the first local second of every bin, or of those with more than zero."""
        keys, sums, _ = self.bins()
        return clock.local((keys[sums > 0] if above_zero else keys) * self._bin)

    def _remember(self, seconds: np.ndarray, reason: Reason) -> None:
        if len(seconds):
            self._set_aside.append((np.unique(seconds // QUARTER), reason))

    def _reject(
        self, file: str, column: str, bad: np.ndarray, values: np.ndarray | list[str], why: str
    ) -> None:
        rows = np.flatnonzero(bad).tolist()
        for row in rows[:_LINES_OF_A_FILE]:
            where = Where(file, f"[{row}]")
            self._ledger.reject(self.feature, where, column, values[row], why)
        more = len(rows) - _LINES_OF_A_FILE
        if more > 0:
            where = Where(file, f"[{rows[_LINES_OF_A_FILE]}] and later")
            self._ledger.reject(self.feature, where, column, "", why, values=more)


def _days(clock: Clock, utc: np.ndarray) -> np.ndarray:
    """Return ordinals of the local days of seconds in UTC."""
    days: np.ndarray = clock.local(utc) // DAY_SECONDS + EPOCH
    return days


def read_seconds(stamps: list[str]) -> np.ndarray:
    """Return seconds since 1970 of stamps as they stand, -1 where there is no possible one."""
    seconds = _read_fixed(stamps)
    if seconds is None:
        read = [seconds_of(text) for text in stamps]
        seconds = np.array([-1 if one is None else one for one in read], np.int64)
    low, high = ((day - EPOCH) * DAY_SECONDS for day in (FIRST_DAY, latest_day() + 1))
    return np.where((seconds >= low) & (seconds < high), seconds, -1)


# Of stamps of one width: where year, month, day, hour, minute and second stand, and the rest.
_LAYOUTS = {
    17: (
        (6, 8),
        (0, 2),
        (3, 5),
        (9, 11),
        (12, 14),
        (15, 17),
        {2: "/", 5: "/", 8: " ", 11: ":", 14: ":"},
    ),
    19: ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19), {4: "-", 7: "-", 13: ":", 16: ":"}),
    20: (
        *((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)),
        {4: "-", 7: "-", 10: "T", 13: ":", 16: ":", 19: "Z"},
    ),
}


def _read_fixed(stamps: list[str]) -> np.ndarray | None:
    """Read stamps that all have one known layout, at once; None where they have not."""
    width = len(stamps[0]) if stamps else 0
    if width not in _LAYOUTS or set(map(len, stamps)) != {width}:
        return None
    try:
        text = np.array(stamps, dtype=f"S{width}")
    except UnicodeEncodeError:
        return None
    characters = text.view(np.uint8).reshape(len(stamps), width)
    *places, separators = _LAYOUTS[width]
    for place, character in separators.items():
        if (characters[:, place] != ord(character)).any():
            return None
    numbers = []
    for start, stop in places:
        digits = characters[:, start:stop].astype(np.int64) - ord("0")
        if ((digits < 0) | (digits > 9)).any():
            return None
        numbers.append(digits @ (10 ** np.arange(stop - start)[::-1]))
    year, month, day, hour, minute, second = numbers
    year = year + 2000 if width == 17 else year
    possible = (month >= 1) & (month <= 12) & (hour < 24) & (minute < 60) & (second < 60)
    months = ((year - 1970) * 12 + np.clip(month, 1, 12) - 1).astype("M8[M]")
    first = months.astype("M8[D]").astype(np.int64)
    length = (months + 1).astype("M8[D]").astype(np.int64) - first
    possible &= (day >= 1) & (day <= length)
    seconds = (first + day - 1) * DAY_SECONDS + hour * 3600 + minute * 60 + second
    return np.where(possible, seconds, -1)
