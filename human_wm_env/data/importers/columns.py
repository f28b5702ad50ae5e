"""Columns of a table of days by the names and units that apps give them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from human_wm_env.person import schema

USER, DATE = "user_id", "date"
COLUMNS = (USER, DATE, *schema.FEATURE_NAMES)

# What a number is multiplied by to be in our unit, by the words for its unit.
_HOURS = dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "std", "stunden"), 1.0)
_CLOCK = dict.fromkeys(("hh:mm", "h:mm", "hh:mm:ss", "hr:min"), 1.0)
_MINUTES = dict.fromkeys(("min", "mins", "minute", "minutes", "minuten"), 1.0)
_SECONDS = dict.fromkeys(("s", "sec", "secs", "seconds", "sekunden"), 1.0)


def _scaled(words: dict[str, float], factor: float) -> dict[str, float]:
    return dict.fromkeys(words, factor)


UNITS: dict[int, dict[str, float]] = {
    schema.STEPS: dict.fromkeys(("steps", "count", "schritte"), 1.0),
    schema.CALORIES: {"kcal": 1.0, "cal": 1.0, "calories": 1.0, "kj": 1 / 4.184},
    schema.DISTANCE: {
        **dict.fromkeys(("km", "kms", "kilometers", "kilometres", "kilometer"), 1.0),
        **dict.fromkeys(("m", "meters", "metres", "meter"), 1e-3),
        **dict.fromkeys(("mi", "mile", "miles"), 1.609344),
    },
    schema.MINUTES: {**_MINUTES, **_scaled(_HOURS, 60.0), **_scaled(_SECONDS, 1 / 60)},
    schema.SLEEP: {**_HOURS, **_CLOCK, **_scaled(_MINUTES, 1 / 60), **_scaled(_SECONDS, 1 / 3600)},
    schema.HEART_RATE: dict.fromkeys(("bpm", "1/min", "beats/min", "count/min"), 1.0),
}
# Names without their unit. What is nearly the same but something else is not among them: active or
# eaten calories, the resting heart rate, minutes of exercise, time in bed.
ALIASES: dict[str, tuple[str, ...]] = {
    DATE: ("date", "datum", "calendar date", "log date", "day", "tag"),
    USER: ("user id", "userid", "user", "person", "person id", "participant", "participant id"),
    "steps": (
        *("steps", "step", "step count", "steps count", "stepcount", "total steps", "daily steps"),
        *("number of steps", "schritte", "schrittzahl"),
    ),
    "calories_burned": (
        *("calories", "calories burned", "burned calories", "total calories", "energy burned"),
        *("total calories burned", "total energy burned", "kalorien", "kalorienverbrauch"),
    ),
    "distance_km": ("distance", "total distance", "distanz", "strecke", "entfernung"),
    "active_minutes": (
        *("active minutes", "total active minutes", "minutes active", "active", "active time"),
        *("aktive minuten", "aktive zeit"),
    ),
    "sleep_hours": (
        *("sleep", "sleep duration", "total sleep", "total sleep time", "slept", "asleep"),
        *("time asleep", "sleep hours", "hours slept", "hours of sleep", "hours asleep"),
        *("sleep minutes", "minutes asleep", "minutes of sleep", "schlaf", "schlafdauer"),
    ),
    "heart_rate_avg": (
        *("heart rate", "heart rate avg", "avg heart rate", "average heart rate", "hr avg"),
        *("mean heart rate", "heart rate average", "heart rate mean", "avg hr", "average hr"),
        *("mean hr", "herzfrequenz", "durchschnittliche herzfrequenz", "puls"),
    ),
    "workout_type": ("workout", "workout type", "sport", "training"),
    "weather_conditions": ("weather", "weather conditions", "weather condition", "wetter"),
    "location": ("location", "place", "ort"),
    "mood": ("mood", "stimmung"),
}
_OF_ALIAS = {alias: ours for ours, aliases in ALIASES.items() for alias in aliases}
# The unit that a name says by itself.
_SAID = {
    alias: "min" if "minute" in alias else "h" if "hours" in alias else None
    for alias in ALIASES["sleep_hours"]
}
# What these mean is only known with a unit: minutes or a flag, hours or the time of going to bed.
_NEED_UNIT = ("active", "active time", "aktive zeit", "asleep", "slept")
# Names that several quantities have; below such a median (in our unit) it is another one: active
# calories, a rating of the sleep, minutes of exercise (those of any intensity are hours).
_DOUBTFUL = {
    **dict.fromkeys(("calories", "kalorien"), 1000.0),
    **dict.fromkeys(("sleep", "schlaf"), 4.0),
    **dict.fromkeys(("active minutes", "minutes active", "total active minutes"), 60.0),
    **dict.fromkeys(("aktive minuten", "aktive zeit", "active time", "active"), 60.0),
}
# Of tables whose rows are workouts or meals, unless nights are in them: their columns are not those
# of days. One of the first, or two of the others, which a diary of days may have, too.
_OF_SESSIONS = frozenset(
    (
        *("activity type", "activity id", "activity name", "avg pace", "average pace"),
        *("route name", "gpx file", "meal", "protein", "carbs", "carbohydrates"),
        *("eiweiß", "kohlenhydrate", "mahlzeit"),
    )
)
_MAYBE_OF_SESSIONS = frozenset(
    (
        *("max hr", "max heart rate", "duration", "elapsed time", "start time", "end time"),
        *("food", "fat", "fett", "intake", "dauer"),
    )
)
_WITH_UNIT = re.compile(r"(.*?)\s*[(\[]\s*([^)\]]*?)\s*[)\]]\s*")


@dataclass(frozen=True)
class Column:
    """A column of a table that is one of ours.

    Attributes:
        place: its number in the header, from 0.
        name: ours.
        header: theirs.
        factor: what its numbers are multiplied by.
        is_alias: it bears another name than ours.
        least_median: of its values in our unit; one with less is another quantity.
    """

    place: int
    name: str
    header: str
    factor: float = 1.0
    is_alias: bool = False
    least_median: float = 0.0

    @property
    def told(self) -> str:
        """How an alias was understood, as a sentence without an end."""
        said = f"{self.header!r} is read as {self.name}"
        if self.factor == 1.0:
            return said
        if self.factor < 1.0:
            return f"{said}, divided by {1 / self.factor:.4g}"
        return f"{said}, times {self.factor:.7g}"


def recognise(header: Sequence[str]) -> tuple[list[Column], list[str]]:
    """Return the columns that are ours, by our names first and then by those of apps.

    Args:
        header: the cells of the first row.

    Returns:
        At most one column for each of ours, and sentences about those that are in doubt.
    """
    found: dict[str, Column] = {}
    for place, cell in enumerate(header):
        name = plain(cell)
        if name in COLUMNS and name not in found:
            found[name] = Column(place, name, cell.strip())
    sessions = _words_of_sessions(header)
    meant: dict[str, list[Column]] = {}
    refused = []
    for place, cell in enumerate(header):
        column = _by_alias(place, cell)
        if column is None or column.name in found:
            continue
        if sessions and column.name in schema.FEATURE_NAMES:
            refused.append(repr(column.header))
        else:
            meant.setdefault(column.name, []).append(column)
    doubts = []
    if refused:
        doubts.append(
            f"not read are {', '.join(refused)}: beside {sessions[0]!r} they are of workouts or "
            "meals, and not of days"
        )
    for name, columns in meant.items():
        if name == DATE:
            first = min(ALIASES[DATE].index(_name_of(column.header)) for column in columns)
            columns = [one for one in columns if _name_of(one.header) == ALIASES[DATE][first]]
        if len(columns) == 1:
            found[name] = columns[0]
        else:
            several = " or ".join(repr(column.header) for column in columns)
            doubts.append(f"{name} may be {several}: name the right one {name}")
    return sorted(found.values(), key=lambda column: column.place), doubts


def _words_of_sessions(header: Sequence[str]) -> list[str]:
    """Return the names that show rows to be workouts or meals, none where they are days."""
    names = {_name_of(cell) for cell in header}
    if any(_OF_ALIAS.get(name) == "sleep_hours" for name in names):
        return []
    sure, maybe = sorted(names & _OF_SESSIONS), sorted(names & _MAYBE_OF_SESSIONS)
    return sure + maybe if sure or len(maybe) > 1 else []


def with_unit(text: str) -> tuple[str, float] | None:
    """Return our name and the factor of a text such as `sleep_hours (min)`, None for others."""
    split = _WITH_UNIT.fullmatch(plain(text))
    column = _by_alias(0, text) if split is not None and split[1] in COLUMNS else None
    return None if column is None else (column.name, column.factor)


def may_be(cell: str, feature: str) -> bool:
    """Return whether a column can be of a feature: its name says no unit of another."""
    split = _WITH_UNIT.fullmatch(plain(cell))
    units = UNITS.get(schema.INDEX.get(feature, -1), {})
    return split is None or not units or split[2] in units


def plain(cell: str) -> str:
    """Return a name of a column as ours are compared with it."""
    return " ".join(cell.casefold().split())


def _name_of(cell: str) -> str:
    """Return a name without its unit in brackets, as aliases are written."""
    split = _WITH_UNIT.fullmatch(plain(cell))
    name = plain(cell) if split is None else split[1]
    return re.sub(r"[\s_\-.,:/]+", " ", name).strip()


def _by_alias(place: int, cell: str) -> Column | None:
    """Return the column that a name of an app means, None where it means none of ours."""
    name, unit = plain(cell), None
    split = _WITH_UNIT.fullmatch(name)
    if split is not None:
        name, unit = split.groups()
    words = _name_of(cell).split(" ")
    ours = name if name in COLUMNS else _OF_ALIAS.get(" ".join(words))
    if ours is None and unit is None and len(words) > 1:  # "sleep_min", "distance km"
        ours, unit = _OF_ALIAS.get(" ".join(words[:-1])), words[-1]
        words = words[:-1]
    if ours is None:
        return None
    if ours == DATE or (ours == USER and unit is None):
        return Column(place, ours, cell.strip(), is_alias=True)
    if ours == USER:
        return None
    units = UNITS.get(schema.FEATURE_NAMES.index(ours), {})
    unit = unit or _SAID.get(" ".join(words))
    if unit is None:
        if " ".join(words) in _NEED_UNIT:
            return None
        factor: float | None = 1.0
    else:
        factor = units.get(unit)
    if factor is None:
        return None
    least = _DOUBTFUL.get(" ".join(words), 0.0)
    return Column(place, ours, cell.strip(), factor, is_alias=True, least_median=least)
