"""Garmin's account export: the JSON files under `DI_CONNECT`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from human_wm_env.errors import DataError
from human_wm_env.exports.accounts import accounts
from human_wm_env.exports.day_log import DayLog, DayLogBuilder, as_number
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.sports import NO_WORKOUTS, is_sport, workout_of
from human_wm_env.exports.stamps import day_of, read_day
from human_wm_env.exports.workouts import Workouts
from human_wm_env.exports.worn_days import add_rest_days, take_out_partial, take_out_unworn
from human_wm_env.person import schema

_DAYS = re.compile(r"UDSFile_.*\.json")
_SLEEP = re.compile(r".*_sleepData\.json")
_ACTIVITIES = re.compile(r".*_summarizedActivities\.json")
_TOTALS = (
    ("totalSteps", schema.STEPS, 1.0),
    ("totalKilocalories", schema.CALORIES, 1.0),
    ("totalDistanceMeters", schema.DISTANCE, 1e-3),
)
_ACTIVE = ("highlyActiveSeconds", "activeSeconds")
_NREM = ("deepSleepSeconds", "lightSleepSeconds")
_STAGES = (*_NREM, "remSleepSeconds")
_DAY_VALUES = (
    *((column, feature) for column, feature, _ in _TOTALS),
    *((column, schema.MINUTES) for column in _ACTIVE),
)
_NIGHT_VALUES = tuple((column, schema.SLEEP) for column in _STAGES)
_NO_NIGHTS = ("OFF_WRIST", "UNCONFIRMED")


class Garmin:
    """See the module."""

    name = "garmin"

    def recognise(self, export: Export) -> bool:
        """Return True where a file of days or of sleep has Garmin's entries."""
        return any(
            b'"calendarDate"' in export.head(path)
            for path in export.paths
            if _DAYS.fullmatch(_name(path)) or _SLEEP.fullmatch(_name(path))
        )

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the person of each account, which has a folder `DI_CONNECT`."""
        folders = {}
        for path in export.paths:
            if any(kind.fullmatch(_name(path)) for kind in (_DAYS, _SLEEP, _ACTIVITIES)):
                folders[path] = _folder(path)
            else:
                ledger.skip(f"file {PurePosixPath(path).parent.name}")
        for name, paths in accounts(folders):
            yield name, _Account(export, paths, options, ledger).read


def _name(path: str) -> str:
    return PurePosixPath(path).name


def _folder(path: str) -> str:
    """Return the folder that an account's own folders, DI_CONNECT and those in it, lie in."""
    folder = PurePosixPath(path).parent
    for number, part in enumerate(folder.parts):
        if part == "DI_CONNECT" or part.startswith("DI-Connect-"):
            return "/".join(folder.parts[:number])
    return str(folder)


