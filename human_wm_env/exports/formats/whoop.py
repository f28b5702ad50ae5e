"""WHOOP's export: CSV files of cycles, sleeps and workouts, in local time.

A cycle goes from one sleep to the next, over midnight: it is of the day of waking. The last
one is open, and its day partial.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath

from human_wm_env.exports.accounts import OnePerson, accounts, exports_of
from human_wm_env.exports.csv_rows import Row, header_of, latest_day, read_rows
from human_wm_env.exports.day_log import DayLog, DayLogBuilder, as_number, is_nothing
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import UNPLACED, Ledger, Where
from human_wm_env.exports.rates import possible_rate
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.sleep import Nights, Sleep
from human_wm_env.exports.sports import NO_WORKOUTS, is_sport, workout_of
from human_wm_env.exports.stamps import day_of, seconds_of
from human_wm_env.exports.workouts import Workouts
from human_wm_env.exports.worn_days import add_rest_days, take_out_partial
from human_wm_env.person import schema

_ENERGY, _RATE = "energy burned (cal)", "average hr (bpm)"  # their cal is kcal
_BEGUN, _ENDED = "cycle start time", "cycle end time"
_ONSET, _WAKE, _ASLEEP = "sleep onset", "wake onset", "asleep duration (min)"
_SPORT, _STARTED, _STOPPED = "activity name", "workout start time", "workout end time"
_CYCLES = {_BEGUN, _ENDED, _ENERGY, _RATE, _WAKE}
_SLEEPS = {_ONSET, _WAKE, _ASLEEP, "nap"}
_WORKOUTS = {_STARTED, _STOPPED, _SPORT}
_KINDS = {"cycles": _CYCLES, "sleeps": _SLEEPS, "workouts": _WORKOUTS}
_HALF_DAY = 12 * 3600
_WHOLE_CYCLE = 20 * 3600


class Whoop:
    """See the module."""

    name = "whoop"

    def recognise(self, export: Export) -> bool:
        """Return True where a CSV has the columns of cycles or sleeps."""
        return any(_kind(export, path) in ("cycles", "sleeps") for path in export.paths)

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the person of each folder."""
        kinds: dict[str, str] = {}
        for path in export.paths:
            kind = _kind(export, path)
            if kind is None:
                ledger.skip(f"file {PurePosixPath(path).name}")
            else:
                kinds[path] = kind
        folders = {path: str(PurePosixPath(path).parent) for path in kinds}
        for name, paths in accounts(folders):
            person = OnePerson()
            for mine in exports_of(
                {path: kinds[path] for path in paths},
                folders,
                lambda path: latest_day(export, path, _STARTED, _WAKE, _BEGUN),
                main="cycles",
            ):
                of_files = {path: kinds[path] for path in mine}
                read = _Person(export, of_files, options, ledger).read
                yield name, partial(person.read, mine[0], read)


def _kind(export: Export, path: str) -> str | None:
    """Return what a file has, by its columns."""
    if not path.lower().endswith(".csv"):
        return None
    header = set(header_of(export, path))
    return next((kind for kind, columns in _KINDS.items() if header >= columns), None)


