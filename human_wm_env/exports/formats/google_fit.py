"""Google Fit in Google Takeout: `Daily activity metrics.csv`, one row a local day.

The folder's and the file's names are in the account's language; columns are those of what the
account ever had, so that the table is known by some of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from human_wm_env.exports.accounts import tables_of_people
from human_wm_env.exports.csv_rows import Row, header_of, latest_day, read_rows
from human_wm_env.exports.day_log import DayLog, DayLogBuilder, is_nothing
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import UNPLACED, Ledger
from human_wm_env.exports.rates import possible_rate
from human_wm_env.exports.stamps import read_day
from human_wm_env.exports.worn_days import mark_days
from human_wm_env.person import schema

_DATE, _STEPS, _RATE = "date", "step count", "average heart rate (bpm)"
_MARKS = {"move minutes count", "calories (kcal)", "distance (m)", "heart points"}
_NUMBERS = (
    (_STEPS, schema.STEPS, 1.0),
    ("calories (kcal)", schema.CALORIES, 1.0),
    ("distance (m)", schema.DISTANCE, 1e-3),
    ("move minutes count", schema.MINUTES, 1.0),
)


class GoogleFit:
    """See the module."""

    name = "google_fit"

    def recognise(self, export: Export) -> bool:
        """Return True where a table has days with Google Fit's columns."""
        return any(_is_table(export, path) for path in export.paths)

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the person of each account, which has one folder with tables of days."""
        folders = {}
        for path in export.paths:
            if _is_table(export, path):
                folders[path] = _folder(path)
            else:
                ledger.skip(f"file {PurePosixPath(path).parent.name}")
        yield from tables_of_people(
            folders,
            lambda path: latest_day(export, path, _DATE),
            lambda paths: self._read(export, paths, options, ledger),
        )

    def _read(
        self, export: Export, paths: Sequence[str], options: ReadingOptions, ledger: Ledger
    ) -> DayLog | None:
        log = DayLogBuilder(self.name, (), ledger, repeated=options.repeated)
        days: set[int] = set()
        for path in paths:
            for row in read_rows(export, path, ledger):
                day = read_day(row.get(_DATE))
                if day is None:
                    ledger.read(UNPLACED)
                    why = "a row has a date since 2000"
                    ledger.reject(UNPLACED, row.where, _DATE, row.get(_DATE), why)
                    continue
                days.add(day)
                _read_row(row, day, log)
        mark_days(log, days)
        return log.build()


def _is_table(export: Export, path: str) -> bool:
    if not path.lower().endswith(".csv"):
        return False
    names = set(header_of(export, path))
    return _DATE in names and _STEPS in names and bool(names & _MARKS)


def _folder(path: str) -> str:
    """Return the folder that an account's own folders, Fit and the table's in it, lie in."""
    folder = PurePosixPath(path).parent
    fit = folder.parent
    return str(fit.parent if fit.name.lower() in ("fit", "google fit") else folder)


def _read_row(row: Row, day: int, log: DayLogBuilder) -> None:
    for column, feature, scale in _NUMBERS:
        if not is_nothing(row.get(column)):
            log.offered.add(feature)
        log.number(feature, day, row.get(column), row.where, column, scale=scale)
    text = row.get(_RATE)
    if is_nothing(text):
        return
    log.offered.add(schema.HEART_RATE)
    log.ledger.read(schema.HEART_RATE)
    rate = possible_rate(log, day, text, row.where, _RATE)
    if rate is not None:
        log.put(schema.HEART_RATE, day, rate, row.where, _RATE)
