"""Fitbit's series, minute by minute in UTC, and those that are totals of local days."""

from __future__ import annotations

import numpy as np

from human_wm_env.exports.clock import Clock
from human_wm_env.exports.day_log import DayLogBuilder, as_number
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats import fitbit_google_data as google
from human_wm_env.exports.formats.fitbit_active_minutes import last_day
from human_wm_env.exports.ledger import Where
from human_wm_env.exports.rates import HIGHEST_RATE
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.series import MINUTE, QUARTER, Series
from human_wm_env.exports.stamps import DAY_SECONDS, EPOCH, read_day, read_stamp
from human_wm_env.person import schema

RATE = "heart_rate"
# Kind of file: feature, and what its values are multiplied by.
KINDS = {
    "steps": (schema.STEPS, 1.0),
    "calories": (schema.CALORIES, 1.0),
    "distance": (schema.DISTANCE, 1e-5),  # cm
    RATE: (schema.HEART_RATE, 1.0),
}
Entries = list[dict[str, object]]


class TrackerSeries:
    """The series of one person, out of all files.

    Args:
        log: where days are put.
    """

    def __init__(self, log: DayLogBuilder) -> None:
        self._log = log
        self._series = {
            kind: Series(
                feature,
                log.ledger,
                bin_seconds=QUARTER if kind == RATE else MINUTE,
                low=1.0 if kind == RATE else 0.0,
                high=HIGHEST_RATE if kind == RATE else float("inf"),
            )
            for kind, (feature, _) in KINDS.items()
        }
        self._by_minute: set[str] = set()  # kinds with a JSON file of minutes
        self._at_midnight: dict[str, list[tuple[str, Entries]]] = {}

    def __bool__(self) -> bool:
        """Return True for any value that has a time of day."""
        return any(len(series.bins()[0]) for series in self._series.values())

    def read_json(self, path: str, kind: str, entries: Entries) -> None:
        """Read a file, or keep it until all are known.

        Whether midnights are days, or minutes of UTC, is seen from all files of a kind.
        """
        self._log.offered.add(KINDS[kind][0])
        if all(_may_be_total(entry) for entry in entries):
            self._at_midnight.setdefault(kind, []).append((path, entries))
        else:
            self._by_minute.add(kind)
            self._read_minutes(path, kind, entries)

    def read_csv(self, export: Export, path: str, kind: str) -> None:
        """Read a file of Takeout's `*_GoogleData`."""
        stamps, values = google.read_series(export, path, kind, self._log.ledger)
        if stamps:
            self._log.offered.add(KINDS[kind][0])
            column = google.SERIES[kind][0]
            self._series[kind].add(path, stamps, np.array(values), column=column)

    def finish_reading(self) -> None:
        """Read the files that only have midnights, as soon as all others are known."""
        for kind, files in self._at_midnight.items():
            # The value of the export that reaches furthest stays: an earlier one ends within a day.
            newest_first = not self._log.last_wins
            for path, entries in sorted(
                files, key=lambda file: last_day(file[1]), reverse=newest_first
            ):
                if kind in self._by_minute and len(entries) == 1:
                    self._read_minutes(path, kind, entries)
                else:
                    self._read_totals(path, kind, entries)

    def write(self, clock: Clock) -> None:
        """Put the days into the log."""
        for kind, series in self._series.items():
            series.write(self._log, clock, mean=kind == RATE)

    def steps(self) -> tuple[np.ndarray, np.ndarray]:
        """Return minutes since 1970 in UTC, sorted, and the steps in them."""
        minutes, steps, _ = self._series["steps"].bins()
        return minutes, steps

    def quarters_with_a_rate(self, clock: Clock) -> dict[int, int]:
        """Return by local day in how many quarters of an hour there is a heart rate."""
        days = self._series[RATE].local_starts(clock) // DAY_SECONDS + EPOCH
        return dict(
            zip(*(one.tolist() for one in np.unique(days, return_counts=True)), strict=True)
        )

    def signs_of_wear(self, clock: Clock) -> tuple[np.ndarray, np.ndarray]:
        """Return the first and last local seconds of minutes that were walked, and of rates.

        Minutes of zeros are none: Fitbit fills in those of a tracker that lies in a drawer.
        """
        return self._bins_of_wear(clock, above_zero=True)

    def span(self, clock: Clock) -> tuple[int, int]:
        """Return the first and last local second that the series have, with any zeros."""
        starts, ends = self._bins_of_wear(clock, above_zero=False)
        return int(starts.min()), int(ends.max())

    def _bins_of_wear(self, clock: Clock, *, above_zero: bool) -> tuple[np.ndarray, np.ndarray]:
        found = [
            (self._series[kind].local_starts(clock, above_zero=above_zero), length)
            for kind, length in (("steps", MINUTE), ("distance", MINUTE), (RATE, QUARTER))
        ]
        starts = np.concatenate([one for one, _ in found])
        return starts, np.concatenate([one + length for one, length in found])

    def _read_minutes(self, path: str, kind: str, entries: Entries) -> None:
        series = self._series[kind]
        unsure = [_stamp(entry) for entry in entries if _is_default_rate(kind, entry)]
        if unsure:
            why = "a rate without any confidence is made up"
            series.reject(path, "value.bpm", unsure, why, Reason.UNCONFIRMED)
            entries = [entry for entry in entries if not _is_default_rate(kind, entry)]
        values = np.array([_number(entry.get("value")) for entry in entries])
        stamps = [_stamp(entry) for entry in entries]
        series.add(path, stamps, values * KINDS[kind][1], column="value")

    def _read_totals(self, path: str, kind: str, entries: Entries) -> None:
        feature, scale = KINDS[kind]
        for number, entry in enumerate(entries):
            where = Where(path, f"[{number}].value")
            day = read_day(_stamp(entry))
            self._log.number(feature, day, entry.get("value"), where, "value", scale=scale)


def _stamp(entry: dict[str, object]) -> str:
    return str(entry.get("dateTime", ""))


def _may_be_total(entry: dict[str, object]) -> bool:
    """Return True for one value at a midnight, at a date without a time, or at no date."""
    stamp = read_stamp(_stamp(entry))
    return (stamp is None or stamp[1] == 0) and not isinstance(entry.get("value"), dict)


def _number(value: object) -> float:
    if isinstance(value, dict):
        value = value.get("bpm")
    number = as_number(value)
    return float("nan") if number is None else number


def _is_default_rate(kind: str, entry: dict[str, object]) -> bool:
    value = entry.get("value")
    return kind == RATE and isinstance(value, dict) and as_number(value.get("confidence")) == 0
