"""Samsung Health's export: CSV files `com.samsung.<type>.<stamp>.csv`, their first line no header.

Stamps are in UTC beside a `time_offset` such as UTC+0530; totals of steps bear the local day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from human_wm_env.exports.accounts import accounts
from human_wm_env.exports.csv_rows import Row, header_of, read_rows
from human_wm_env.exports.day_log import DayLog, DayLogBuilder, as_number, is_nothing
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.rates import DailyRates
from human_wm_env.exports.sleep import Nights, Sleep
from human_wm_env.exports.stamps import day_of, offset_of, read_day, seconds_of
from human_wm_env.exports.workouts import NumberedWorkouts
from human_wm_env.exports.worn_days import mark_days
from human_wm_env.person import schema

_FILE = re.compile(r"com\.samsung\.s?health\.([a-z_.]+)\.\d+\.csv")
_STEPS, _SLEEP, _STAGES = "step_daily_trend", "sleep", "sleep_stage"
_RATES, _EXERCISE = "tracker.heart_rate", "exercise"
_KINDS = (_STEPS, _SLEEP, _STAGES, _RATES, _EXERCISE)
_MERGED_TOTAL = -2  # source_type of what Samsung made of all devices
_AWAKE = 40001
_SPORTS = {
    1001: "walking",
    1002: "running",
    9001: "pilates",
    9002: "yoga",
    10007: "circuit training",
    11007: "cycling",
    13001: "hiking",
    13003: "hiking",  # backpacking
    13004: "mountain biking",
    14001: "swimming",
    15001: "step machine",
    15002: "weight machine",
    15003: "exercise bike",
    15004: "rowing machine",
    15005: "treadmill",
    15006: "elliptical trainer",
}


class SamsungHealth:
    """See the module."""

    name = "samsung_health"

    def recognise(self, export: Export) -> bool:
        """Return True where a file of steps or sleep names itself in its first line."""
        return any(
            export.head(path).removeprefix(b"\xef\xbb\xbf").startswith(b"com.samsung.")
            and _has_header(export, path)
            for path in export.paths
            if _kind(path) in (_STEPS, _SLEEP)
        )

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the person of each folder `samsunghealth_<name>_<stamp>`."""
        folders = {}
        for path in export.paths:
            kind = _kind(path)
            if kind in _KINDS:
                folders[path] = str(PurePosixPath(path).parent)
            else:
                ledger.skip(f"file {kind or PurePosixPath(path).suffix}")
        for name, paths in accounts(folders):
            yield name, _Account(export, paths, options, ledger).read


def _kind(path: str) -> str | None:
    found = _FILE.fullmatch(PurePosixPath(path).name)
    return found.group(1) if found else None


def _has_header(export: Export, path: str) -> bool:
    names = {name.rpartition(".")[2] for name in header_of(export, path, skip_lines=1)}
    return names >= {"day_time", "count"} or names >= {"start_time", "end_time", "time_offset"}


def _cell(row: Row, name: str) -> str:
    """Return a cell by its column's last word: `com.samsung.health.sleep.` stands before some."""
    found = row.get(name) or next(
        (cell for column, cell in row.cells.items() if cell and column.endswith(f".{name}")), ""
    )
    return "" if found == "-1" or is_nothing(found) else found


