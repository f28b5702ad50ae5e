"""Fitbit's exercises: the longest of each day, and which days had none."""

from __future__ import annotations

import numpy as np

from human_wm_env.exports.clock import Clock
from human_wm_env.exports.day_log import DayLogBuilder, as_number
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats import fitbit_google_data as google
from human_wm_env.exports.ledger import Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.sports import NO_WORKOUTS, is_sport, workout_of
from human_wm_env.exports.stamps import day_of, seconds_of
from human_wm_env.exports.workouts import Workouts
from human_wm_env.exports.worn_days import add_rest_days
from human_wm_env.person import schema


class Exercises:
    """The exercises of one person, which start in UTC.

    Args:
        log: where the workouts are put.
    """

    def __init__(self, log: DayLogBuilder) -> None:
        self._log = log
        self._found: dict[str, tuple[int, float, float, Where]] = {}
        self._rejected_starts: list[int] = []
        self._file_is_lost = False

    def __bool__(self) -> bool:
        """Return True for any exercise."""
        return bool(self._found)

    def read_json(self, path: str, entries: list[dict[str, object]]) -> None:
        """Read a file of the account's export."""
        self._log.offered.add(schema.WORKOUT)
        ledger = self._log.ledger
        for number, entry in enumerate(entries):
            where, name = Where(path, f"[{number}]"), entry.get("activityName")
            if isinstance(name, str) and not is_sport(name):
                ledger.skip(NO_WORKOUTS)
                continue
            ledger.read(schema.WORKOUT)
            start = seconds_of(str(entry.get("startTime", "")))
            duration = as_number(entry.get("activeDuration", 0))
            if start is None or not isinstance(name, str) or duration is None:
                why = "an exercise has a name, a start and a duration"
                ledger.reject(schema.WORKOUT, where, "activityName", name, why)
                self._rejected_starts += [] if start is None else [start]
                continue
            key = str(entry.get("logId", f"{path}{number}"))
            self._add(key, start, name, duration / 60000, where)

    def read_csv(self, export: Export, path: str) -> None:
        """Read a file of Takeout's `*_GoogleData`."""
        self._log.offered.add(schema.WORKOUT)
        for one in google.read_exercises(export, path, self._log.ledger):
            if one.minutes is None:
                self._rejected_starts.append(one.start)
            else:
                self._add(one.key, one.start, one.sport, one.minutes, one.where)

    def lose(self) -> None:
        """Remember that a file could not be read: any day may have had an exercise."""
        self._log.offered.add(schema.WORKOUT)
        self._file_is_lost = True

    def write(self, clock: Clock) -> None:
        """Put the longest of each day into the log; days of rejected ones are quarantined."""
        workouts = Workouts()
        for start, code, minutes, where in self._found.values():
            day = _day(start, clock)
            if day is None:
                why = "its date should be a day since 2000"
                self._log.ledger.reject(schema.WORKOUT, where, "startTime", start, why)
            else:
                workouts.add(day, code, minutes)
        workouts.write(self._log, "exercise", "activityName")
        for start in self._rejected_starts:
            day = _day(start, clock)
            if day is not None:
                self._log.miss(schema.WORKOUT, day, Reason.QUARANTINED)

    def add_rest_days(self) -> None:
        """Say "None" for worn days without an exercise, where no exercise can be missing."""
        if self._file_is_lost:
            for day in self._log.days_of(schema.STEPS):
                self._log.miss(schema.WORKOUT, day, Reason.QUARANTINED)
        add_rest_days(self._log)

    def _add(self, key: str, start: int, sport: str, minutes: float, where: Where) -> None:
        if key in self._found:
            self._log.ledger.merge(schema.WORKOUT)
        self._found[key] = (start, workout_of(sport, self._log.ledger), minutes, where)


def _day(utc: int, clock: Clock) -> int | None:
    return day_of(int(clock.local(np.array([utc]))[0]))
