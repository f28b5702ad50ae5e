"""A long table: one row a person, date and feature, with its value; CSV or Parquet.

The columns are called `user_id`, `date`, `feature` and `value`, in any order and case; without
`user_id` all rows are of one person. A feature is called as in the schema, and a value is a number
in the schema's unit, or a category's name. Everything else is as in a daily table.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from human_wm_env.data.dataset import plain_id
from human_wm_env.data.importers.columns import DATE, USER, with_unit
from human_wm_env.data.importers.numbers import NumberColumn, decimal_of
from human_wm_env.errors import DataError
from human_wm_env.exports.categories import category_codes
from human_wm_env.exports.csv_rows import column_key
from human_wm_env.exports.day_log import DayLogBuilder, is_nothing
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.daily_table import our_names
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.formats.table_reader import read_days
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.tables import Chunk, Table, all_tables, is_table, open_table
from human_wm_env.person import schema

FEATURE, VALUE = "feature", "value"
Unit = tuple[int, float]  # a feature, and the factor of what its numbers are written in


class LongTable:
    """See the module."""

    name = "long"

    def recognise(self, export: Export) -> bool:
        """Return True where every file is a table of dates, features and values."""
        return all_tables(export, lambda header: {DATE, FEATURE, VALUE} <= {*header})

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the people of all tables."""
        logs: dict[str | None, DayLogBuilder] = {}
        offered: set[int] = set()
        for path in export.paths:
            if not is_table(export, path):
                ledger.skip(f"file {path}")
                continue
            texts = _texts_of(export, path, options)
            for index, told in texts.told.items():
                ledger.note(f"{schema.FEATURE_NAMES[index]}: {told}")
            with open_table(export, path, ledger) as table:
                reader = LongReader(table, path, options, ledger, texts, logs)
                for chunk in table.chunks:
                    reader.add(chunk)
            offered |= reader.offered
        for user, log in logs.items():
            log.offered |= offered
            yield user, log.build


@dataclass(frozen=True)
class Texts:
    """What the texts of a table mean, which all its rows together tell.

    Attributes:
        days: of each date, -1 where it is none that can be logged.
        numbers: values of the cells that are no numbers as they stand, by feature and factor of
            their unit, and then by the number of the cell among these.
        told: how the numbers of a feature were read, where not as they stand.
    """

    days: Mapping[str, int]
    numbers: Mapping[Unit, Mapping[int, float]]
    told: Mapping[int, str]


def _texts_of(export: Export, path: str, options: ReadingOptions) -> Texts:
    """Read a table once for what its texts mean."""
    dates: dict[str, None] = {}
    features = _features(options)
    columns: dict[Unit, NumberColumn] = {}
    with open_table(export, path, Ledger(io.StringIO())) as table:
        places = _places(table, path, options)
        for chunk in table.chunks:
            dates |= dict.fromkeys(chunk.columns[places[DATE]])
            names, values = (chunk.columns[places[name]] for name in (FEATURE, VALUE))
            for name, text in zip(names, values, strict=True):
                unit = features.get(column_key(name))
                if unit is None or unit[0] in schema.CATEGORICAL_FEATURES:
                    continue
                if unit not in columns:
                    columns[unit] = NumberColumn(*unit, options.decimal)
                columns[unit].read(text.strip())
    decimal = decimal_of(list(columns.values()))
    settled = {unit: reader.settle(decimal) for unit, reader in columns.items()}
    return Texts(
        read_days(list(dates), path, options),
        {unit: dict(found.values) for unit, found in settled.items()},
        {unit[0]: found.told for unit, found in settled.items() if found.told},
    )


def _features(options: ReadingOptions) -> dict[str, Unit]:
    """Return the feature and the factor of each word for one."""
    found = {name: (index, 1.0) for index, name in enumerate(schema.FEATURE_NAMES)}
    for theirs, ours in options.columns.items():
        name, factor = with_unit(ours) or (ours, 1.0)
        if name in schema.FEATURE_NAMES:
            found[column_key(theirs)] = (schema.FEATURE_NAMES.index(name), factor)
    return found


def _places(table: Table, file: str, options: ReadingOptions) -> dict[str, int]:
    """Return where our columns stand.

    Raises:
        DataError: one is missing.
    """
    of_columns = {
        theirs: ours
        for theirs, ours in options.columns.items()
        if (with_unit(ours) or (ours, 1.0))[0] not in schema.FEATURE_NAMES
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
        texts: what they mean.
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
        texts: Texts,
        logs: dict[str | None, DayLogBuilder],
    ) -> None:
        self.file, self.options, self.ledger = file, options, ledger
        self._texts, self._logs = texts, logs
        places = _places(table, file, options)
        self._place = {name: places[name] for name in (DATE, FEATURE, VALUE)}
        self._user_place = places.get(USER)
        self._features = _features(options)
        self._codes = {
            index: category_codes(index, options.categories)
            for index in schema.CATEGORICAL_FEATURES
        }
        self._seen: Counter[Unit] = Counter()
        self.offered: set[int] = set()

    def add(self, chunk: Chunk) -> None:
        """Read rows; what cannot be used is rejected."""
        lines, columns = chunk
        dates, features, values = (columns[place] for place in self._place.values())
        known = {text: self._features.get(column_key(text)) for text in {*features}}
        users = [None] * len(lines) if self._user_place is None else columns[self._user_place]
        rows = zip(lines, users, dates, features, values, strict=True)
        for line, user, date, feature, value in rows:
            found = known[feature]
            if found is None:
                self.ledger.skip(f"feature {feature[:40]}")
                continue
            index = found[0]
            if index not in self._codes:
                value = self._as_number(found, value)
            day = self._texts.days[date]
            where = Where(self.file, f"line {line}")
            self._cell(user, None if day < 0 else day, index, value, where)

    def _as_number(self, unit: Unit, text: str) -> str:
        """Return a cell as a plain number in our unit, where it can be read as one."""
        cell, self._seen[unit] = self._seen[unit], self._seen[unit] + 1
        value = self._texts.numbers[unit].get(cell)
        if value is not None:
            return repr(value)
        if unit[1] == 1.0 or is_nothing(text):
            return text
        try:
            return repr(float(text) * unit[1])
        except ValueError:
            return text

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
            if log.number(index, day, text, where, column) is not None:
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
