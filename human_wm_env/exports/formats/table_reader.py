"""Rows of a daily table as arrays, a chunk at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from human_wm_env.data.dataset import plain_id
from human_wm_env.data.importers.columns import DATE, USER, Column
from human_wm_env.data.importers.csv_table import why_not_used
from human_wm_env.data.importers.dates import UNTOLD, read_dates
from human_wm_env.data.importers.labels import LabelColumn
from human_wm_env.data.importers.numbers import NumberColumn, decimal_of, lost_zeros
from human_wm_env.errors import DataError
from human_wm_env.exports.categories import further_words
from human_wm_env.exports.day_rows import REJECTED, DayRows, joined
from human_wm_env.exports.formats.format import ReadingOptions
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.stamps import possible_day
from human_wm_env.exports.tables import Chunk
from human_wm_env.person import schema
from human_wm_env.person.history import FIRST_UNDATED_DAY, LAST_UNDATED_DAY


class _Read(NamedTuple):
    """A column of a feature, and what reads its cells."""

    column: Column
    feature: int
    cells: NumberColumn | LabelColumn


class TableReader:
    """Reads rows of a daily table into arrays, a chunk at a time.

    How numbers are written, and what dates mean, is found out from all rows.

    Args:
        header: names of the columns.
        columns: those that are ours.
        file: name of the file.
        options: of reading.
        ledger: where values are counted.
        undated: dates may be numbers of days of a log without dates.
    """

    def __init__(
        self,
        header: Sequence[str],
        columns: Sequence[Column],
        file: str,
        options: ReadingOptions,
        ledger: Ledger,
        *,
        undated: bool = False,
    ) -> None:
        self._header, self._columns = list(header), list(columns)
        self.file, self._options, self.ledger = file, options, ledger
        self._undated = undated
        self._place = {column.name: column.place for column in columns}
        self._read = [
            _Read(column, index, _cells_of(column, index, options))
            for column in columns
            if (index := _feature_of(column)) is not None
        ]
        self._users: dict[str, int] = {}
        self._dates: dict[str, int] = {}
        self._parts: dict[str, list[np.ndarray]] = {
            name: [] for name in ("user", "date", "line", "values")
        }

    def add(self, chunk: Chunk) -> None:
        """Take rows; their cells are judged by `finish`."""
        lines, columns = chunk
        values = np.full((len(lines), schema.FEATURE_COUNT), np.nan)
        for one in self._read:
            values[:, one.feature] = one.cells.read_all(columns[one.column.place])
        dates = columns[self._place[DATE]]
        known = {
            text: self._dates.setdefault(text, len(self._dates)) for text in dict.fromkeys(dates)
        }
        self._parts["date"].append(np.array([known[text] for text in dates], dtype=np.int64))
        self._parts["user"].append(self._user_positions(columns))
        self._parts["line"].append(np.array(lines))
        self._parts["values"].append(values)

    def finish(self, source: str) -> DayRows:
        """Return all rows; cells that cannot be used, and rows without an id or date, are rejected.

        Raises:
            DataError: dates may be read in two ways, or steps have lost zeros.
        """
        values = joined(self._parts["values"], schema.FEATURE_COUNT)
        user, date, line = (
            joined(self._parts[name]).astype(np.int64) for name in ("user", "date", "line")
        )
        self._settle(values, line)
        days = read_days(list(self._dates), self.file, self._options, undated=self._undated)
        day = np.array(list(days.values()), dtype=np.int64)[date]
        bad = (day < 0) | (user < 0)
        if bad.any():
            texts = list(self._dates)
            self.ledger.reject_rows(
                range(schema.FEATURE_COUNT),
                np.isfinite(values[bad]),
                (
                    (self.file, f"line {at}", DATE, texts[which])
                    for at, which in zip(line[bad].tolist(), date[bad].tolist(), strict=True)
                ),
                "a row should have an id, and a date as 2021-05-24 between 2000 and today",
            )
        good = ~bad
        values = values[good]
        return DayRows(
            source,
            (self.file,),
            tuple(np.flatnonzero((~np.isnan(values)).any(axis=0)).tolist()),
            tuple(self._users) if USER in self._place else (None,),
            user[good],
            day[good],
            line[good],
            values,
            np.zeros(int(good.sum()), dtype=np.int64),
        )

    def _settle(self, values: np.ndarray, line: np.ndarray) -> None:
        """Read the cells that had to wait, count all, and reject those that are none."""
        decimal = decimal_of(
            [one.cells for one in self._read if isinstance(one.cells, NumberColumn)]
        )
        used = {self._place.get(name) for name in (USER, DATE)}
        for column in self._columns:
            if column.is_alias and column.name in (USER, DATE):
                self.ledger.note(column.told)
        for column, feature, cells in self._read:
            settled = cells.settle(decimal)
            for row, value in settled.values:
                values[row, feature] = value
            why = why_not_used(column, values[:, feature], settled.wrong)
            if why is not None:
                values[:, feature] = np.nan
                self.ledger.note(why)
                continue
            used.add(column.place)
            lost = lost_zeros(feature, values[:, feature])
            if lost is not None:
                received = f"{self.file}, {column.name}: {lost}"
                raise DataError("steps of whole days", received, "Export it again.")
            if column.is_alias:
                self.ledger.note(column.told)
            if settled.told:
                self.ledger.note(f"{column.name}: {settled.told}")
            count = int(np.count_nonzero(~np.isnan(values[:, feature]))) + len(settled.wrong)
            self.ledger.read(feature, count)
            self._reject(feature, settled.wrong, values, line)
        for place, name in enumerate(self._header):
            if place not in used:
                self.ledger.skip(f"column {name}")

    def _reject(
        self,
        feature: int,
        wrong: Sequence[tuple[int, str]],
        values: np.ndarray,
        line: np.ndarray,
    ) -> None:
        why = "it should be a finite number"
        if feature in schema.CATEGORICAL_FEATURES:
            names = ", ".join(schema.categories(feature))
            why = f"it should be one of {names}, or be named in `categories`"
        for row, text in wrong:
            values[row, feature] = REJECTED
            where = Where(self.file, f"line {line[row]}")
            self.ledger.reject(feature, where, schema.FEATURE_NAMES[feature], text, why)

    def _user_positions(self, columns: Sequence[Sequence[str]]) -> np.ndarray:
        if USER not in self._place:
            return np.zeros(len(columns[0]), dtype=np.int64)
        cells = columns[self._place[USER]]
        users = self._users
        known = {
            text: users.setdefault(plain_id(text), len(users)) if text.strip() else -1
            for text in dict.fromkeys(cells)
        }
        return np.array([known[text] for text in cells], dtype=np.int64)


def _feature_of(column: Column) -> int | None:
    known = column.name in schema.FEATURE_NAMES
    return schema.FEATURE_NAMES.index(column.name) if known else None


def _cells_of(column: Column, index: int, options: ReadingOptions) -> NumberColumn | LabelColumn:
    if index in schema.CATEGORICAL_FEATURES:
        return LabelColumn(index, further_words(index, options.categories), none_is_empty=True)
    return NumberColumn(index, column.factor, options.decimal)


def read_days(
    texts: Sequence[str], file: str, options: ReadingOptions, *, undated: bool = False
) -> dict[str, int]:
    """Return the ordinal of the date of each text of a column, -1 where it is none to be logged.

    Args:
        texts: different ones.
        file: what errors call it.
        options: its `date_format`.
        undated: dates may be numbers of days of a log without dates.

    Raises:
        DataError: they may be read in two ways.
    """
    found, wrong = read_dates(
        list(dict.fromkeys(text.strip() for text in texts)), options.date_format
    )
    for text, why in wrong.items():
        if UNTOLD in why:
            raise DataError(
                "dates that can be read in one way only",
                f"{text!r}, which {why.partition(': ')[0]} ({file})",
                "Say date_format=%d/%m/%Y, or %m/%d/%Y.",
            )

    def logged(day: int | None) -> int:
        if day is None:
            return -1
        if undated and FIRST_UNDATED_DAY <= day <= LAST_UNDATED_DAY:
            return day
        possible = possible_day(day)
        return -1 if possible is None else possible

    return {text: logged(found.get(text.strip())) for text in texts}
