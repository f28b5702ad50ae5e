"""A table with one row a person and date, one column a feature: CSV or Parquet.

The columns are called as in the schema, `user_id` and `date`, or as apps call them, in any order
and case; others are counted as unused. Any separator; names, numbers and dates are read by the
rules of own logs (`data/importers`). The text None in workout_type is a rest day. Kaggle's "fitness
tracker" is such a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from human_wm_env.data.importers.columns import COLUMNS, DATE, Column, recognise, with_unit
from human_wm_env.errors import ConfigError, DataError, did_you_mean
from human_wm_env.exports.csv_rows import column_key
from human_wm_env.exports.day_rows import DayRows, together
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.format import People, ReadingOptions
from human_wm_env.exports.formats.table_reader import TableReader
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.tables import all_tables, is_table, open_table
from human_wm_env.person import schema


class DailyTable:
    """See the module."""

    name = "daily"

    def recognise(self, export: Export) -> bool:
        """Return True where every file is a table with a date and features of the schema."""
        return all_tables(
            export, lambda names: DATE in names and len({*names} & {*schema.FEATURE_NAMES}) >= 2
        )

    def recognise_names_of_apps(self, export: Export) -> bool:
        """Return True where every table has a date and a feature as apps call them.

        Tables of vendors that are read by another format have such names, too: that one is asked
        first.
        """
        return all_tables(export, _has_days)

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the people of all tables."""
        tables = []
        for path in export.paths:
            if is_table(export, path):
                tables.append(read_day_rows(export, path, options, ledger, self.name))
            else:
                ledger.skip(f"file {path}")
        if tables:
            yield from together(tables).people(ledger, options.repeated)


def _has_days(header: Sequence[str]) -> bool:
    names = {column.name for column in recognise(header)[0]}
    return DATE in names and bool(names & {*schema.FEATURE_NAMES})


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
        DataError: the file is no table with dates, or its dates may be read in two ways.
    """
    with open_table(export, path, ledger) as table:
        columns, doubts = columns_of(table.names, options.columns)
        for doubt in doubts:
            ledger.note(doubt)
        if DATE not in {column.name for column in columns}:
            raise DataError(
                "a column date",
                f"{path} with the columns {', '.join(table.names[:20]) or 'none'}",
                "Rename it, or name it in `columns` of a map.",
            )
        reader = TableReader(
            table.names,
            columns,
            path,
            options,
            ledger,
            undated=undated,
        )
        for chunk in table.chunks:
            reader.add(chunk)
    return reader.finish(source)


def columns_of(header: Sequence[str], columns: Mapping[str, str]) -> tuple[list[Column], list[str]]:
    """Return the columns that are ours, those that are named first, and what is in doubt.

    Args:
        header: of the table.
        columns: our name by theirs, with a unit where theirs is another: `sleep_hours (min)`.

    Raises:
        ConfigError: see `our_names`.
    """
    bare, factors = {}, {}
    for theirs, ours in columns.items():
        bare[theirs], factors[column_key(theirs)] = with_unit(ours) or (ours, 1.0)
    names = our_names(header, bare, COLUMNS)
    found, doubts = recognise(names)
    return [
        Column(
            column.place,
            column.name,
            header[column.place],
            factors.get(header[column.place], column.factor),
            column.is_alias,
        )
        for column in found
    ], doubts


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
