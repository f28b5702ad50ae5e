"""Health Connect's export: a zip with `health_connect_export.db`, an SQLite file.

Records have their times in ms since 1970 in UTC, and the offset of the clock beside each. Several
apps write the same walk: what two of them measured at one time counts once. Several databases of
one person are one: each has all that the older ones had.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from human_wm_env.errors import DataError
from human_wm_env.exports.accounts import accounts
from human_wm_env.exports.day_log import DayLog, DayLogBuilder, as_number
from human_wm_env.exports.files import Export, typed_errors
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.intervals import by_day, shares_by_priority
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.rates import DailyRates
from human_wm_env.exports.sleep import Nights, Sleep
from human_wm_env.exports.stamps import day_of
from human_wm_env.exports.worn_days import take_out_partial
from human_wm_env.person import schema

_MAGIC = b"SQLite format 3\0"
_STEPS, _APPS = "steps_record_table", "application_info_table"
_SLEEP, _STAGES = "sleep_session_record_table", "sleep_stages_table"
_RATES, _RATE_SERIES = "heart_rate_record_table", "heart_rate_record_series_table"
# Table: feature, column, and what its values are multiplied by.
_AMOUNTS = {
    _STEPS: (schema.STEPS, "count", 1.0),
    "distance_record_table": (schema.DISTANCE, "distance", 1e-3),  # m
}
_SPAN = ("start_time", "start_zone_offset", "end_time", "end_zone_offset")
_AWAKE = (1, 3, 7)  # awake, out of bed, awake in bed
_LONGEST_SPAN = 86400
_INSTRUCTIONS = 500_000_000  # of SQLite for one query; a damaged file may never end


class HealthConnect:
    """See the module."""

    name = "health_connect"

    def recognise(self, export: Export) -> bool:
        """Return True where a database has Health Connect's tables."""
        return any(_is_database(export, path) for path in export.paths)

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the person of each folder with databases."""
        folders = {}
        for path in export.paths:
            if _is_database(export, path):
                folders[path] = str(PurePosixPath(path).parent)
            else:
                ledger.skip(f"file {PurePosixPath(path).suffix}")
        for name, paths in accounts(folders):
            yield name, partial(self._read, export, paths, options, ledger)

    def _read(
        self, export: Export, paths: Sequence[str], options: ReadingOptions, ledger: Ledger
    ) -> DayLog | None:
        phone = _Phone(DayLogBuilder(self.name, (), ledger, repeated=options.repeated), options)
        for path in paths:
            with export.on_disk(path) as file, typed_errors(path), _open(file) as base:
                _Database(base, path, phone).read()
        return phone.write()


def _is_database(export: Export, path: str) -> bool:
    if not export.head(path).startswith(_MAGIC):
        return False
    with export.on_disk(path) as file:
        try:
            with _open(file) as base:
                return bool(_columns(base, _STEPS) or _columns(base, _SLEEP))
        except sqlite3.Error:  # damaged, which is said when it is read
            return PurePosixPath(path).name.startswith("health_connect")


@contextmanager
def _open(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that is never written to, nor asked for longer than it can take."""
    with closing(
        sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    ) as base:
        base.text_factory = bytes  # text of a damaged file need not be UTF-8
        base.set_progress_handler(lambda: 1, _INSTRUCTIONS)
        yield base


