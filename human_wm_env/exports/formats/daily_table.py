"""A table with one row a person and date, one column a feature: CSV or Parquet.

The columns are called as in the schema, `user_id` and `date`, in any order and case; others
are counted as unused. Any separator; a comma in numbers is a decimal one where it does not
separate. The text None in workout_type is a rest day. Kaggle's "fitness tracker" is such a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from human_wm_env.data.dataset import plain_id
from human_wm_env.errors import ConfigError, DataError, did_you_mean
from human_wm_env.exports.categories import category_codes
from human_wm_env.exports.csv_rows import column_key
from human_wm_env.exports.day_log import as_number, is_nothing
from human_wm_env.exports.day_rows import REJECTED, DayRows, joined
from human_wm_env.exports.decimals import Rewrite, rewrite_for
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.stamps import read_any_day, read_day
from human_wm_env.exports.tables import Chunk, is_table, names_of, open_table
from human_wm_env.person import schema

USER, DATE = "user_id", "date"
NAN = float("nan")


class DailyTable:
    """See the module."""

    name = "daily"

    def recognise(self, export: Export) -> bool:
        """Return True where every file is a table with a date and features of the schema."""
        tables = [names_of(export, path) for path in export.paths if is_table(export, path)]
        return bool(tables) and all(
            DATE in header and len({*header} & {*schema.FEATURE_NAMES}) >= 2 for header in tables
        )

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the people of all tables."""
        for path in export.paths:
            if is_table(export, path):
                rows = read_day_rows(export, path, options, ledger, self.name)
                yield from rows.people(ledger, options.repeated)
            else:
                ledger.skip(f"file {path}")


def read_day_rows(
    export: Export,
    path: str,
    options: ReadingOptions,
    ledger: Ledger,
    source: str,
    *,
    undated: bool = False,
) -> DayRows:
    """Return the rows of a daily table, with numbers of days as dates, too, if `undated`.

    Raises:
        DataError: the file is no table with dates.
    """
    with open_table(export, path, ledger) as table:
        names = our_names(table.names, options.columns, (USER, DATE, *schema.FEATURE_NAMES))
        if DATE not in names:
            raise DataError(
                "a column date",
                f"{path} with the columns {', '.join(table.names[:20]) or 'none'}",
                "Rename it, or name it in `columns`.",
            )
        rows = TableReader(
            names, path, options, ledger, decimal_comma=table.decimal_comma, undated=undated
        )
        for chunk in table.chunks:
            rows.add(chunk)
    return rows.finish(source)


def our_names(header: Sequence[str], columns: Mapping[str, str], known: Sequence[str]) -> list[str]:
    """Return the columns by our names, where they have one.

    Args:
        header: of the table.
        columns: our name by theirs.
        known: our names.

    Raises:
        ConfigError: a column that is to be renamed is not there, or to be no column of ours.
    """
    ours = {column_key(theirs): name for theirs, name in columns.items()}
    for theirs, name in ours.items():
        if theirs not in header:
            raise ConfigError(
                "columns of the table on the left of `columns`",
                repr(theirs),
                did_you_mean(theirs, header),
            )
        if name not in known:
            raise ConfigError(
                "columns of the schema on the right of `columns`",
                repr(name),
                did_you_mean(name, known),
            )
    replaced = set(ours.values())
    return [ours.get(name, "" if name in replaced else name) for name in header]


