"""Fitbit's account export and Google Takeout: files of series (JSON, CSV), PMData's layout.

Steps, calories, distance, heart rate and exercises are in UTC, sleep and the minutes of a day
in local time; the clock between them is given (`timezone`) or inferred (`exports.clock_inference`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import PurePosixPath

from human_wm_env.errors import DataError
from human_wm_env.exports.clock import Clock
from human_wm_env.exports.clock_inference import infer_clock
from human_wm_env.exports.day_log import DayLog, DayLogBuilder, as_number
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats import fitbit_google_data as google
from human_wm_env.exports.formats.fitbit_active_minutes import PARTS, ActiveMinutes, last_day
from human_wm_env.exports.formats.fitbit_exercises import Exercises
from human_wm_env.exports.formats.fitbit_files import WELLNESS, files_by_person, kind_of
from human_wm_env.exports.formats.fitbit_series import KINDS, Entries, TrackerSeries
from human_wm_env.exports.formats.fitbit_worn_days import mark_days
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.formats.pmdata_wellness import read_wellness
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.sleep import Nights, Sleep
from human_wm_env.exports.stamps import read_day, seconds_of
from human_wm_env.person import schema

_SEDENTARY = "sedentary_minutes"


class Fitbit:
    """See the module."""

    name = "fitbit"

    def recognise(self, export: Export) -> bool:
        """Return True where a file of steps or sleep has Fitbit's entries."""
        for path in export.paths:
            kind = kind_of(path)
            if kind in ("steps", "sleep", "calories"):
                head = export.head(path)
                if (b'"dateTime"' if kind != "sleep" else b'"dateOfSleep"') in head:
                    return True
            elif google.kind_of(path) and google.has_columns(export, path):
                return True
        return False

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the person of the export, or one for each folder with files of its own."""
        people, nobodys = files_by_person(export.paths)
        for path in nobodys:
            _skip(path, ledger)
        for folder, paths in people.items():
            name = folder if folder and len(people) > 1 else None
            yield name, partial(self._read, export, paths, options, ledger)

    def _read(
        self, export: Export, paths: Iterable[str], options: ReadingOptions, ledger: Ledger
    ) -> DayLog | None:
        return _Person(export, options, ledger).read(paths)


def _skip(path: str, ledger: Ledger) -> None:
    ledger.skip(f"file {PurePosixPath(path).name.split('-')[0]}")


class _Person:
    """Reads the files of one person."""

    def __init__(self, export: Export, options: ReadingOptions, ledger: Ledger) -> None:
        self.export, self.options, self.ledger = export, options, ledger
        self.log = DayLogBuilder(Fitbit.name, (), ledger, repeated=options.repeated)
        self.series = TrackerSeries(self.log)
        self.nights = Nights(options.naps)
        # By day: the last day of the file, of which the newest counts, and the minutes.
        self.sedentary: dict[int, tuple[int, float]] = {}
        self.active = ActiveMinutes(self.log)
        self.exercises = Exercises(self.log)

    def read(self, paths: Iterable[str]) -> DayLog | None:
        for path in paths:
            kind = kind_of(path)
            if google.kind_of(path):
                self._read_google_data(path)
            elif kind is None:
                _skip(path, self.ledger)
            elif kind == WELLNESS:
                read_wellness(self.export, path, self.log)
            else:
                self._read_file(path, kind)
        self.series.finish_reading()
        sleeps = self.nights.write(self.log)
        clock = self._clock(sleeps)
        self.series.write(clock)
        self.active.write()
        self.exercises.write(clock)
        mark_days(
            self.log,
            self.series,
            clock,
            sleeps=sleeps,
            sedentary={day: minutes for day, (_, minutes) in self.sedentary.items()},
            active=self.active.days(),
        )
        self.exercises.add_rest_days()
        return self.log.build()

    def _read_file(self, path: str, kind: str) -> None:
        entries = self._entries(path)
        if entries is None:
            self._lose_file(kind)
        elif not entries:
            return
        elif kind in KINDS:
            self.series.read_json(path, kind, entries)
        elif kind in PARTS:
            self.active.read(path, kind, entries)
        elif kind == "sleep":
            self._read_sleep(path, entries)
        elif kind == "exercise":
            self.exercises.read_json(path, entries)
        elif kind == _SEDENTARY:
            self._read_sedentary(entries)
        else:
            self.ledger.skip("resting heart rate of a day", len(entries))

    def _entries(self, path: str) -> Entries | None:
        """Return the entries of a file, None of one that is rejected."""
        try:
            entries = self.export.json(path)
        except DataError as error:
            self.ledger.reject_file(path, f"it should be JSON: {error.received}")
            return None
        if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
            self.ledger.reject_file(path, "it should be a list of entries")
            return None
        return entries

    def _lose_file(self, kind: str) -> None:
        """Remember what a file that could not be read was to have."""
        if kind in KINDS:
            self.log.offered.add(KINDS[kind][0])
        elif kind in PARTS:
            self.active.lose(kind)
        elif kind in ("sleep", google.SLEEPS):
            self.log.offered.add(schema.SLEEP)
        elif kind in ("exercise", google.EXERCISES):
            self.exercises.lose()

    def _read_sedentary(self, entries: Entries) -> None:
        reach = last_day(entries)
        for entry in entries:
            day, minutes = read_day(str(entry.get("dateTime", ""))), as_number(entry.get("value"))
            if day is not None and minutes is not None:
                self.sedentary[day] = max(self.sedentary.get(day, (0, 0.0)), (reach, minutes))

    def _read_sleep(self, path: str, entries: Entries) -> None:
        self.log.offered.add(schema.SLEEP)
        for number, entry in enumerate(entries):
            where = Where(path, f"[{number}]")
            self.ledger.read(schema.SLEEP)
            day = read_day(str(entry.get("dateOfSleep", "")))
            minutes = as_number(entry.get("minutesAsleep"))
            start = seconds_of(str(entry.get("startTime", "")))
            end = seconds_of(str(entry.get("endTime", "")))
            if day is None or minutes is None or minutes < 0 or start is None or end is None:
                why = "a sleep has a date, a start, an end and minutes asleep"
                self.ledger.reject(schema.SLEEP, where, "sleep", entry.get("logId"), why)
                if day is not None:
                    self.log.miss(schema.SLEEP, day, Reason.QUARANTINED)
                continue
            main = entry.get("mainSleep")
            self.nights.add(
                Sleep(
                    day,
                    start,
                    max(start, end),
                    minutes / 60,
                    None if main is None else main is False,
                    where,
                    key=str(entry.get("logId", "")),
                )
            )

    def _read_google_data(self, path: str) -> None:
        kind = google.kind_of(path)
        if kind is None or google.is_empty(self.export, path):
            self.ledger.skip("file without data")
        elif not google.is_usable(self.export, path, self.ledger):
            self._lose_file(kind)
        elif kind == google.SLEEPS:
            self.log.offered.add(schema.SLEEP)
            for sleep in google.read_sleeps(self.export, path, self.log):
                self.nights.add(sleep)
        elif kind == google.EXERCISES:
            self.exercises.read_csv(self.export, path)
        else:
            self.series.read_csv(self.export, path, kind)

    def _clock(self, sleeps: Sequence[Sleep]) -> Clock:
        if self.options.timezone is not None:
            return Clock.of_zone(self.options.timezone)
        minutes, steps = self.series.steps()
        spans = [(one.start, one.end) for one in sleeps if one.nap is not True]
        clock = infer_clock(minutes, steps, spans)
        if clock is not None:
            return clock
        if self.series or self.exercises:
            self.ledger.note(
                "fitbit: too few nights to infer the time zone; days are cut at midnight UTC "
                "unless timezone=... is given"
            )
        return Clock.fixed()