class _Account:
    """Reads the files of one account."""

    def __init__(
        self, export: Export, paths: Sequence[str], options: ReadingOptions, ledger: Ledger
    ) -> None:
        self.export, self.paths, self.ledger = export, paths, ledger
        self.user: object = None
        self.log = DayLogBuilder(Garmin.name, (), ledger, repeated=options.repeated)
        # By date: files of a hundred days overlap, and the newest, later by name, wins.
        self.days: dict[int, tuple[Where, dict[str, object]]] = {}
        self.nights: dict[int, tuple[Where, dict[str, object]]] = {}
        self.workouts: dict[str, tuple[int, float, float]] = {}

    def read(self) -> DayLog | None:
        """Return the log."""
        for path in sorted(self.paths, key=_name):
            name = _name(path)
            if _DAYS.fullmatch(name):
                self._collect(path, self.days, _DAY_VALUES)
            elif _SLEEP.fullmatch(name):
                self._collect(path, self.nights, _NIGHT_VALUES)
            else:
                self._read_activities(path)
        for day, (where, entry) in self.days.items():
            self._write_day(day, where, entry)
        for day, (where, entry) in self.nights.items():
            self._write_night(day, where, entry)
        workouts = Workouts()
        for day, code, minutes in self.workouts.values():
            workouts.add(day, code, minutes)
        workouts.write(self.log, "summarizedActivities", "activityType")
        self._mark_days()
        return self.log.build()

    def _entries(self, path: str) -> Sequence[tuple[Where, dict[str, object]]]:
        try:
            found = self.export.json(path)
        except DataError as error:
            self.ledger.reject_file(path, f"it should be JSON: {error.received}")
            return ()
        if isinstance(found, list) and len(found) == 1 and isinstance(found[0], dict):
            found = found[0].get("summarizedActivitiesExport", found)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self.ledger.reject_file(path, "it should be a list of entries")
            return ()
        return [(Where(path, f"[{number}]"), one) for number, one in enumerate(found)]

    def _collect(
        self,
        path: str,
        known: dict[int, tuple[Where, dict[str, object]]],
        values: Sequence[tuple[str, int]],
    ) -> None:
        """Note the entries of a file by date; their values are counted as read, or as merged."""
        for where, entry in self._entries(path):
            self._check_user(where, entry)
            day = read_day(str(entry.get("calendarDate", "")))
            present = [(column, feature) for column, feature in values if _has(entry, column)]
            for column, feature in present:
                self.log.offered.add(feature)
                self.ledger.read(feature)
                if day is None:
                    why = "its calendarDate should be a day since 2000"
                    date = entry.get("calendarDate")
                    self.ledger.reject(feature, where, column, date, why)
            if day is None:
                continue
            for column, feature in values if day in known else ():
                if _has(known[day][1], column):
                    self.ledger.merge(feature)
            known[day] = (where, entry)

    def _check_user(self, where: Where, entry: dict[str, object]) -> None:
        """Raise a DataError where an entry is of another account than those before."""
        user = entry.get("userProfilePK")
        if self.user is not None and user is not None and user != self.user:
            raise DataError(
                "files of one Garmin account in a folder",
                f"another account's entry in {where.file}",
                "Put the files of each into a folder with its person's name, or import each by "
                "itself with person=NAME.",
            )
        self.user = self.user if user is None else user

    def _write_day(self, day: int, where: Where, entry: dict[str, object]) -> None:
        for column, feature, scale in _TOTALS:
            self._write(feature, day, where, entry, column, scale)
        parts = {column: _present(entry, column) for column in _ACTIVE}
        self.log.total(schema.MINUTES, day, parts, where, scale=1 / 60, counted=True)

    def _write_night(self, day: int, where: Where, entry: dict[str, object]) -> None:
        kind = str(entry.get("sleepWindowConfirmationType", ""))
        stages = [column for column in _STAGES if _has(entry, column)]
        if kind.startswith(_NO_NIGHTS):
            self.log.miss(schema.SLEEP, day, Reason.UNCONFIRMED)
            if stages:
                why = "the tracker made this night up"
                self.ledger.reject(
                    schema.SLEEP,
                    where,
                    "sleepWindowConfirmationType",
                    kind,
                    why,
                    reason=Reason.UNCONFIRMED,
                    values=len(stages),
                )
            return
        # Trackers that do not know REM count it as light sleep.
        parts = {
            column: _present(entry, column) for column in _STAGES if column in (*_NREM, *stages)
        }
        self.log.total(schema.SLEEP, day, parts, where, scale=1 / 3600, counted=True)

    def _write(
        self,
        feature: int,
        day: int,
        where: Where,
        entry: dict[str, object],
        column: str,
        scale: float,
    ) -> None:
        """Put a value, counted as read, into its cell."""
        if not _has(entry, column):
            return
        value = as_number(entry[column])
        if value is None:
            why = "it should be a finite number"
            self.log.reject_cell(feature, day, where, column, entry[column], why)
            return
        self.log.put(feature, day, value * scale, where, column)

    def _read_activities(self, path: str) -> None:
        self.log.offered.add(schema.WORKOUT)
        for where, entry in self._entries(path):
            begun, sport = as_number(entry.get("startTimeLocal")), entry.get("activityType")
            if isinstance(sport, str) and not is_sport(sport):
                self.ledger.skip(NO_WORKOUTS)
                continue
            self.ledger.read(schema.WORKOUT)
            day = None if begun is None else day_of(begun / 1000)
            minutes = (as_number(entry.get("duration", 0)) or 0.0) / 60000
            if day is None or not isinstance(sport, str):
                why = "an activity has a type, and a local start in ms"
                self.ledger.reject(schema.WORKOUT, where, "activityType", sport, why)
                if day is not None:  # which is no rest day
                    self.log.miss(schema.WORKOUT, day, Reason.QUARANTINED)
                continue
            key = str(entry.get("activityId", where))
            if key in self.workouts:
                self.ledger.merge(schema.WORKOUT)
            self.workouts[key] = (day, workout_of(sport, self.ledger), minutes)

    def _mark_days(self) -> None:
        log = self.log
        unworn = [
            day
            for day in self.days
            if not log.value(schema.STEPS, day) and not log.value(schema.MINUTES, day)
        ]
        take_out_unworn(log, unworn)
        worn = sorted(set(self.days) - set(unworn))
        take_out_partial(log, [*worn[:1], *worn[-1:]])
        add_rest_days(log)


def _has(entry: dict[str, object], column: str) -> bool:
    """Return True for a value that is there; a negative one stands for nothing measured."""
    value = entry.get(column)
    number = as_number(value)
    return value is not None and not (number is not None and number < 0)


def _present(entry: dict[str, object], column: str) -> object:
    """Return a value that is there, None where nothing was measured."""
    return entry[column] if _has(entry, column) else None
