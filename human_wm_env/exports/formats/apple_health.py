"""Apple Health's export: one XML of records, in a zip or alone.

Every stamp bears the offset in force at the export. The zone of a record is that of the
record nearest in time with the metadata HKTimeZone, or is given (`timezone`). What the watch
and the phone count at the same time counts once.
"""

from __future__ import annotations

from array import array
from collections import Counter
from functools import partial
from typing import NamedTuple

import numpy as np

from human_wm_env.exports.categories import Workouts, workout_code
from human_wm_env.exports.clock import Clock, clock_of_marks
from human_wm_env.exports.day_log import DayLog, DayLogBuilder, as_number
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.intervals import by_day, shares_by_priority, union
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.sleep import Nights, Sleep
from human_wm_env.exports.stamps import (
    DAY_SECONDS,
    EPOCH,
    FIRST_DAY,
    day_of,
    known_zone,
    latest_day,
    offset_of,
    read_day,
)
from human_wm_env.exports.worn_days import add_rest_days, take_out_partial
from human_wm_env.exports.xml_stream import parse_xml
from human_wm_env.person import schema

_QUANTITY, _CATEGORY = "HKQuantityTypeIdentifier", "HKCategoryTypeIdentifier"
_ACTIVE, _BASAL = "ActiveEnergyBurned", "BasalEnergyBurned"
# Quantities by time: feature, and the factor of each unit to ours.
_KM = {"km": 1.0, "m": 1e-3, "mi": 1.609344, "ft": 3.048e-4, "yd": 9.144e-4}
_KCAL = {"kcal": 1.0, "Cal": 1.0, "kJ": 1 / 4.184, "cal": 1e-3}
_AMOUNTS = {
    "StepCount": (schema.STEPS, {"count": 1.0}),
    "DistanceWalkingRunning": (schema.DISTANCE, _KM),
    "DistanceCycling": (schema.DISTANCE, _KM),
    _ACTIVE: (schema.CALORIES, _KCAL),
    _BASAL: (schema.CALORIES, _KCAL),
    "AppleExerciseTime": (schema.MINUTES, {"min": 1.0, "s": 1 / 60, "hr": 60.0}),
}
_SLEEP = f"{_CATEGORY}SleepAnalysis"
_MINUTES = {"min": 1.0, "s": 1 / 60, "sec": 1 / 60, "hr": 60.0}
_STAGE = "HKCategoryValueSleepAnalysis"
_IN_BED, _AWAKE, _ASLEEP = "InBed", "Awake", "Asleep"
_LONGEST_SPAN = 7 * DAY_SECONDS
_LONGEST_WAKING = 90 * 60
_HIGHEST_RATE = 300.0