class TableReader:
    """Reads rows of a daily table into arrays, a chunk at a time.

    Args:
        names: of the columns, ours where they are ours.
        file: name of the file.
        options: its `categories` are more words for our categories.
        ledger: where values are counted.
        decimal_comma: numbers may have a comma before their decimals, where `options` do not
            say what they have.
        undated: dates may be numbers of days of a log without dates.
    """

    def __init__(
        self,
        names: Sequence[str],
        file: str,
        options: ReadingOptions,
        ledger: Ledger,
        *,
        decimal_comma: bool = False,
        undated: bool = False,
    ) -> None:
        self._day_of = read_any_day if undated else read_day
        self.names, self.file, self.ledger = list(names), file, ledger
        self._rewrite, self._rewrite_all = rewrite_for(
            options.decimal, comma_possible=decimal_comma
        )
        self._columns = [
            (names.index(name), index)
            for index, name in enumerate(schema.FEATURE_NAMES)
            if name in names
        ]
        self._codes = {
            index: category_codes(index, options.categories)
            for _, index in self._columns
            if index in schema.CATEGORICAL_FEATURES
        }
        self._users: dict[str, int] = {}
        self._parts: dict[str, list[np.ndarray]] = {"user": [], "day": [], "line": [], "values": []}
        ours = {USER, DATE, *schema.FEATURE_NAMES}
        for name in self.names:
            if name not in ours:
                ledger.skip(f"column {name}")

    def add(self, chunk: Chunk) -> None:
        """Read rows; what cannot be used is rejected."""
        lines, columns = chunk
        values = np.full((len(lines), schema.FEATURE_COUNT), NAN)
        for place, index in self._columns:
            values[:, index] = self._column(columns[place], index, lines)
        day = self._days(columns[self.names.index(DATE)])
        user = self._user_positions(columns)
        bad = (day < 0) | (user < 0)
        if bad.any():
            self._reject_rows(np.flatnonzero(bad), day, columns, values, lines)
        good = ~bad
        self._parts["user"].append(user[good])
        self._parts["day"].append(day[good])
        self._parts["line"].append(np.array(lines)[good])
        self._parts["values"].append(values[good])

    def finish(self, source: str) -> DayRows:
        """Return all rows."""
        values = joined(self._parts["values"], schema.FEATURE_COUNT)
        return DayRows(
            source,
            self.file,
            tuple(np.flatnonzero((~np.isnan(values)).any(axis=0)).tolist()),
            tuple(self._users) if USER in self.names else (None,),
            joined(self._parts["user"]).astype(np.int64),
            joined(self._parts["day"]).astype(np.int64),
            joined(self._parts["line"]).astype(np.int64),
            values,
        )

    def _column(self, cells: Sequence[str], index: int, lines: list[int]) -> np.ndarray:
        """Return a feature's numbers or codes; counts them as read, rejects what is none."""
        if index in self._codes:
            codes = self._codes[index]
            known = {text: codes.get(text.strip().lower(), REJECTED) for text in set(cells)}
            values = np.array([known[text] for text in cells])
        else:
            values = _numbers(cells, self._rewrite, all_of_them=self._rewrite_all)
        self.ledger.read(index, int(np.count_nonzero(~np.isnan(values))))
        for row in np.flatnonzero(values == REJECTED).tolist():
            why = "it should be a finite number"
            if index in self._codes:
                names = ", ".join(schema.categories(index))
                why = f"it should be one of {names}, or be named in `categories`"
            self.ledger.reject(
                index,
                Where(self.file, f"line {lines[row]}"),
                schema.FEATURE_NAMES[index],
                cells[row],
                why,
            )
        return values

    def _days(self, cells: Sequence[str]) -> np.ndarray:
        known = {text: self._day_of(text) or -1 for text in set(cells)}
        return np.array([known[text] for text in cells], dtype=np.int64)

    def _user_positions(self, columns: Sequence[Sequence[str]]) -> np.ndarray:
        if USER not in self.names:
            return np.zeros(len(columns[0]), dtype=np.int64)
        cells = columns[self.names.index(USER)]
        users = self._users
        known = {
            text: users.setdefault(plain_id(text), len(users)) if text.strip() else -1
            for text in dict.fromkeys(cells)
        }
        return np.array([known[text] for text in cells], dtype=np.int64)

    def _reject_rows(
        self,
        rows: np.ndarray,
        day: np.ndarray,
        columns: Sequence[Sequence[str]],
        values: np.ndarray,
        lines: list[int],
    ) -> None:
        dates = columns[self.names.index(DATE)]
        self.ledger.reject_rows(
            range(schema.FEATURE_COUNT),
            np.isfinite(values[rows]),
            ((self.file, f"line {lines[row]}", DATE, dates[row]) for row in rows.tolist()),
            "a row should have an id, and a date as 2021-05-24 between 2000 and today",
        )


def _numbers(cells: Sequence[str], rewrite: Rewrite, *, all_of_them: bool) -> np.ndarray:
    """Return numbers: NaN where nothing stands, REJECTED where no finite number does."""
    if not all_of_them:
        try:
            values = np.array([float(cell) if cell else NAN for cell in cells])
            if not np.isinf(values).any() and "_" not in "".join(cells):
                return values
        except ValueError:
            pass
    return np.array([_number(cell, rewrite) for cell in cells])


def _number(cell: str, rewrite: Rewrite) -> float:
    if is_nothing(cell):
        return NAN
    value = as_number(rewrite(cell))
    return REJECTED if value is None else value
