"""Rows of a CSV file of an export, as text by column name, in bounded memory."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from human_wm_env.errors import DataError
from human_wm_env.exports.files import Export, typed_errors
from human_wm_env.exports.ledger import UNPLACED, Ledger, Where
from human_wm_env.exports.stamps import read_day

MOST_COLUMNS = 2000
LONGEST_LINE = 1 << 20  # characters
SEPARATORS = ",;\t|"


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        where: its file and line.
        cells: text by column name (`column_key`), stripped.
    """

    where: Where
    cells: dict[str, str]

    def get(self, *columns: str) -> str:
        """Return the first of some columns that the table has and that is not empty."""
        for column in columns:
            text = self.cells.get(column)
            if text:
                return text
        return ""


def column_key(name: str) -> str:
    """Return a column's name as tables of all vendors are asked for it.

    Lower case, single blanks: exports of different years differ in no more than that.
    """
    return " ".join(name.lower().split())


def text_stream(stream: io.BufferedReader) -> io.TextIOWrapper:
    """Return a text stream: UTF-8 with or without a mark, or UTF-16 with one.

    Only a whole stream's text is checked: what is neither is an error where it comes.
    """
    start = stream.peek(4)[:4]
    utf16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return io.TextIOWrapper(stream, encoding="utf-16" if utf16 else "utf-8-sig", newline="")


def bounded_lines(stream: io.TextIOWrapper, file: str) -> Iterator[str]:
    """Yield the lines of a stream, and close it.

    Raises:
        DataError: one is longer than any table's.
    """
    with stream:
        while line := stream.readline(LONGEST_LINE):
            if len(line) >= LONGEST_LINE:
                raise DataError(
                    f"lines of less than {LONGEST_LINE:,} characters",
                    f"a longer one in {file}",
                    "This is no table of days; export it again.",
                )
            yield line


def separator_of(header: str) -> str:
    """Return the separator that a header line has most of; a comma where it has none."""
    return max(SEPARATORS, key=header.count) if header else ","


def header_of(export: Export, path: str, *, skip_lines: int = 0) -> tuple[str, ...]:
    """Return the column keys of a CSV file, () where it is none."""
    try:
        head = export.head(path)
        encoding = "utf-16" if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8"
        lines = head.decode(encoding, errors="ignore").lstrip("\ufeff").splitlines()
        if lines and lines[0].strip().casefold().startswith("sep="):
            skip_lines += 1  # Excel's own first line
        line = lines[skip_lines] if len(lines) > skip_lines else ""
        names = next(csv.reader([line], delimiter=separator_of(line)), [])
    except (csv.Error, DataError):
        return ()
    return tuple(column_key(name) for name in names[:MOST_COLUMNS])


def read_rows(
    export: Export,
    path: str,
    ledger: Ledger,
    *,
    skip_lines: int = 0,
    surplus_cells: int = 0,
) -> Iterator[Row]:
    """Yield the rows of a CSV file; one with a wrong number of cells is rejected.

    Args:
        export: its files.
        path: of the CSV file.
        ledger: where rejected rows are written down.
        skip_lines: lines before the header.
        surplus_cells: empty cells that rows may have after those of the header.

    Raises:
        DataError: the file is no table, or has two columns of one name.
    """
    with export.open(path) as stream, typed_errors(path):
        text = text_stream(stream)
        lines = bounded_lines(text, path)
        for _ in range(skip_lines):
            next(lines, "")
        first = next(lines, "")
        separator = separator_of(first)
        names = [column_key(name) for name in next(csv.reader([first], delimiter=separator), [])]
        check_columns(names, path)
        reader = csv.reader(lines, delimiter=separator)
        for cells in reader:
            if not cells or cells == [""]:
                continue
            where = Where(path, f"line {reader.line_num + skip_lines + 1}")
            spare = cells[len(names) :]
            if len(cells) < len(names) or len(spare) > surplus_cells or any(spare):
                ledger.read(UNPLACED)
                ledger.reject(
                    UNPLACED,
                    where,
                    "",
                    separator.join(cells),
                    f"a row has {len(names)} cells as the header, this one {len(cells)}",
                )
                continue
            yield Row(where, {name: cell.strip() for name, cell in zip(names, cells, strict=False)})


def latest_day(export: Export, path: str, *columns: str) -> int:
    """Return the ordinal of the last date in the first of some columns, 0 where there is none."""
    nowhere = Ledger(io.StringIO())  # these rows are counted when they are read for their values
    days = (read_day(row.get(*columns)) for row in read_rows(export, path, nowhere))
    return max((day for day in days if day is not None), default=0)


def check_columns(names: list[str], file: str) -> None:
    """Raise a DataError for a header that is none."""
    if len(names) > MOST_COLUMNS:
        raise DataError(
            f"at most {MOST_COLUMNS} columns",
            f"{len(names):,} in {file}",
            "This is no log of days.",
        )
    double = sorted({name for name in names if name and names.count(name) > 1})
    if double:
        raise DataError(
            "columns of different names", f"{double[0]!r} twice in {file}", "Rename one of them."
        )