def _columns(base: sqlite3.Connection, table: str) -> set[str]:
    """Return the columns of a table, none of a view."""
    kind = base.execute("SELECT type FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    if kind is None or kind[0] != b"table":
        return set()
    return {
        bytes(row[1]).decode(errors="replace").lower()
        for row in base.execute(f"PRAGMA table_info({table})")
    }


class _Record(NamedTuple):
    """An amount over a span of local seconds, and the package of the app that wrote it."""

    start: int
    end: int
    app: str
    amount: float


class _Phone:
    """The records of one person, of all databases."""

    def __init__(self, log: DayLogBuilder, options: ReadingOptions) -> None:
        self.log = log
        # By table: of equal records the first, and the number of its database.
        self.amounts: dict[str, dict[_Record, int]] = {table: {} for table in _AMOUNTS}
        self.nights = Nights(options.naps)
        self.rates = DailyRates(log, _RATE_SERIES, "beats_per_minute")
        self.latest: list[int] = []  # of each database, its last second

    def write(self) -> DayLog | None:
        """Return the log."""
        for table, records in self.amounts.items():
            if records:
                self._write_amounts(_AMOUNTS[table][0], records)
        self.nights.write(self.log)
        self.rates.write()
        days = self.log.days_of(schema.STEPS)
        take_out_partial(self.log, [*days[:1], *days[-1:]])
        return self.log.build()

    def _write_amounts(self, feature: int, records: Mapping[_Record, int]) -> None:
        """Put amounts into days; of apps that overlap, the one with the largest total counts.

        Where the same app overlaps itself, the database with the latest record goes first, and in
        one database what begins first.
        """
        found = list(records)
        start, end = np.array([(one.start, one.end) for one in found], np.int64).T
        amount = np.array([one.amount for one in found])
        _, app = np.unique([one.app for one in found], return_inverse=True)
        total = np.bincount(app, weights=amount)
        rank_of_app = np.argsort(np.argsort(-total, kind="stable"))
        age = np.argsort(np.argsort(-np.array(self.latest), kind="stable"))
        rank = rank_of_app[app] * len(age) + age[list(records.values())]
        shares = shares_by_priority(start, end, rank, within_rank=True)
        kept = shares.kept
        self.log.ledger.merge(feature, int((~kept).sum()))
        days, sums, counts = by_day(start[kept], end[kept], (amount * shares.share)[kept])
        self.log.add_series(feature, days, sums, counts)


class _Database:
    """Reads the tables of one database."""

    def __init__(self, base: sqlite3.Connection, file: str, phone: _Phone) -> None:
        self.base, self.file, self.phone = base, file, phone
        self.log, self.ledger = phone.log, phone.log.ledger

    def read(self) -> None:
        """Read all tables that are there."""
        self.phone.latest.append(0)
        apps = self._apps()
        for table in _AMOUNTS:
            self._read_amounts(table, apps)
        self._read_sleep()
        self._read_rates()

    def _apps(self) -> dict[object, str]:
        """Return the packages of apps by their number, which is another one on another phone."""
        if not _columns(self.base, _APPS) >= {"row_id", "package_name"}:
            return {}
        return {
            number: str(package)
            for _, (number, package) in self._rows(_APPS, "row_id", "package_name")
        }

    def _rows(self, table: str, *columns: str) -> Iterator[tuple[Where, tuple[object, ...]]]:
        """Yield the rows of a table, none where it lacks any of the columns.

        Raises:
            DataError: the table is there, but not its columns.
        """
        known = _columns(self.base, table)
        if not known:
            return
        lacking = [column for column in columns if column not in known]
        if lacking:
            raise DataError(
                f"{table} with {', '.join(columns)}",
                f"one without {', '.join(lacking)} in {self.file}",
                "Export it again with a current version of Health Connect.",
            )
        # Names are from this file, never from the export.
        query = f"SELECT rowid, {', '.join(columns)} FROM {table} ORDER BY rowid"
        for row in self.base.execute(query):
            yield Where(self.file, f"{table} row {row[0]}"), row[1:]

    def _read_amounts(self, table: str, apps: Mapping[object, str]) -> None:
        """Collect the records of a table; one that is there already is merged."""
        feature, column, scale = _AMOUNTS[table]
        known, database = self.phone.amounts[table], len(self.phone.latest) - 1
        for where, (*span, value, app) in self._rows(table, *_SPAN, column, "app_info_id"):
            self.log.offered.add(feature)
            self.ledger.read(feature)
            found, amount = _span(span), as_number(value)
            if found is None or found[1] - found[0] > _LONGEST_SPAN:
                why = "a record has a start and an end within a day, since 2000, with zone offsets"
                self.ledger.reject(feature, where, "start_time", span[0], why)
            elif amount is None or amount < 0:
                why = "it should be a number, and not negative"
                day = day_of(found[0])
                assert day is not None
                self.log.reject_cell(feature, day, where, column, value, why)
            else:
                record = _Record(*found, apps.get(app, str(app)), amount * scale)
                self.phone.latest[-1] = max(self.phone.latest[-1], record.end)
                if record in known:
                    self.ledger.merge(feature)
                else:
                    known[record] = database

    def _read_sleep(self) -> None:
        awake: dict[object, dict[tuple[float, float], float]] = {}
        stages = ("parent_key", "stage_start_time", "stage_end_time", "stage_type")
        for _, (parent, begun, ended, kind) in self._rows(_STAGES, *stages):
            start, end = as_number(begun), as_number(ended)
            if kind in _AWAKE and start is not None and end is not None:
                awake.setdefault(parent, {})[start, end] = max(end - start, 0.0) / 1000
        for where, (key, *span) in self._rows(_SLEEP, "row_id", *_SPAN):
            self.log.offered.add(schema.SLEEP)
            self.ledger.read(schema.SLEEP)
            found = _span(span)
            if found is None or found[1] == found[0]:
                why = "a sleep has a start and a later end since 2000, with zone offsets"
                self.ledger.reject(schema.SLEEP, where, "start_time", span[0], why)
                continue
            start_local, end_local = found
            day = day_of(end_local)
            assert day is not None
            seconds = end_local - start_local - sum(awake.get(key, {}).values())
            hours = max(seconds, 0.0) / 3600
            self.phone.nights.add(Sleep(day, start_local, end_local, hours, None, where))

    def _read_rates(self) -> None:
        """Put the mean of a day; a second rate of one moment, from another app, is merged."""
        offsets = {
            key: as_number(offset)
            for _, (key, offset) in self._rows(_RATES, "row_id", "start_zone_offset")
        }
        columns = ("parent_key", "beats_per_minute", "epoch_millis")
        why = "a heart rate has a time since 2000, and its record a zone offset"
        for where, (key, value, time) in self._rows(_RATE_SERIES, *columns):
            self.log.offered.add(schema.HEART_RATE)
            offset, utc = offsets.get(key), as_number(time)
            local = None if offset is None or utc is None else int(utc // 1000 + offset)
            day = None if local is None else day_of(local)
            self.phone.rates.add(day, value, where, why, moment=local)


def _span(cells: list[object]) -> tuple[int, int] | None:
    """Return local seconds of a start and an end of possible days, None where there are none."""
    numbers = [as_number(cell) for cell in cells]
    begun, begun_offset, ended, ended_offset = numbers
    if begun is None or begun_offset is None or ended is None or ended_offset is None:
        return None
    start, end = int(begun // 1000 + begun_offset), int(ended // 1000 + ended_offset)
    if day_of(start) is None or day_of(end) is None or end < start:
        return None
    return start, end
