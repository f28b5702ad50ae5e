"""A table of an export, CSV or Parquet, as text: some thousand rows at a time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple

from human_wm_env.exports.csv_rows import (
    bounded_lines,
    check_columns,
    column_key,
    header_of,
    separator_of,
    text_stream,
)
from human_wm_env.exports.files import Export, typed_errors
from human_wm_env.exports.ledger import UNPLACED, Ledger, Where
from human_wm_env.files.parquet import MAGIC, column_names, text_batches

CHUNK_ROWS = 20_000


class Chunk(NamedTuple):
    """Rows of a table.

    Attributes:
        lines: of the file (of Parquet: the number of the row, the first one is 1), one each.
        columns: cells by column, in the order of the header; empty where nothing stands.
    """

    lines: list[int]
    columns: list[tuple[str, ...]]


class Table(NamedTuple):
    """A table that is open.

    Attributes:
        names: of the columns, as `column_key` writes them.
        chunks: its rows.
    """

    names: list[str]
    chunks: Iterator[Chunk]


def is_table(export: Export, path: str) -> bool:
    """Return True for a file that may be a table, by its ending and first bytes."""
    name = path.lower()
    return name.endswith((".csv", ".tsv", ".txt")) or _is_parquet(export, path)


def _is_parquet(export: Export, path: str) -> bool:
    return path.lower().endswith((".parquet", ".pq")) and export.head(path).startswith(MAGIC)


def names_of(export: Export, path: str) -> tuple[str, ...]:
    """Return the column keys of a table, () where it has none."""
    if not _is_parquet(export, path):
        return header_of(export, path)
    with export.on_disk(path) as file:
        return tuple(column_key(name) for name in column_names(file, path))


def all_tables(export: Export, has: Callable[[tuple[str, ...]], bool]) -> bool:
    """Return True where an export has tables, and the column keys of each are as asked."""
    found = False
    for path in export.paths:
        if is_table(export, path):
            if not has(names_of(export, path)):
                return False
            found = True
    return found


@contextmanager
def open_table(export: Export, path: str, ledger: Ledger) -> Iterator[Table]:
    """Open a table; a row with another number of cells than the header is rejected.

    Raises:
        DataError: the file is no table, or has two columns of one name.
        MissingExtraError: Parquet, and pyarrow is not installed.
    """
    if _is_parquet(export, path):
        with export.on_disk(path) as file:
            names = [column_key(name) for name in column_names(file, path)]
            check_columns(names, path)
            yield Table(names, _parquet_chunks(text_batches(file, path, CHUNK_ROWS)))
        return
    with export.open(path) as stream, typed_errors(path):
        lines = bounded_lines(text_stream(stream), path)
        first = next(lines, "")
        skipped = first.strip().casefold().startswith("sep=")  # Excel's own first line
        if skipped:
            first = next(lines, "")
        separator = separator_of(first)
        names = [column_key(name) for name in next(csv.reader([first], delimiter=separator), [])]
        check_columns(names, path)
        rows = csv.reader(lines, delimiter=separator)
        yield Table(names, _csv_chunks(rows, len(names), path, ledger, 2 + skipped))


def _parquet_chunks(batches: Iterator[list[tuple[str, ...]]]) -> Iterator[Chunk]:
    row = 1
    for columns in batches:
        count = len(columns[0])
        yield Chunk(list(range(row, row + count)), columns)
        row += count


def _csv_chunks(
    reader: Iterator[list[str]], width: int, file: str, ledger: Ledger, line: int
) -> Iterator[Chunk]:
    while rows := list(islice(reader, CHUNK_ROWS)):
        lines = list(range(line, line + len(rows)))
        line += len(rows)
        if set(map(len, rows)) != {width}:
            rows, lines = _of_width(rows, lines, width, file, ledger)
        if rows:
            yield Chunk(lines, list(zip(*rows, strict=True)))


def _of_width(
    rows: list[list[str]], lines: list[int], width: int, file: str, ledger: Ledger
) -> tuple[list[list[str]], list[int]]:
    kept, kept_lines = [], []
    for row, line in zip(rows, lines, strict=True):
        if len(row) >= width and not any(row[width:]):  # spreadsheets add empty cells
            kept.append(row[:width])
            kept_lines.append(line)
        elif row:  # a blank line is none
            ledger.read(UNPLACED)
            why = f"a row has {width} cells as the header, this one {len(row)}"
            ledger.reject(UNPLACED, Where(file, f"line {line}"), "", ",".join(row), why)
    return kept, kept_lines
