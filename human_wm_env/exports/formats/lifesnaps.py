"""LifeSnaps' daily table in its own columns, `daily_fitbit_sema_df_unprocessed.csv`."""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath

from human_wm_env.exports.categories import LOCATIONS, WORKOUTS, majority_mood
from human_wm_env.exports.csv_rows import Row, header_of, read_rows
from human_wm_env.exports.day_log import DayLogBuilder, as_number, is_nothing
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import UNPLACED, Ledger
from human_wm_env.exports.sports import is_sport, workout_of
from human_wm_env.exports.stamps import read_day
from human_wm_env.exports.worn_days import WHOLE_DAY_MINUTES, add_rest_days, take_out_unworn
from human_wm_env.person import schema

_COLUMNS = {"id", "date", "steps", "minutesasleep", "activitytype", "tense/anxious"}
_NUMBERS = (
    ("steps", schema.STEPS, 1.0),
    ("calories", schema.CALORIES, 1.0),
    ("distance", schema.DISTANCE, 1e-3),  # m
    ("minutesasleep", schema.SLEEP, 1 / 60),
    ("bpm", schema.HEART_RATE, 1.0),
)
_MINUTES = ("lightly_active_minutes", "moderately_active_minutes", "very_active_minutes")
_MOODS = {
    **dict.fromkeys(("alert", "happy", "rested/relaxed"), "Happy"),
    "neutral": "Neutral",
    "tired": "Tired",
    **dict.fromkeys(("sad", "tense/anxious"), "Stressed"),
}
# Of several places of a day the one further ahead here counts: being at home says least.
_PLACES = {
    "gym": "Gym",
    "outdoors": "Park",
    "work/school": "Office",
    **dict.fromkeys(("entertainment", "transit", "other"), "Other"),
    **dict.fromkeys(("home", "home_office"), "Home"),
}
# Of several workouts of a day the one further ahead here counts; they have no durations.
_FIRST_WORKOUTS = ("Running", "Cycling", "Swimming", "Yoga", "Gym Workout", "Walking")


class LifeSnaps:
    """See the module."""

    name = "lifesnaps"

    def recognise(self, export: Export) -> bool:
        """Return True where a CSV has LifeSnaps' columns."""
        return any(_is_table(export, path) for path in export.paths)

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the people of the table."""
        logs: dict[str, DayLogBuilder] = {}
        unworn: dict[str, list[int]] = {}
        for path in export.paths:
            if not _is_table(export, path):
                ledger.skip(f"file {PurePosixPath(path).name}")
                continue
            for row in read_rows(export, path, ledger):
                person, day = row.get("id"), read_day(row.get("date"))
                if not person or day is None:
                    ledger.read(UNPLACED)
                    why = "a row has an id and a date since 2000"
                    ledger.reject(UNPLACED, row.where, "date", row.get("date"), why)
                    continue
                if person not in logs:
                    logs[person] = DayLogBuilder(
                        self.name,
                        (feature for _, feature, _ in _NUMBERS),
                        ledger,
                        repeated=options.repeated,
                    )
                    logs[person].offered |= {schema.MINUTES, schema.WORKOUT}
                    logs[person].offered |= {schema.LOCATION, schema.MOOD}
                _read_row(row, day, logs[person])
                sedentary = as_number(row.get("sedentary_minutes"))
                if sedentary is not None and sedentary >= WHOLE_DAY_MINUTES:
                    unworn.setdefault(person, []).append(day)
        for person, log in logs.items():
            off = [
                day
                for day in unworn.get(person, [])
                if not log.value(schema.STEPS, day) and log.value(schema.HEART_RATE, day) is None
            ]
            take_out_unworn(log, off)
            add_rest_days(log)
            yield person, partial(DayLogBuilder.build, log)


def _is_table(export: Export, path: str) -> bool:
    return path.lower().endswith(".csv") and set(header_of(export, path)) >= _COLUMNS


def _read_row(row: Row, day: int, log: DayLogBuilder) -> None:
    repeated = any(log.value(feature, day) is not None for _, feature, _ in _NUMBERS)
    for column, feature, scale in _NUMBERS:
        log.number(feature, day, row.get(column), row.where, column, scale=scale)
    minutes = {column: row.get(column) for column in _MINUTES}
    if repeated:  # a second row for a day is not added
        found = sum(not is_nothing(text) for text in minutes.values())
        log.ledger.read(schema.MINUTES, found)
        log.ledger.merge(schema.MINUTES, found)
    else:
        log.total(schema.MINUTES, day, minutes, row.where)
    names = [name.strip("[]'\" ") for name in row.get("activitytype").split(",")]
    sports = [name for name in names if not is_nothing(name) and is_sport(name)]
    if sports:  # the list of a day without any is [] or [nan]
        log.ledger.read(schema.WORKOUT)
        codes = {workout_of(name, log.ledger) for name in sports}
        best = min(codes, key=lambda code: _FIRST_WORKOUTS.index(WORKOUTS[int(code)]))
        log.put(schema.WORKOUT, day, best, row.where, "activitytype")
    moods = [ours for column, ours in _MOODS.items() if as_number(row.get(column)) == 1]
    if moods:
        log.ledger.read(schema.MOOD)
        log.put(schema.MOOD, day, majority_mood(moods), row.where, "mood")
    places = [ours for column, ours in _PLACES.items() if as_number(row.get(column)) == 1]
    if places:
        log.ledger.read(schema.LOCATION)
        code = float(LOCATIONS.index(places[0]))
        log.put(schema.LOCATION, day, code, row.where, "location")
