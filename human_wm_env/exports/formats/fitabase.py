"""Fitabase's exports of Fitbit studies: `dailyActivity_merged.csv` and its neighbours.

Two exports overlap in a day, which is partial in the earlier one: the row with more minutes counts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath

from human_wm_env.exports.csv_rows import Row, header_of, read_rows
from human_wm_env.exports.day_log import DayLog, DayLogBuilder, as_number
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import UNPLACED, Ledger
from human_wm_env.exports.rates import DailyRates
from human_wm_env.exports.stamps import read_day, seconds_of
from human_wm_env.exports.worn_days import WHOLE_DAY_MINUTES, take_out_partial, take_out_unworn
from human_wm_env.person import schema

_ACTIVITY = {"id", "activitydate", "totalsteps"}
_SLEEP = {"id", "sleepday", "totalminutesasleep"}
_RATES = {"id", "time", "value"}
_AMOUNTS = (
    ("totalsteps", schema.STEPS),
    ("totaldistance", schema.DISTANCE),
    ("calories", schema.CALORIES),
)
_MINUTES = ("veryactiveminutes", "fairlyactiveminutes", "lightlyactiveminutes")
_SEDENTARY = "sedentaryminutes"
_PARTIAL_MINUTES = WHOLE_DAY_MINUTES - 60


class Fitabase:
    """See the module."""

    name = "fitabase"

    def recognise(self, export: Export) -> bool:
        """Return True where a CSV has the columns of daily activity."""
        return any(
            set(header_of(export, path)) >= _ACTIVITY for path in export.paths if _is_csv(path)
        )

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the people of all files."""
        study = _Study(export, options, ledger)
        for path in export.paths:
            study.read(path)
        yield from study.finish()


def _is_csv(path: str) -> bool:
    return path.lower().endswith(".csv")


class _Study:
    """Collects the rows of all people."""

    def __init__(self, export: Export, options: ReadingOptions, ledger: Ledger) -> None:
        self.export, self.options, self.ledger = export, options, ledger
        self.logs: dict[str, DayLogBuilder] = {}
        self.activity: dict[tuple[str, int], Row] = {}
        self.rates: dict[str, DailyRates] = {}

    def read(self, path: str) -> None:
        """Read a file, whatever it is."""
        header = set(header_of(self.export, path)) if _is_csv(path) else set()
        if header >= _ACTIVITY:
            self._each(path, "activitydate", self._read_activity)
        elif header >= _SLEEP:
            self._each(path, "sleepday", self._read_sleep)
        elif header == _RATES and "heartrate" in path.lower():
            self._each(path, "time", self._read_rate)
        else:
            self.ledger.skip(f"file {PurePosixPath(path).name}")

    def _each(self, path: str, column: str, read: Callable[[str, int, Row], None]) -> None:
        for row in read_rows(self.export, path, self.ledger):
            person, day = row.get("id"), read_day(row.get(column))
            if not person or day is None:
                self.ledger.read(UNPLACED)
                why = "a row has an id and a date since 2000"
                self.ledger.reject(UNPLACED, row.where, column, row.get(column), why)
                continue
            read(person, day, row)

    def _log(self, person: str, *features: int) -> DayLogBuilder:
        log = self.logs.get(person)
        if log is None:
            repeated = self.options.repeated
            log = DayLogBuilder(Fitabase.name, (), self.ledger, repeated=repeated)
            self.logs[person] = log
        log.offered.update(features)
        return log

    def _read_activity(self, person: str, day: int, row: Row) -> None:
        self._log(person, schema.STEPS, schema.DISTANCE, schema.CALORIES, schema.MINUTES)
        old = self.activity.get((person, day))
        if old is not None:
            less, row = sorted((old, row), key=_minutes)
            for column, feature in (*_AMOUNTS, *((one, schema.MINUTES) for one in _MINUTES)):
                if less.get(column):
                    self.ledger.read(feature)
                    self.ledger.merge(feature)
        self.activity[person, day] = row

    def _read_sleep(self, person: str, day: int, row: Row) -> None:
        column = "totalminutesasleep"
        log = self._log(person, schema.SLEEP)
        log.number(schema.SLEEP, day, row.get(column), row.where, column, scale=1 / 60)

    def _read_rate(self, person: str, day: int, row: Row) -> None:
        log = self._log(person, schema.HEART_RATE)
        if person not in self.rates:
            self.rates[person] = DailyRates(log, "heart rate", "value")
        moment = seconds_of(row.get("time"))
        self.rates[person].add(day, row.get("value"), row.where, moment=moment)

    def finish(self) -> People:
        """Return every person with a reader of their days."""
        minutes: dict[tuple[str, int], float] = {}
        for (person, day), row in self.activity.items():
            log = self.logs[person]
            for column, feature in _AMOUNTS:
                log.number(feature, day, row.get(column), row.where, column)
            parts = {column: row.get(column) for column in _MINUTES}
            log.total(schema.MINUTES, day, parts, row.where)
            minutes[person, day] = _minutes(row)
        for rates in self.rates.values():
            rates.write()
        for person, log in self.logs.items():
            yield person, partial(self._finish_person, person, log, minutes)

    def _finish_person(
        self, person: str, log: DayLogBuilder, minutes: dict[tuple[str, int], float]
    ) -> DayLog | None:
        days = sorted(day for who, day in self.activity if who == person)
        unworn = [
            day
            for day in days
            if not log.value(schema.STEPS, day)
            and log.value(schema.HEART_RATE, day) is None
            and (as_number(self.activity[person, day].get(_SEDENTARY)) or 0) >= WHOLE_DAY_MINUTES
        ]
        take_out_unworn(log, unworn)
        worn = [day for day in days if day not in unworn]
        ends = [
            day
            for day in {*worn[:1], *worn[-1:]}
            if minutes[person, day] + 60 * (log.value(schema.SLEEP, day) or 0) < _PARTIAL_MINUTES
        ]
        take_out_partial(log, ends)
        return log.build()


def _minutes(row: Row) -> float:
    """Return the minutes of a day that a row accounts for."""
    return sum(as_number(row.get(column)) or 0.0 for column in (*_MINUTES, _SEDENTARY))
