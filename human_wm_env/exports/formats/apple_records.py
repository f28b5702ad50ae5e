"""The records of an Apple Health export, in little memory: amounts as compact arrays."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from human_wm_env.exports.day_log import as_number
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.rates import HIGHEST_RATE
from human_wm_env.exports.sports import NO_WORKOUTS, is_sport, workout_of
from human_wm_env.exports.stamps import DAY_SECONDS, EPOCH, latest_day, offset_of, read_day
from human_wm_env.person import schema

_QUANTITY, _CATEGORY = "HKQuantityTypeIdentifier", "HKCategoryTypeIdentifier"
ACTIVE, BASAL = "ActiveEnergyBurned", "BasalEnergyBurned"
# Quantities by time: feature, and the factor of each unit to ours.
_KM = {"km": 1.0, "m": 1e-3, "mi": 1.609344, "ft": 3.048e-4, "yd": 9.144e-4}
_KCAL = {"kcal": 1.0, "Cal": 1.0, "kJ": 1 / 4.184, "cal": 1e-3}
AMOUNTS = {
    "StepCount": (schema.STEPS, {"count": 1.0}),
    "DistanceWalkingRunning": (schema.DISTANCE, _KM),
    "DistanceCycling": (schema.DISTANCE, _KM),
    ACTIVE: (schema.CALORIES, _KCAL),
    BASAL: (schema.CALORIES, _KCAL),
    "AppleExerciseTime": (schema.MINUTES, {"min": 1.0, "s": 1 / 60, "hr": 60.0}),
}
_SLEEP = f"{_CATEGORY}SleepAnalysis"
_MINUTES = {"min": 1.0, "s": 1 / 60, "sec": 1 / 60, "hr": 60.0}
_STAGE = "HKCategoryValueSleepAnalysis"
_OF_QUANTITY = ("sourceName", "unit", "startDate", "endDate", "value")
IN_BED, AWAKE, _ASLEEP = "InBed", "Awake", "Asleep"
LONGEST_SPAN = 7 * DAY_SECONDS
QUARTER = 900  # seconds; offsets of zones are multiples
# A quantity as Apple writes it, with nothing inside but metadata that is not read. An expression
# finds one in a third of the time that a parser and its handlers take.
_TEXT = r'"(?:[^"&<]++|&(?:lt|gt|amp|quot|apos);)*+"'
_USUAL = re.compile(
    rf'<Record type="({_QUANTITY}\w+)" sourceName="([^"&<]*)"(?: sourceVersion={_TEXT})?'
    rf'(?: device={_TEXT})? unit="([^"&<]*)" creationDate="[^"&<]*"'
    r' startDate="(\d{4}-[^"&<]*)" endDate="(\d{4}-[^"&<]*)" value="([^"&<]*)"'
    rf'(?:/>|>(?:\s*<MetadataEntry key="(?!HKTimeZone")[^"&<]*" value={_TEXT}/>)*\s*</Record>)'
)
# Where it is not enough to look at a record by itself.
_APART = (b"<Correlation", b"<ExportDate", b"</HealthData")


class Spans:
    """Amounts of one type: compact arrays, for exports of millions of records."""

    def __init__(self) -> None:
        self.start, self.length = array("I"), array("f")
        self.amount, self.source = array("f"), array("H")


class _Target(NamedTuple):
    """Where records of a type go: their feature, the factors of units, what a value can be."""

    feature: int
    units: dict[str, float]
    spans: Spans
    low: float
    high: float


class AppleRecords:
    """Collects the records of one export.

    Args:
        path: of the XML.
        ledger: where values are counted.
        line: returns the number of the line that is being read.

    Attributes:
        spans: amounts of each of AMOUNTS.
        rates: heart rates.
        sleep: by device, start and end in UTC, stage and number of the line.
        workouts: start in UTC, category, minutes and number of the line.
        read: values by feature, without those in `spans` and `rates`.
        skipped: what is not read, by its name.
        offsets: of stamps, seconds ahead of UTC.
        marks: seconds since 1970 in UTC, and the name of the zone then.
        rejected: feature and start, in quarters of an hour since 1970 in UTC, of what was rejected.
        export_day: ordinal of the date of the export.
    """

    def __init__(self, path: str, ledger: Ledger, line: Callable[[], int]) -> None:
        self.path, self.ledger, self._line = path, ledger, line
        self.spans = {name: Spans() for name in AMOUNTS}
        self.rates = Spans()
        self.sources: dict[str, int] = {}
        self.sleep: dict[int, list[tuple[int, int, str, int]]] = {}
        self.workouts: list[tuple[int, float, float, int]] = []
        self.read: Counter[int] = Counter()
        self.skipped: Counter[str] = Counter()
        self.offsets: Counter[int] = Counter()
        self.marks: list[tuple[int, str]] = []
        self.rejected: set[tuple[int, int]] = set()
        self.export_day = latest_day()
        self._latest = (latest_day() + 1 - EPOCH) * DAY_SECONDS  # no record starts later
        self._correlations = 0
        self._last_start: int | None = None
        self._targets = {
            f"{_QUANTITY}{name}": _Target(feature, units, self.spans[name], 0.0, 1e9)
            for name, (feature, units) in AMOUNTS.items()
        }
        self._targets[f"{_QUANTITY}HeartRate"] = _Target(
            schema.HEART_RATE, {"count/min": 1.0}, self.rates, 1.0, HIGHEST_RATE
        )
        self._times = {
            f"{time // 3600:02}:{time // 60 % 60:02}:{time % 60:02}": time
            for time in range(DAY_SECONDS)
        }
        self._days: dict[str, int] = {}
        self._zones: dict[str, int] = {}

    # Handlers of the parser.

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Read an element."""
        if name == "Record":
            self._record(attributes)
        elif name == "MetadataEntry":
            if attributes.get("key") == "HKTimeZone" and self._last_start is not None:
                self.marks.append((self._last_start, attributes.get("value", "")))
        elif name == "Workout":
            self._workout(attributes)
        elif name == "Correlation":
            self._correlations += 1
        elif name == "ExportDate":
            value = attributes.get("value", "")
            day, instant = read_day(value), self._utc(value)
            if day is not None:
                self.export_day = day
                end_in_any_zone = (day + 2 - EPOCH) * DAY_SECONDS
                self._latest = end_in_any_zone if instant is None else instant
        elif name not in ("HealthData", "Me"):
            self.skipped[name] += 1

    def end(self, name: str) -> None:
        """Leave an element."""
        if name == "Correlation":
            self._correlations -= 1
        elif name in ("Record", "Workout"):
            self._last_start = None

    def _record(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("type", "")
        target = self._targets.get(kind)
        if self._correlations and (target is not None or kind == _SLEEP):
            self.skipped["records repeated inside a Correlation"] += 1
            return
        if target is None:
            if kind == _SLEEP:
                self._sleep(attributes)
            else:
                self.skipped[kind] += 1
            return
        named = [attributes.get(name, "") for name in _OF_QUANTITY]
        if not self._usual_record(target, *named):
            self._unusual_record(target, attributes)

    def take(self, piece: bytes) -> bytes:
        """Read the usual quantities of a piece of the export; returns it without them."""
        if self._correlations or any(mark in piece for mark in _APART):
            return piece
        try:
            text = piece.decode()
        except UnicodeDecodeError:  # in the middle of a character, or no UTF-8
            return piece
        opened = self._last_start  # of a record whose metadata follow in this piece
        left = _USUAL.sub(self._taken, text)
        self._last_start = opened
        return left.encode()

    def _taken(self, found: re.Match[str]) -> str:
        kind, source, *values = found.groups()
        target = self._targets.get(kind)
        if target is None:
            self.skipped[kind] += 1
        elif not self._usual_record(target, source, *values):
            begun, ended = values[1:3]
            self._utc(begun)  # the first of its day: the next attempt knows it
            self._utc(ended)
            if not self._usual_record(target, source, *values):
                return found.group()
        return "\n" * found.string.count("\n", *found.span())

    def _usual_record(
        self, target: _Target, name: str, unit: str, begun: str, ended: str, number: str
    ) -> bool:
        """Read a record in as few steps as an export of gigabytes needs; False leaves it."""
        try:
            start = self._days[begun[:10]] + self._times[begun[11:19]] - self._zones[begun[19:]]
            end = (
                start
                if ended == begun
                else self._days[ended[:10]] + self._times[ended[11:19]] - self._zones[ended[19:]]
            )
            amount = float(number)
            factor = target.units[unit]
            source = self.sources[name]
        except (KeyError, ValueError):
            return False
        usual = 0 <= end - start <= LONGEST_SPAN and start <= self._latest and "_" not in number
        if not usual or not target.low <= amount <= target.high:
            return False
        spans = target.spans
        spans.start.append(start)
        spans.length.append(end - start)
        spans.amount.append(amount * factor)
        spans.source.append(source)
        self._last_start = start
        return True

    def _unusual_record(self, target: _Target, attributes: dict[str, str]) -> None:
        """Read a record step by step: the first of its day or device, or one to reject."""
        feature, units = target.feature, target.units
        start, end = self._span(attributes)
        factor = units.get(attributes.get("unit", ""))
        amount = as_number(attributes.get("value", ""))
        if start is None or end is None:
            column, why = "startDate", "a record has a start before the export, and an end"
        elif factor is None:
            column, why = "unit", f"the unit should be of {', '.join(units)}"
        elif amount is None or not target.low <= amount <= target.high:
            column, why = "value", "it should be a possible number, not negative"
        else:
            target.spans.start.append(start)
            target.spans.length.append(end - start)
            target.spans.amount.append(amount * factor)
            target.spans.source.append(self._source(attributes))
            self._last_start = start
            return
        self.read[feature] += 1
        self._reject(feature, attributes, column, why)

    def _sleep(self, attributes: dict[str, str]) -> None:
        self.read[schema.SLEEP] += 1
        start, end = self._span(attributes)
        if start is None or end is None:
            why = "a sleep has a start before the export, and an end"
            self._reject(schema.SLEEP, attributes, "startDate", why)
            return
        stage = attributes.get("value", "").removeprefix(_STAGE)
        if stage not in (IN_BED, AWAKE) and not stage.startswith(_ASLEEP):
            why = "a sleep should be in bed, awake or asleep"
            self._reject(schema.SLEEP, attributes, "value", why)
            return
        self._last_start = start
        mine = self.sleep.setdefault(self._source(attributes), [])
        mine.append((start, end, stage, self._line()))

    def _workout(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("workoutActivityType", "").removeprefix("HKWorkoutActivityType")
        if not is_sport(kind):
            self.skipped[NO_WORKOUTS] += 1
            return
        self.read[schema.WORKOUT] += 1
        start, _ = self._span(attributes)
        factor = _MINUTES.get(attributes.get("durationUnit", "min"))
        minutes = as_number(attributes.get("duration", "0"))
        if start is None or not kind or factor is None or minutes is None:
            why = "a workout has a type, a start and a duration"
            self._reject(schema.WORKOUT, attributes, "workoutActivityType", why)
            return
        self._last_start = start
        self.workouts.append((start, workout_of(kind, self.ledger), minutes * factor, self._line()))

    def _span(self, attributes: dict[str, str]) -> tuple[int | None, int | None]:
        """Return start and end in UTC; None for what is no time, or starts after the export."""
        begun, ended = attributes.get("startDate", ""), attributes.get("endDate", "")
        start = self._utc(begun)
        end = start if ended == begun else self._utc(ended)
        if start is None or end is None or not 0 <= end - start <= LONGEST_SPAN:
            return None, None
        if start > self._latest:
            return None, None
        return start, end

    def _utc(self, text: str) -> int | None:
        try:
            return self._days[text[:10]] + self._times[text[11:19]] - self._zones[text[19:]]
        except KeyError:
            return self._utc_slowly(text)

    def _utc_slowly(self, text: str) -> int | None:
        if len(text) >= 14 and text[:14].isdigit():  # iOS 8: 20140114084347-0800
            date, time = f"{text[:4]}-{text[4:6]}-{text[6:8]}", text[8:14]
            text = f"{date} {time[:2]}:{time[2:4]}:{time[4:]} {text[14:]}"
        day, offset = read_day(text[:19]), offset_of(text[19:])
        if day is None or offset is None or text[11:19] not in self._times:
            return None
        self._days[text[:10]] = (day - EPOCH) * DAY_SECONDS
        if text[19:] not in self._zones:
            self._zones[text[19:]] = offset
        self.offsets[offset] += 1
        return self._utc(text)

    def _source(self, attributes: dict[str, str]) -> int:
        """Return the rank and number of a device: watches before phones before anything else."""
        name = attributes.get("sourceName", "")
        known = self.sources.get(name)
        if known is not None:
            return known
        hint = f"{name} {attributes.get('device', '')}".lower()
        rank = 0 if "watch" in hint else 1 if "phone" in hint else 2
        number = rank * 1000 + min(len(self.sources), 999)
        self.sources[name] = number
        return number

    def _reject(self, feature: int, attributes: dict[str, str], column: str, why: str) -> None:
        where = Where(self.path, f"line {self._line()}")
        self.ledger.reject(feature, where, column, attributes.get(column, ""), why)
        start = self._utc(attributes.get("startDate", ""))
        if start is not None and start <= self._latest:
            self.rejected.add((feature, start // QUARTER))
