"""A long table: one row a person, date and feature, with its value; CSV or Parquet.

The columns are called `user_id`, `date`, `feature` and `value`, in any order and case; without
`user_id` all rows are of one person. A feature is called as in the schema, and a value is a number
in the schema's unit, or a category's name. Everything else is as in a daily table.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np

from human_wm_env.data.dataset import plain_id
from human_wm_env.data.importers.columns import DATE, USER
from human_wm_env.errors import DataError
from human_wm_env.exports.categories import category_codes
from human_wm_env.exports.csv_rows import column_key
from human_wm_env.exports.day_log import DayLogBuilder, is_nothing
from human_wm_env.exports.decimals import rewrite_for
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.daily_table import our_names
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.formats.table_reader import read_days
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.tables import Chunk, Table, is_table, names_of, open_table
from human_wm_env.person import schema

FEATURE, VALUE = "feature", "value"


class LongTable:
    """See the module."""

    name = "long"

    def recognise(self, export: Export) -> bool:
        """Return True where every file is a table of dates, features and values."""
        tables = [names_of(export, path) for path in export.paths if is_table(export, path)]
        return bool(tables) and all({DATE, FEATURE, VALUE} <= {*header} for header in tables)

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the people of all tables."""
        logs: dict[str | None, DayLogBuilder] = {}
        offered: set[int] = set()
        for path in export.paths:
            if not is_table(export, path):
                ledger.skip(f"file {path}")
                continue
            days = _days_of(export, path, options)
            with open_table(export, path, ledger) as table:
                reader = LongReader(table, path, options, ledger, days, logs)
                for chunk in table.chunks:
                    reader.add(chunk)
            offered |= reader.offered
        for user, log in logs.items():
            log.offered |= offered
            yield user, log.build


def _days_of(export: Export, path: str, options: ReadingOptions) -> dict[str, int]:
    """Return the day of each date of a table, which all its rows together tell."""
    texts: dict[str, None] = {}
    with open_table(export, path, Ledger(io.StringIO())) as table:
        place = _places(table, path, options)[DATE]
        for chunk in table.chunks:
            texts |= dict.fromkeys(chunk.columns[place])
    return read_days(list(texts), path, options)


def _places(table: Table, file: str, options: ReadingOptions) -> dict[str, int]:
    """Return where our columns stand.

    Raises:
        DataError: one is missing.
    """
    of_columns = {
        theirs: ours for theirs, ours in options.columns.items() if ours not in schema.FEATURE_NAMES
    }
    names = our_names(table.names, of_columns, (USER, DATE, FEATURE, VALUE))
    missing = [name for name in (DATE, FEATURE, VALUE) if name not in names]
    if missing:
        raise DataError(
            f"a column {missing[0]}",
            f"{file} with the columns {', '.join(table.names[:20]) or 'none'}",
            "Rename it, or name it in `columns`.",
        )
    return {name: names.index(name) for name in (DATE, FEATURE, VALUE, USER) if name in names}


class LongReader:
    """Reads rows of a long table.

    Args:
        table: whose columns are looked for.
        file: its name.
        options: `columns` has our names of its columns, and our features by its words.
        ledger: where values are counted.
        days: of each date, -1 where it is none that can be logged.
        logs: of each person so far.

    Attributes:
        offered: features of which there is any value.
    """

    def __init__(
        self,
        table: Table,
        file: str,
        options: ReadingOptions,
        ledger: Ledger,
        days: Mapping[str, int],
        logs: dict[str | None, DayLogBuilder],
    ) -> None:
        self.file, self.options, self.ledger = file, options, ledger
        self._days, self._logs = days, logs
        places = _places(table, file, options)
        self._place = {name: places[name] for name in (DATE, FEATURE, VALUE)}
        self._user_place = places.get(USER)
        self._features = {name: index for index, name in enumerate(schema.FEATURE_NAMES)}
        for theirs, ours in options.columns.items():
            if ours in self._features:
                self._features[column_key(theirs)] = self._features[ours]
        self._codes = {
            index: category_codes(index, options.categories)
            for index in schema.CATEGORICAL_FEATURES
        }
        self._rewrite, _ = rewrite_for(options.decimal, comma_possible=table.decimal_comma)
        self.offered: set[int] = set()

    def add(self, chunk: Chunk) -> None:
        """Read rows; what cannot be used is rejected."""
        lines, columns = chunk
        dates, features, values = (columns[place] for place in self._place.values())
        known = {text: self._features.get(column_key(text)) for text in {*features}}
        users = [None] * len(lines) if self._user_place is None else columns[self._user_place]
        rows = zip(lines, users, dates, features, values, strict=True)
        for line, user, date, feature, value in rows:
            index = known[feature]
            if index is None:
                self.ledger.skip(f"feature {feature[:40]}")
                continue
            day = self._days[date]
            self._cell(
                user, None if day < 0 else day, index, value, Where(self.file, f"line {line}")
            )

    def _cell(self, user: str | None, day: int | None, index: int, text: str, where: Where) -> None:
        column = schema.FEATURE_NAMES[index]
        if user is not None and not user.strip():
            self.ledger.read(index)
            self.ledger.reject(index, where, column, text, "a row should have an id")
            return
        who = None if user is None else plain_id(user)
        log = self._logs.get(who)
        if log is None:
            repeated = self.options.repeated
            log = self._logs[who] = DayLogBuilder(
                LongTable.name, (), self.ledger, repeated=repeated
            )
        if index not in self._codes:
            number = text if is_nothing(text) else self._rewrite(text)
            if log.number(index, day, number, where, column) is not None:
                self.offered.add(index)
            return
        code = self._codes[index].get(text.strip().lower())
        if code is not None and np.isnan(code):
            return
        self.ledger.read(index)
        if day is None:
            self.ledger.reject(index, where, column, text, "its date should be a day since 2000")
        elif code is None:
            names = ", ".join(schema.categories(index))
            why = f"it should be one of {names}, or be named in `categories`"
            log.reject_cell(index, day, where, column, text, why)
        else:
            self.offered.add(index)
            log.put(index, day, code, where, column)
