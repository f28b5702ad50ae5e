"""Mi Fit's and Zepp's account export: CSV files in folders ACTIVITY, SLEEP, SPORT and so on.

Days and sleeps bear their local date; stamps of sleeps and sports are in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import PurePosixPath

import numpy as np

from human_wm_env.exports.accounts import OnePerson, accounts, exports_of
from human_wm_env.exports.clock import Clock
from human_wm_env.exports.csv_rows import Row, header_of, latest_day, read_rows
from human_wm_env.exports.day_log import DayLog, DayLogBuilder, as_number, is_nothing
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.rates import DailyRates
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.sleep import Nights, Sleep
from human_wm_env.exports.stamps import day_of, read_day, seconds_of
from human_wm_env.exports.workouts import NumberedWorkouts
from human_wm_env.exports.worn_days import mark_days
from human_wm_env.person import schema

_FILE = re.compile(r"(ACTIVITY|SLEEP|SPORT|HEARTRATE_AUTO)(?:_\d+)?\.csv")
_COLUMNS = {
    "ACTIVITY": {"date", "steps", "distance", "rundistance", "calories"},
    "SLEEP": {"date", "deepsleeptime", "shallowsleeptime", "start", "stop"},
    "SPORT": {"type", "starttime", "sporttime(s)"},
    "HEARTRATE_AUTO": {"date", "time", "heartrate"},
}
_NREM = ("deepsleeptime", "shallowsleeptime")
_STAGES = (*_NREM, "remtime")  # bands that do not know REM count it as light sleep
_SPORTS = {
    1: "running",
    6: "walking",
    7: "trail running",
    8: "treadmill",
    9: "cycling",
    10: "indoor cycling",
    14: "swimming",
}


class MiFit:
    """See the module."""

    name = "mi_fit"

    def recognise(self, export: Export) -> bool:
        """Return True where a file of days or of sleep has its columns."""
        return any(_kind(export, path) in ("ACTIVITY", "SLEEP") for path in export.paths)

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the person of each account, whose folders ACTIVITY, SLEEP, ... lie in one."""
        kinds: dict[str, str] = {}
        for path in export.paths:
            kind = _kind(export, path)
            if kind is None:
                ledger.skip(f"file {PurePosixPath(path).parent.name}")
            else:
                kinds[path] = kind
        folders = {path: _folder(path, kind) for path, kind in kinds.items()}
        for name, paths in accounts(folders):
            person = OnePerson()
            for mine in exports_of(
                {path: kinds[path] for path in paths},
                folders,
                lambda path: latest_day(export, path, "date", "starttime"),
                main="ACTIVITY",
            ):
                of_files = {path: kinds[path] for path in mine}
                read = _Account(export, of_files, options, ledger).read
                yield name, partial(person.read, mine[0], read)


def _folder(path: str, kind: str) -> str:
    """Return the folder that an account's own folders lie in."""
    folder = PurePosixPath(path).parent
    return str(folder.parent if folder.name == kind else folder)


def _kind(export: Export, path: str) -> str | None:
    """Return what a file has, by its name and its columns."""
    found = _FILE.fullmatch(PurePosixPath(path).name)
    if found and _COLUMNS[found.group(1)] <= set(header_of(export, path)):
        return found.group(1)
    return None


class _Account:
    """Reads the files of one account."""

    def __init__(
        self, export: Export, kinds: Mapping[str, str], options: ReadingOptions, ledger: Ledger
    ) -> None:
        self.export, self.kinds, self.options, self.ledger = export, kinds, options, ledger
        self.log = DayLogBuilder(MiFit.name, (), ledger, repeated=options.repeated)
        zone = options.timezone
        self.clock = Clock.fixed() if zone is None else Clock.of_zone(zone)
        self.days: set[int] = set()
        self.nights = Nights(options.naps)
        self.rates = DailyRates(self.log, "HEARTRATE_AUTO", "heartrate")
        self.workouts = NumberedWorkouts(self.log, _SPORTS, options.categories, "SPORT", "type")

    def read(self) -> DayLog | None:
        """Return the log."""
        readers: dict[str, Callable[[Row], None]] = {
            "ACTIVITY": self._read_day,
            "SLEEP": self._read_sleep,
            "SPORT": self._read_sport,
            "HEARTRATE_AUTO": self._read_rate,
        }
        offers = {
            "ACTIVITY": {schema.STEPS, schema.DISTANCE},
            "SLEEP": {schema.SLEEP},
            "SPORT": {schema.WORKOUT},
            "HEARTRATE_AUTO": {schema.HEART_RATE},
        }
        for path, kind in self.kinds.items():
            self.log.offered |= offers[kind]
            for row in read_rows(self.export, path, self.ledger):
                readers[kind](row)
        slept = {sleep.day for sleep in self.nights.write(self.log)}
        self.rates.write()
        if len(self.workouts) and self.options.timezone is None:
            self.ledger.note(
                "mi_fit: stamps of sports are in UTC; they are put on the day of UTC "
                "unless timezone=... is given"
            )
        self.workouts.write()
        mark_days(self.log, self.days, slept)
        return self.log.build()

    def _read_day(self, row: Row) -> None:
        day = read_day(row.get("date"))
        self.log.number(schema.STEPS, day, row.get("steps"), row.where, "steps")
        self.log.number(
            schema.DISTANCE, day, row.get("distance"), row.where, "distance", scale=1e-3
        )
        if day is not None:
            self.days.add(day)

    def _read_sleep(self, row: Row) -> None:
        found = {column: row.get(column) for column in _STAGES if not is_nothing(row.get(column))}
        minutes = [as_number(text) for text in found.values()]
        if all(one == 0 for one in minutes):  # a night without sleep has a row of zeros
            self.ledger.skip("nights without sleep")
            return
        self.ledger.read(schema.SLEEP)
        day = read_day(row.get("date"))
        start, end = seconds_of(row.get("start")), seconds_of(row.get("stop"))
        known = [one for one in minutes if one is not None and one >= 0]
        if day is None or start is None or end is None or len(known) < len(found):
            why = "a sleep has a date, a start, a stop and minutes of its stages"
            self.ledger.reject(schema.SLEEP, row.where, "date", row.get("date"), why)
            if day is not None:
                self.log.miss(schema.SLEEP, day, Reason.QUARANTINED)
            return
        if not found.keys() >= set(_NREM):
            why = "the sum of the stages needs deep and light sleep"
            reason = Reason.NOT_IN_EXPORT
            date = row.get("date")
            self.ledger.reject(schema.SLEEP, row.where, "date", date, why, reason=reason)
            self.log.miss(schema.SLEEP, day, reason)
            return
        hours = sum(known) / 60
        self.nights.add(Sleep(day, start, max(start, end), hours, None, row.where))

    def _read_rate(self, row: Row) -> None:
        text, day = row.get("heartrate"), read_day(row.get("date"))
        if not is_nothing(text):
            moment = seconds_of(f"{row.get('date')} {row.get('time')}")
            self.rates.add(day, text, row.where, moment=moment)

    def _read_sport(self, row: Row) -> None:
        utc, sport = seconds_of(row.get("starttime")), row.get("type")
        day = None if utc is None else day_of(int(self.clock.local(np.array([utc]))[0]))
        minutes = (as_number(row.get("sporttime(s)")) or 0.0) / 60
        why = "its startTime should be a day since 2000"
        self.workouts.add((utc, sport), day, sport, minutes, row.where, why)