class AppleHealth:
    """See the module."""

    name = "apple_health"

    def recognise(self, export: Export) -> bool:
        """Return True where an XML begins with Apple's root element."""
        return any(_is_export(export, path) for path in export.paths)

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the one person of each XML; several are named after their folder or file."""
        found = [path for path in export.paths if _is_export(export, path)]
        for path in export.paths:
            if path not in found:
                ledger.skip(f"file *.{path.rpartition('.')[2][:10]}")
        for path in found:
            person = None if len(found) == 1 else path.partition("/")[0].partition(".")[0]
            yield person, partial(self._read, export, path, options, ledger)

    def _read(
        self, export: Export, path: str, options: ReadingOptions, ledger: Ledger
    ) -> DayLog | None:
        reader = _Reader(path, options, ledger)
        with export.open(path) as stream:
            parse_xml(stream, path, reader.start, reader.end)
        return reader.finish()


def _is_export(export: Export, path: str) -> bool:
    return path.lower().endswith(".xml") and b"<HealthData" in export.head(path)


class _Spans:
    """Amounts of one type: compact arrays, for exports of millions of records."""

    def __init__(self) -> None:
        self.start, self.length = array("I"), array("f")
        self.amount, self.source = array("f"), array("H")


class _Target(NamedTuple):
    """Where records of a type go: their feature, the factors of units, what a value can be."""

    feature: int
    units: dict[str, float]
    spans: _Spans
    low: float
    high: float


class _Reader:
    """Collects the records of one export."""

    def __init__(self, path: str, options: ReadingOptions, ledger: Ledger) -> None:
        self.path, self.options, self.ledger = path, options, ledger
        self.log = DayLogBuilder(AppleHealth.name, (), ledger, repeated=options.repeated)
        self.spans = {name: _Spans() for name in _AMOUNTS}
        self.rates = _Spans()
        self.sources: dict[str, int] = {}
        self.sleep: dict[int, list[tuple[int, int, str, int]]] = {}
        self.workouts: list[tuple[int, float, float, int]] = []
        self.read: Counter[int] = Counter()
        self.skipped: Counter[str] = Counter()
        self.offsets: Counter[int] = Counter()
        self.marks: list[tuple[int, str]] = []  # UTC seconds and the zone then
        self.export_day = latest_day()
        self._latest = (latest_day() + 1 - EPOCH) * DAY_SECONDS
        self._correlations = 0
        self._last_start: int | None = None
        self._entries = 0
        self._targets = {
            f"{_QUANTITY}{name}": _Target(feature, units, self.spans[name], 0.0, 1e9)
            for name, (feature, units) in _AMOUNTS.items()
        }
        self._targets[f"{_QUANTITY}HeartRate"] = _Target(
            schema.HEART_RATE, {"count/min": 1.0}, self.rates, 1.0, _HIGHEST_RATE
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
            day = read_day(attributes.get("value", ""))
            if day is not None:
                self.export_day = day
                self._latest = (day + 2 - EPOCH) * DAY_SECONDS  # in any zone
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
        self._entries += 1
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
        try:  # the usual record, in as few steps as an export of gigabytes needs
            begun, ended, number = (
                attributes["startDate"],
                attributes["endDate"],
                attributes["value"],
            )
            start = self._days[begun[:10]] + self._times[begun[11:19]] - self._zones[begun[19:]]
            end = (
                start
                if ended == begun
                else self._days[ended[:10]] + self._times[ended[11:19]] - self._zones[ended[19:]]
            )
            amount = float(number)
            factor = target.units[attributes["unit"]]
            source = self.sources[attributes["sourceName"]]
        except (KeyError, ValueError):
            self._unusual_record(target, attributes)
            return
        usual = 0 <= end - start <= _LONGEST_SPAN and end < self._latest and "_" not in number
        if not usual or not target.low <= amount <= target.high:
            self._unusual_record(target, attributes)
            return
        spans = target.spans
        spans.start.append(start)
        spans.length.append(end - start)
        spans.amount.append(amount * factor)
        spans.source.append(source)
        self._last_start = start

    def _unusual_record(self, target: _Target, attributes: dict[str, str]) -> None:
        """Read a record step by step: the first of its day or device, or one to reject."""
        feature, units = target.feature, target.units
        start, end = self._span(attributes)
        factor = units.get(attributes.get("unit", ""))
        amount = as_number(attributes.get("value", ""))
        if start is None or end is None:
            column, why = "startDate", "a record has a possible start and end"
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
        self.log.offered.add(schema.SLEEP)
        self.read[schema.SLEEP] += 1
        start, end = self._span(attributes)
        if start is None or end is None:
            self._reject(schema.SLEEP, attributes, "startDate", "a sleep has a start and an end")
            return
        stage = attributes.get("value", "").removeprefix(_STAGE)
        if stage not in (_IN_BED, _AWAKE) and not stage.startswith(_ASLEEP):
            why = "a sleep should be in bed, awake or asleep"
            self._reject(schema.SLEEP, attributes, "value", why)
            return
        self._last_start = start
        mine = self.sleep.setdefault(self._source(attributes), [])
        mine.append((start, end, stage, self._entries))

    def _workout(self, attributes: dict[str, str]) -> None:
        self.log.offered.add(schema.WORKOUT)
        self.read[schema.WORKOUT] += 1
        self._entries += 1
        start, _ = self._span(attributes)
        kind = attributes.get("workoutActivityType", "").removeprefix("HKWorkoutActivityType")
        factor = _MINUTES.get(attributes.get("durationUnit", "min"))
        minutes = as_number(attributes.get("duration", "0"))
        if start is None or not kind or factor is None or minutes is None:
            why = "a workout has a type, a start and a duration"
            self._reject(schema.WORKOUT, attributes, "workoutActivityType", why)
            return
        self._last_start = start
        self.workouts.append((start, workout_code(kind), minutes * factor, self._entries))

    def _span(self, attributes: dict[str, str]) -> tuple[int | None, int | None]:
        """Return start and end in UTC; None for what is no time, or none before the export."""
        begun, ended = attributes.get("startDate", ""), attributes.get("endDate", "")
        start = self._utc(begun)
        end = start if ended == begun else self._utc(ended)
        if start is None or end is None or not 0 <= end - start <= _LONGEST_SPAN:
            return None, None
        return start, end

    def _utc(self, text: str) -> int | None:
        try:
            found = self._days[text[:10]] + self._times[text[11:19]] - self._zones[text[19:]]
        except KeyError:
            return self._utc_slowly(text)
        return found if found < self._latest else None

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
        where = Where(self.path, f"entry {self._entries}")
        self.ledger.reject(feature, where, column, attributes.get(column, ""), why)

    # What the collected records say of days.

    def finish(self) -> DayLog | None:
        """Return the log."""
        for target in self._targets.values():
            self.read[target.feature] += len(target.spans.start)
        for feature, count in self.read.items():
            self.ledger.read(feature, count)
        for kind, count in self.skipped.items():
            self.ledger.skip(kind, count)
        clock = self._clock()
        for name in ("StepCount", "DistanceWalkingRunning", "DistanceCycling", "AppleExerciseTime"):
            days, sums, counts = self._totals(name, clock)
            self.log.add_series(_AMOUNTS[name][0], days, sums, counts)
            if len(days):
                self.log.offered.add(_AMOUNTS[name][0])
        self._write_calories(clock)
        self._write_rates(clock)
        self._write_sleep(clock)
        self._write_workouts(clock)
        walked = self.log.days_of(schema.STEPS) or self.log.days_of(schema.CALORIES)
        ends = walked[:1] + ([self.export_day] if walked else [])
        take_out_partial(self.log, ends)
        add_rest_days(self.log)
        return self.log.build()

    def _clock(self) -> Clock:
        if self.options.timezone is not None:
            return Clock.of_zone(self.options.timezone)
        marks = [(when, zone) for when, zone in self.marks if known_zone(zone)]
        starts = [spans.start for spans in (*self.spans.values(), self.rates)]
        times = [limit for one in starts if one for limit in (min(one), max(one))]
        if marks:
            self.ledger.note(
                "apple_health: records without a time zone of their own have that of the record "
                "with one that is nearest in time"
            )
            return clock_of_marks(marks, [*times, *(when for when, _ in marks)])
        if self.offsets:
            self.ledger.note(
                "apple_health: no record names its time zone; all have the offset of the day of "
                "the export, an hour off in the other half of the year: give timezone=..."
            )
            return Clock.fixed(self.offsets.most_common(1)[0][0])
        return Clock.fixed()

    def _totals(self, name: str, clock: Clock) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return days, sums and counts of a quantity, each moment counted for one device."""
        spans, feature = self.spans.pop(name), _AMOUNTS[name][0]
        start = np.frombuffer(spans.start, np.uint32).astype(np.int64)
        length = np.frombuffer(spans.length, np.float32).astype(np.int64)
        amount = np.frombuffer(spans.amount, np.float32)
        source = np.frombuffer(spans.source, np.uint16)
        if len(start) == 0:
            return np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64)
        key = np.lexsort((amount, source, length, start))
        same = np.zeros(len(key), dtype=bool)
        pairs = [(one[key][1:], one[key][:-1]) for one in (start, length, amount, source)]
        same[1:] = np.logical_and.reduce([mine == theirs for mine, theirs in pairs])
        key = key[~same]
        share = shares_by_priority(start[key], start[key] + length[key], source[key])
        self.ledger.merge(feature, int(same.sum() + (~share.kept).sum()))
        key = key[share.kept]
        local = clock.local(start[key])
        return by_day(local, local + length[key], amount[key] * share.share[share.kept])

    def _write_calories(self, clock: Clock) -> None:
        """Write active and resting energy of days that have both."""
        active, basal = self._totals(_ACTIVE, clock), self._totals(_BASAL, clock)
        if len(active[0]) or len(basal[0]):
            self.log.offered.add(schema.CALORIES)
        both = set(active[0].tolist()) & set(basal[0].tolist())
        for days, sums, counts in (active, basal):
            whole = np.isin(days, list(both))
            self.log.add_series(schema.CALORIES, days[whole], sums[whole], counts[whole])
            lost = int(counts[~whole].sum())
            if lost:
                self.ledger.reject(
                    schema.CALORIES,
                    Where(self.path, "several days"),
                    "energy",
                    "",
                    "active or resting energy alone is no total of a day",
                    reason=Reason.NOT_IN_EXPORT,
                    values=lost,
                )

    def _write_rates(self, clock: Clock) -> None:
        start = np.frombuffer(self.rates.start, np.uint32).astype(np.int64)
        if len(start) == 0:
            return
        self.log.offered.add(schema.HEART_RATE)
        day = clock.local(start) // DAY_SECONDS + EPOCH
        days, which = np.unique(day, return_inverse=True)
        counts = np.bincount(which)
        rates = np.bincount(which, weights=np.frombuffer(self.rates.amount, np.float32))
        self.log.add_series(schema.HEART_RATE, days, rates / counts, counts)

    def _write_sleep(self, clock: Clock) -> None:
        """Write hours asleep: stages that overlap count once, time in bed is no sleep."""
        nights, in_bed = Nights(self.options.naps), []
        for records in self.sleep.values():
            asleep = []
            for start, end, stage, entry in records:
                if stage == _IN_BED:
                    in_bed.append((start, end, entry))
                elif stage == _AWAKE:
                    self.ledger.merge(schema.SLEEP)
                else:
                    asleep.append((start, end))
            for sleep in self._sessions(asleep, clock):
                nights.add(sleep)
        used = {sleep.day for sleep in nights.write(self.log)}
        for _, end, entry in in_bed:
            day = day_of(int(clock.local(np.array([end]))[0]))
            if day is None or day in used:
                self.ledger.merge(schema.SLEEP)
                continue
            self.log.miss(schema.SLEEP, day, Reason.UNCONFIRMED)
            why = "time in bed is not time asleep"
            where = Where(self.path, f"entry {entry}")
            self.ledger.reject(
                schema.SLEEP, where, "value", _IN_BED, why, reason=Reason.UNCONFIRMED
            )

    def _sessions(self, asleep: list[tuple[int, int]], clock: Clock) -> list[Sleep]:
        """Return sleeps: spans of one device with less than an hour and a half between them."""
        if not asleep:
            return []
        spans = np.array(asleep, np.int64)
        start, end = union(spans[:, 0], spans[:, 1])
        begins = np.append(True, start[1:] - end[:-1] > _LONGEST_WAKING)
        session = np.cumsum(begins) - 1
        hours = np.bincount(session, weights=end - start) / 3600
        first = start[begins]
        last = end[np.append(begins[1:], True)]
        records = np.bincount(np.searchsorted(first, spans[:, 0], side="right") - 1)
        found = []
        local = clock.local(np.concatenate([first, last])).reshape(2, -1)
        for number in range(len(first)):
            day = day_of(int(local[1, number]))
            begun, ended = int(local[0, number]), int(local[1, number])
            where = Where(self.path, "sleep")
            count = int(records[number])
            found.append(
                Sleep(
                    day if day is not None else FIRST_DAY,
                    begun,
                    ended,
                    float(hours[number]),
                    None,
                    where,
                    values=count,
                )
            )
        return found

    def _write_workouts(self, clock: Clock) -> None:
        workouts = Workouts()
        for start, code, minutes, entry in self.workouts:
            day = day_of(int(clock.local(np.array([start]))[0]))
            if day is None:
                where = Where(self.path, f"entry {entry}")
                why = "its date should be a day since 2000"
                self.ledger.reject(schema.WORKOUT, where, "startDate", start, why)
                continue
            workouts.add(day, code, minutes)
        for day, code, entries in workouts.longest():
            where = Where(self.path, "Workout")
            self.log.put(schema.WORKOUT, day, code, where, "workoutActivityType", values=entries)
