"""What the records of an Apple Health export say of days."""

from __future__ import annotations

import numpy as np

from human_wm_env.exports.clock import Clock, clock_of_marks
from human_wm_env.exports.day_log import DayLog, DayLogBuilder
from human_wm_env.exports.formats.apple_records import (
    ACTIVE,
    AMOUNTS,
    AWAKE,
    BASAL,
    IN_BED,
    LONGEST_SPAN,
    QUARTER,
    AppleRecords,
)
from human_wm_env.exports.formats.format import ReadingOptions
from human_wm_env.exports.intervals import by_day, shares_by_priority, union
from human_wm_env.exports.ledger import Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.sleep import Nights, Sleep
from human_wm_env.exports.stamps import DAY_SECONDS, EPOCH, FIRST_DAY, day_of, known_zone
from human_wm_env.exports.workouts import Workouts
from human_wm_env.exports.worn_days import add_rest_days, take_out_partial
from human_wm_env.person import schema

_LONGEST_WAKING = 90 * 60


class AppleDays:
    """Writes the days of one export.

    Args:
        records: all that were read; their amounts are let go of on the way.
        source: name of the format.
        options: zone, naps, repeated values.
    """

    def __init__(self, records: AppleRecords, source: str, options: ReadingOptions) -> None:
        self.records, self.options, self.ledger = records, options, records.ledger
        said = (one for one in (schema.SLEEP, schema.WORKOUT) if records.read[one])
        self.log = DayLogBuilder(source, said, self.ledger, repeated=options.repeated)

    def log_of_days(self) -> DayLog | None:
        """Return the log."""
        records = self.records
        for name, spans in records.spans.items():
            self.ledger.read(AMOUNTS[name][0], len(spans.start))
        self.ledger.read(schema.HEART_RATE, len(records.rates.start))
        for feature, count in records.read.items():
            self.ledger.read(feature, count)
        for kind, count in records.skipped.items():
            self.ledger.skip(kind, count)
        clock = self._clock()
        for name in ("StepCount", "DistanceWalkingRunning", "DistanceCycling", "AppleExerciseTime"):
            days, sums, counts = self._totals(name, clock)
            self.log.add_series(AMOUNTS[name][0], days, sums, counts)
            if len(days):
                self.log.offered.add(AMOUNTS[name][0])
        self._write_calories(clock)
        self._write_rates(clock)
        self._write_sleep(clock)
        self._write_workouts(clock)
        self._write_rejected(clock)
        walked = self.log.days_of(schema.STEPS) or self.log.days_of(schema.CALORIES)
        # What was going on at the export ends on its day, or after it.
        after = range(records.export_day, records.export_day + LONGEST_SPAN // DAY_SECONDS + 2)
        take_out_partial(self.log, [*walked[:1], *(after if walked else ())])
        add_rest_days(self.log)
        return self.log.build()

    def _clock(self) -> Clock:
        if self.options.timezone is not None:
            return Clock.of_zone(self.options.timezone)
        records = self.records
        marks = [(when, zone) for when, zone in records.marks if known_zone(zone)]
        starts = [spans.start for spans in (*records.spans.values(), records.rates)]
        times = [limit for one in starts if one for limit in (min(one), max(one))]
        if marks:
            self.ledger.note(
                "apple_health: records without a time zone of their own have that of the record "
                "with one that is nearest in time"
            )
            return clock_of_marks(marks, [*times, *(when for when, _ in marks)])
        if records.offsets:
            self.ledger.note(
                "apple_health: no record names its time zone; all have the offset of the day of "
                "the export, an hour off in the other half of the year: give timezone=..."
            )
            return Clock.fixed(records.offsets.most_common(1)[0][0])
        return Clock.fixed()

    def _totals(self, name: str, clock: Clock) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return days, sums and counts of a quantity, each moment counted for one device."""
        spans, feature = self.records.spans.pop(name), AMOUNTS[name][0]
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

    def _write_rejected(self, clock: Clock) -> None:
        """Say of days that what was rejected is of them, so that none is a day of rest for it."""
        for feature, quarter in self.records.rejected:
            day = day_of(int(clock.local(np.array([quarter * QUARTER]))[0]))
            if day is not None:
                self.log.miss(feature, day, Reason.QUARANTINED)

    def _write_calories(self, clock: Clock) -> None:
        """Write active and resting energy of days that have both."""
        active, basal = self._totals(ACTIVE, clock), self._totals(BASAL, clock)
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
                    Where(self.records.path, "several days"),
                    "energy",
                    "",
                    "active or resting energy alone is no total of a day",
                    reason=Reason.NOT_IN_EXPORT,
                    values=lost,
                )

    def _write_rates(self, clock: Clock) -> None:
        found = self.records.rates
        start = np.frombuffer(found.start, np.uint32).astype(np.int64)
        if len(start) == 0:
            return
        self.log.offered.add(schema.HEART_RATE)
        day = clock.local(start) // DAY_SECONDS + EPOCH
        days, which = np.unique(day, return_inverse=True)
        counts = np.bincount(which)
        rates = np.bincount(which, weights=np.frombuffer(found.amount, np.float32))
        self.log.add_series(schema.HEART_RATE, days, rates / counts, counts)

    def _write_sleep(self, clock: Clock) -> None:
        """Write hours asleep: stages that overlap count once, time in bed is no sleep."""
        nights, in_bed = Nights(self.options.naps), []
        for records in self.records.sleep.values():
            asleep = []
            for start, end, stage, line in records:
                if stage == IN_BED:
                    in_bed.append((start, end, line))
                elif stage == AWAKE:
                    self.ledger.merge(schema.SLEEP)
                else:
                    asleep.append((start, end))
            for sleep in self._sessions(asleep, clock):
                nights.add(sleep)
        used = {sleep.day for sleep in nights.write(self.log)}
        for _, end, line in in_bed:
            day = day_of(int(clock.local(np.array([end]))[0]))
            if day is None or day in used:
                self.ledger.merge(schema.SLEEP)
                continue
            self.log.miss(schema.SLEEP, day, Reason.UNCONFIRMED)
            why = "time in bed is not time asleep"
            where = Where(self.records.path, f"line {line}")
            self.ledger.reject(schema.SLEEP, where, "value", IN_BED, why, reason=Reason.UNCONFIRMED)

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
            where = Where(self.records.path, "sleep")
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
        for start, code, minutes, line in self.records.workouts:
            day = day_of(int(clock.local(np.array([start]))[0]))
            if day is None:
                where = Where(self.records.path, f"line {line}")
                why = "its date should be a day since 2000"
                self.ledger.reject(schema.WORKOUT, where, "startDate", start, why)
                continue
            workouts.add(day, code, minutes)
        workouts.write(self.log, self.records.path, "workoutActivityType")
