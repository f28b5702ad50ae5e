"""Oura's trends: one CSV with a row a day, its sleep that of the waking day."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from human_wm_env.exports.accounts import tables_of_people
from human_wm_env.exports.csv_rows import Row, header_of, latest_day, read_rows
from human_wm_env.exports.day_log import DayLog, DayLogBuilder, as_number
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import UNPLACED, Ledger
from human_wm_env.exports.stamps import DAY_SECONDS, read_day
from human_wm_env.exports.worn_days import take_out_partial, take_out_unworn
from human_wm_env.person import schema

_SLEEP, _BURN, _OFF = "total sleep duration", "total burn", "non-wear time"
_MARKS = {_SLEEP, _BURN, _OFF, "sleep timin score", "activity burn", "equivalent walking distance"}
_NUMBERS = (
    ("steps", schema.STEPS, 1.0),
    (_BURN, schema.CALORIES, 1.0),
    ("equivalent walking distance", schema.DISTANCE, 1e-3),  # m
    (_SLEEP, schema.SLEEP, 1 / 3600),
)
_ACTIVE = ("low activity time", "medium activity time", "high activity time")
_SPENT = (*_ACTIVE, "inactive time", "rest time", _OFF)
_WHOLE_DAY = DAY_SECONDS - 3600


class Oura:
    """See the module."""

    name = "oura"

    def recognise(self, export: Export) -> bool:
        """Return True where a CSV has a date and columns of Oura alone."""
        return any(_is_trends(export, path) for path in export.paths)

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the person of each folder."""
        folders = {}
        for path in export.paths:
            if _is_trends(export, path):
                folders[path] = str(PurePosixPath(path).parent)
            else:
                ledger.skip(f"file {PurePosixPath(path).name}")
        yield from tables_of_people(
            folders,
            lambda path: latest_day(export, path, "date"),
            lambda paths: self._read(export, paths, options, ledger),
        )

    def _read(
        self, export: Export, paths: Sequence[str], options: ReadingOptions, ledger: Ledger
    ) -> DayLog | None:
        log = DayLogBuilder(self.name, (), ledger, repeated=options.repeated)
        seconds: dict[int, dict[str, float]] = {}
        for path in paths:
            header = set(header_of(export, path))
            log.offered |= {feature for column, feature, _ in _NUMBERS if column in header}
            log.offered |= {schema.MINUTES} if header >= set(_ACTIVE) else set()
            for row in read_rows(export, path, ledger):
                day = read_day(row.get("date"))
                if day is None:
                    ledger.read(UNPLACED)
                    why = "a row has a date since 2000"
                    ledger.reject(UNPLACED, row.where, "date", row.get("date"), why)
                    continue
                seconds[day] = _read_row(row, day, log)
        _mark_days(log, seconds)
        return log.build()


def _is_trends(export: Export, path: str) -> bool:
    header = set(header_of(export, path)) if path.lower().endswith(".csv") else set()
    return "date" in header and len(header & _MARKS) >= 2


def _read_row(row: Row, day: int, log: DayLogBuilder) -> dict[str, float]:
    """Read a day; return what its 24 hours were spent on, in seconds."""
    for column, feature, scale in _NUMBERS:
        log.number(feature, day, row.get(column), row.where, column, scale=scale)
    log.total(schema.MINUTES, day, {one: row.get(one) for one in _ACTIVE}, row.where, scale=1 / 60)
    found = {column: as_number(row.get(column)) for column in _SPENT}
    return {column: value for column, value in found.items() if value is not None}


def _mark_days(log: DayLogBuilder, seconds: dict[int, dict[str, float]]) -> None:
    unworn = [
        day
        for day, spent in seconds.items()
        if (not log.value(schema.STEPS, day) and not log.value(schema.MINUTES, day))
        or spent.get(_OFF, 0.0) >= _WHOLE_DAY
    ]
    take_out_unworn(log, unworn)
    worn = sorted(set(seconds) - set(unworn))
    ends = {*worn[:1], *worn[-1:]}
    take_out_partial(log, [day for day in ends if sum(seconds[day].values()) < _WHOLE_DAY])