def _local(row: Row, name: str) -> int | None:
    """Return local seconds since 1970 of a stamp in UTC, None without a time or an offset."""
    text, offset = _cell(row, name), offset_of(_cell(row, "time_offset"))
    milliseconds = as_number(text)
    utc = seconds_of(text) if milliseconds is None else int(milliseconds // 1000)
    return None if utc is None or offset is None else utc + offset


class _Account:
    """Reads the files of one account."""

    def __init__(
        self, export: Export, paths: Sequence[str], options: ReadingOptions, ledger: Ledger
    ) -> None:
        self.export, self.paths, self.ledger = export, paths, ledger
        self.log = DayLogBuilder(SamsungHealth.name, (), ledger, repeated=options.repeated)
        # By day: whether it is the merged total, when it was written, and its row.
        self.totals: dict[int, tuple[tuple[bool, str, float], Row]] = {}
        self.sleeps: list[tuple[Row, int, int]] = []
        self.awake: dict[str, dict[int, int]] = {}
        self.nights = Nights(options.naps)
        self.rates = DailyRates(self.log, _RATES, "heart_rate")
        self.workouts = NumberedWorkouts(
            self.log, _SPORTS, options.categories, _EXERCISE, "exercise_type"
        )

    def read(self) -> DayLog | None:
        """Return the log."""
        readers: dict[str | None, Callable[[Row], None]] = {
            _STEPS: self._read_steps,
            _SLEEP: self._read_sleep,
            _STAGES: self._read_stage,
            _RATES: self._read_rate,
            _EXERCISE: self._read_exercise,
        }
        offers: dict[str | None, int] = {
            _SLEEP: schema.SLEEP,
            _RATES: schema.HEART_RATE,
            _EXERCISE: schema.WORKOUT,
        }
        for path in self.paths:
            kind = _kind(path)
            self.log.offered |= {offers[kind]} if kind in offers else set()
            for row in read_rows(self.export, path, self.ledger, skip_lines=1, surplus_cells=1):
                readers[kind](row)
        self._write_steps()
        slept = self._write_sleep()
        self.rates.write()
        self.workouts.write()
        mark_days(self.log, self.totals, slept)
        return self.log.build()

    def _read_steps(self, row: Row) -> None:
        """Note the totals of a day: the merged one, or that of the device with most steps."""
        values = [
            (feature, column)
            for feature, column in ((schema.STEPS, "count"), (schema.DISTANCE, "distance"))
            if _cell(row, column)
        ]
        self.log.offered |= {feature for feature, _ in values}
        text = _cell(row, "day_time")
        milliseconds = as_number(text)
        day = read_day(text) if milliseconds is None else day_of(milliseconds / 1000)
        for feature, column in values:
            self.ledger.read(feature)
            if day is None:
                why = "its day_time should be a day since 2000"
                self.ledger.reject(feature, row.where, column, _cell(row, column), why)
        if day is None:
            return
        merged = as_number(_cell(row, "source_type")) == _MERGED_TOTAL
        rank = (
            merged,
            _cell(row, "update_time") if merged else "",
            as_number(_cell(row, "count")) or 0.0,
        )
        loser = row
        if day not in self.totals or rank > self.totals[day][0]:
            loser = self.totals[day][1] if day in self.totals else row
            self.totals[day] = (rank, row)
        if loser is not self.totals[day][1]:
            for feature, column in ((schema.STEPS, "count"), (schema.DISTANCE, "distance")):
                self.ledger.merge(feature, 1 if _cell(loser, column) else 0)

    def _write_steps(self) -> None:
        for day, (_, row) in self.totals.items():
            for feature, column, scale in (
                (schema.STEPS, "count", 1.0),
                (schema.DISTANCE, "distance", 1e-3),
            ):
                text = _cell(row, column)
                value = as_number(text)
                if text and (value is None or value < 0):
                    why = "it should be a number, and not negative"
                    self.log.reject_cell(feature, day, row.where, column, text, why)
                elif value is not None:
                    self.log.put(feature, day, value * scale, row.where, column)

    def _read_sleep(self, row: Row) -> None:
        self.ledger.read(schema.SLEEP)
        start, end = _local(row, "start_time"), _local(row, "end_time")
        if start is None or end is None or end <= start or day_of(end) is None:
            why = "a sleep has a start, a later end since 2000, and a time_offset as UTC+0530"
            text = _cell(row, "start_time")
            self.ledger.reject(schema.SLEEP, row.where, "start_time", text, why)
            return
        self.sleeps.append((row, start, end))

    def _read_stage(self, row: Row) -> None:
        """Note seconds awake by sleep; a span that is there twice counts once."""
        start, end = _local(row, "start_time"), _local(row, "end_time")
        if as_number(_cell(row, "stage")) == _AWAKE and start is not None and end is not None:
            self.awake.setdefault(_cell(row, "sleep_id"), {})[start] = max(end - start, 0)

    def _write_sleep(self) -> set[int]:
        """Put the hours asleep: from start to end, less those awake; return the days of waking."""
        for row, start, end in self.sleeps:
            key = _cell(row, "datauuid")
            awake = sum(self.awake.get(key, {}).values()) if key else 0
            day = day_of(end)
            assert day is not None
            hours = max(end - start - awake, 0) / 3600
            self.nights.add(Sleep(day, start, end, hours, None, row.where, key=key))
        return {sleep.day for sleep in self.nights.write(self.log)}

    def _read_rate(self, row: Row) -> None:
        text, local = _cell(row, "heart_rate"), _local(row, "start_time")
        day = None if local is None else day_of(local)
        if text:
            why = "a heart rate has a start_time since 2000 and a time_offset"
            self.rates.add(day, text, row.where, why, moment=local)

    def _read_exercise(self, row: Row) -> None:
        local, sport = _local(row, "start_time"), _cell(row, "exercise_type")
        day = None if local is None else day_of(local)
        key = _cell(row, "datauuid") or row.where
        minutes = (as_number(_cell(row, "duration")) or 0.0) / 60000
        why = "an exercise has a start_time since 2000 and a time_offset"
        self.workouts.add(key, day, sport, minutes, row.where, why)