class _Person:
    """Reads the files of one person."""

    def __init__(
        self,
        export: Export,
        kinds: Mapping[str, str],
        options: ReadingOptions,
        ledger: Ledger,
    ) -> None:
        self.export, self.kinds, self.ledger = export, kinds, ledger
        self.log = DayLogBuilder(Whoop.name, (), ledger, repeated=options.repeated)
        self.last_wins = options.repeated == "last"
        self.cycles: dict[int, Row] = {}  # by their start
        self.nights = Nights(options.naps)
        self.workouts: dict[tuple[int, str], tuple[int, float]] = {}

    def read(self) -> DayLog | None:
        """Return the log."""
        with_sleeps = "sleeps" in self.kinds.values()
        for path, kind in self.kinds.items():
            if kind == "cycles":
                self._read_cycles(path, with_sleeps=with_sleeps)
            elif kind == "sleeps":
                self._read_sleeps(path)
            else:
                self._read_workouts(path)
        self.nights.write(self.log)
        workouts = Workouts()
        for (start, sport), (day, minutes) in self.workouts.items():
            del start
            workouts.add(day, workout_of(sport, self.ledger), minutes)
        workouts.write(self.log, "workouts", _SPORT)
        self._write_cycles()
        add_rest_days(self.log, worn=schema.CALORIES)
        return self.log.build()

    def _read_cycles(self, path: str, *, with_sleeps: bool) -> None:
        self.log.offered |= {schema.CALORIES, schema.HEART_RATE}
        for row in read_rows(self.export, path, self.ledger):
            start = seconds_of(row.get(_BEGUN))
            if start is None or _day_of_cycle(row, start) is None:
                self.ledger.read(UNPLACED)
                why = "a cycle starts at a time since 2000"
                self.ledger.reject(UNPLACED, row.where, _BEGUN, row.get(_BEGUN), why)
                continue
            if not with_sleeps and not is_nothing(row.get(_ASLEEP)):
                self._add_sleep(row)
            if start in self.cycles:
                self._repeat(start, row)
            else:
                self.cycles[start] = row

    def _repeat(self, start: int, row: Row) -> None:
        """Merge a second row of a cycle, or reject what it says otherwise."""
        kept, lost = (row, self.cycles[start]) if self.last_wins else (self.cycles[start], row)
        for column, feature in ((_ENERGY, schema.CALORIES), (_RATE, schema.HEART_RATE)):
            text = lost.get(column)
            if is_nothing(text):
                continue
            self.ledger.read(feature)
            if text == kept.get(column):
                self.ledger.merge(feature)
            else:
                why = "a cycle has one row, and this is one of two different ones"
                self.ledger.reject(feature, lost.where, column, text, why)
        self.cycles[start] = kept

    def _write_cycles(self) -> None:
        log = self.log
        lengths: dict[int, float] = {}
        rates: dict[int, list[tuple[float, float]]] = {}
        partial_days = []
        incomplete: dict[int, Reason] = {}  # days with a cycle whose energy is not known
        for start, row in sorted(self.cycles.items()):
            day, end = _day_of_cycle(row, start), seconds_of(row.get(_ENDED))
            if day is None:
                continue
            if end is None:
                partial_days.append(day)
            length = max((start + _HALF_DAY if end is None else end) - start, 1)
            lengths[day] = lengths.get(day, 0.0) + length
            text = row.get(_ENERGY)
            energy = log.number(schema.CALORIES, day, text, row.where, _ENERGY, combine="sum")
            if energy is None:
                incomplete[day] = Reason.NOT_IN_EXPORT if is_nothing(text) else Reason.QUARANTINED
            if not is_nothing(row.get(_RATE)):
                self.ledger.read(schema.HEART_RATE)
                rate = possible_rate(log, day, row.get(_RATE), row.where, _RATE)
                if rate is not None:
                    rates.setdefault(day, []).append((rate, length))
        for day, reason in incomplete.items():
            log.take_out(schema.CALORIES, day, reason, "a cycle of the day has no energy")
        for day, found in rates.items():
            mean = sum(rate * length for rate, length in found) / sum(one for _, one in found)
            where = Where("cycles", "mean by length")
            log.put(schema.HEART_RATE, day, mean, where, _RATE, values=len(found))
        if lengths and lengths[min(lengths)] < _WHOLE_CYCLE:
            partial_days.append(min(lengths))
        take_out_partial(log, partial_days)

    def _read_sleeps(self, path: str) -> None:
        self.log.offered.add(schema.SLEEP)
        for row in read_rows(self.export, path, self.ledger):
            self._add_sleep(row)

    def _add_sleep(self, row: Row) -> None:
        self.log.offered.add(schema.SLEEP)
        self.ledger.read(schema.SLEEP)
        start, end = seconds_of(row.get(_ONSET)), seconds_of(row.get(_WAKE))
        minutes, day = as_number(row.get(_ASLEEP)), None if end is None else day_of(end)
        if start is None or end is None or end < start or day is None or not minutes or minutes < 0:
            why = "a sleep has an onset, a waking after it and minutes asleep"
            self.ledger.reject(schema.SLEEP, row.where, _ONSET, row.get(_ONSET), why)
            return
        nap = row.get("nap").lower() == "true"
        self.nights.add(Sleep(day, start, end, minutes / 60, nap, row.where, key=str(start)))

    def _read_workouts(self, path: str) -> None:
        self.log.offered.add(schema.WORKOUT)
        for row in read_rows(self.export, path, self.ledger):
            start, sport = seconds_of(row.get(_STARTED)), row.get(_SPORT)
            if not is_sport(sport):
                self.ledger.skip(NO_WORKOUTS)
                continue
            self.ledger.read(schema.WORKOUT)
            end = seconds_of(row.get(_STOPPED))
            day = None if start is None else day_of(start)
            if start is None or day is None or not sport or end is None or end < start:
                why = "a workout has a name, a start and an end after it"
                self.ledger.reject(schema.WORKOUT, row.where, _SPORT, sport, why)
                if day is not None:  # which is no rest day
                    self.log.miss(schema.WORKOUT, day, Reason.QUARANTINED)
                continue
            if (start, sport) in self.workouts:
                self.ledger.merge(schema.WORKOUT)
            self.workouts[start, sport] = (day, (end - start) / 60)


def _day_of_cycle(row: Row, start: int) -> int | None:
    """Return the day of waking; without a sleep, that of the middle."""
    wake, end = seconds_of(row.get(_WAKE)), seconds_of(row.get(_ENDED))
    if wake is not None:
        return day_of(wake)
    return day_of(start + _HALF_DAY if end is None else (start + end) / 2)
