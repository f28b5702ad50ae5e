"""The CSV files of Google Takeout's Fitbit folder (`*_GoogleData`): series, sleeps, exercises.

Series are in UTC and omit zeros: a day without a row is missing, not still. Sleeps bear the
offset in force; one without any is local time already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from human_wm_env.exports.csv_rows import Row, header_of, read_rows
from human_wm_env.exports.day_log import DayLogBuilder, as_number, is_nothing
from human_wm_env.exports.files import Export
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.sleep import Sleep
from human_wm_env.exports.sports import NO_WORKOUTS, is_sport
from human_wm_env.exports.stamps import day_of, offset_of, seconds_of
from human_wm_env.person import schema

_FILE = re.compile(r"(steps|calories|distance|heart_rate|UserSleeps|UserExercises)_[\w-]+\.csv")
# Kind of file: the column of values, and what they are multiplied by.
SERIES = {
    "steps": ("steps", 1.0),
    "calories": ("calories", 1.0),
    "distance": ("distance", 1e-3),  # m
    "heart_rate": ("beats per minute", 1.0),
}
SLEEPS, EXERCISES = "UserSleeps", "UserExercises"
_TIME = "timestamp"
_COLUMNS = {
    **{kind: {_TIME, column} for kind, (column, _) in SERIES.items()},
    SLEEPS: {"sleep_start", "sleep_end", "minutes_asleep", "start_utc_offset"},
    EXERCISES: {"exercise_start", "exercise_end", "activity_name"},
}
_NO_DATA = ("no data",)


class Exercise(NamedTuple):
    """An exercise: its id, its start in UTC seconds, the sport and the minutes it took.

    `minutes` is None for one that was rejected, of which the start is known.
    """

    key: str
    start: int
    sport: str
    minutes: float | None
    where: Where


def kind_of(path: str) -> str | None:
    """Return the kind of a file by its name, None for another one."""
    found = _FILE.fullmatch(path.rpartition("/")[2])
    return found.group(1) if found else None


def has_columns(export: Export, path: str) -> bool:
    """Return True for a file with the columns of its kind."""
    kind = kind_of(path)
    return kind is not None and set(header_of(export, path)) >= _COLUMNS[kind]


def is_empty(export: Export, path: str) -> bool:
    """Return True for a file that says that it has no data."""
    return header_of(export, path) in (_NO_DATA, ())


def is_usable(export: Export, path: str, ledger: Ledger) -> bool:
    """Return True for a file with the columns of its kind; another one is rejected."""
    if has_columns(export, path):
        return True
    columns = ", ".join(sorted(_COLUMNS[kind_of(path) or SLEEPS]))
    ledger.reject_file(path, f"it should have the columns {columns}")
    return False


def read_series(
    export: Export, path: str, kind: str, ledger: Ledger
) -> tuple[list[str], list[float]]:
    """Return stamps and values of a series, NaN for what is no number; blanks are left out."""
    column, scale = SERIES[kind]
    stamps, values = [], []
    for row in read_rows(export, path, ledger):
        if not is_nothing(row.get(column)):
            number = as_number(row.get(column))
            stamps.append(row.get(_TIME))
            values.append(float("nan") if number is None else number * scale)
    return stamps, values


def read_sleeps(export: Export, path: str, log: DayLogBuilder) -> Iterator[Sleep]:
    """Yield the sleeps of a file, counted as read; the last version of each comes last."""
    rows = list(read_rows(export, path, log.ledger))
    for row in sorted(rows, key=lambda one: one.get("sleep_last_updated")):
        log.ledger.read(schema.SLEEP)
        start = _local(row, "sleep_start", "start_utc_offset")
        end = _local(row, "sleep_end", "end_utc_offset", "start_utc_offset")
        minutes = as_number(row.get("minutes_asleep"))
        day = None if end is None else day_of(end)
        if start is None or end is None or end < start or day is None or not minutes or minutes < 0:
            why = "a sleep has a start, an end after it, an offset and minutes asleep"
            log.ledger.reject(schema.SLEEP, row.where, "sleep_start", row.get("sleep_start"), why)
            if day is not None:
                log.miss(schema.SLEEP, day, Reason.QUARANTINED)
            continue
        yield Sleep(day, start, end, minutes / 60, None, row.where, key=f"starts {start}")


def read_exercises(export: Export, path: str, ledger: Ledger) -> Iterator[Exercise]:
    """Yield the exercises of a file, counted as read."""
    for row in read_rows(export, path, ledger):
        sport = row.get("activity_name")
        if sport and not is_sport(sport):
            ledger.skip(NO_WORKOUTS)
            continue
        ledger.read(schema.WORKOUT)
        start, end = _utc(row.get("exercise_start")), _utc(row.get("exercise_end"))
        if start is None or end is None or end < start or not sport:
            why = "an exercise has a name, a start and an end"
            ledger.reject(schema.WORKOUT, row.where, "activity_name", sport, why)
            if start is not None:
                yield Exercise("", start, sport, None, row.where)
            continue
        key = row.get("exercise_id") or f"{row.where}"
        yield Exercise(key, start, sport, (end - start) / 60, row.where)


def _utc(text: str) -> int | None:
    seconds = seconds_of(text)
    found = re.search(r"[+-]\d\d:?\d\d$", text[10:])
    offset = offset_of(found.group()) if found else 0
    return None if seconds is None or offset is None else seconds - offset


def _local(row: Row, column: str, *offsets: str) -> int | None:
    utc, offset = _utc(row.get(column)), offset_of(row.get(*offsets))
    return None if utc is None or offset is None else utc + offset
