"""A CSV file of daily logs as a table: every cell read, nothing interpreted yet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from human_wm_env.data.importers.cells import READERS, Place, read_date, refuse_cell
from human_wm_env.errors import DataError, did_you_mean
from human_wm_env.files.reading import open_regular
from human_wm_env.person import schema

USER, DATE = "user_id", "date"
MOST_CSV_BYTES = 2**28
COLUMNS = (USER, DATE, *schema.FEATURE_NAMES)


@dataclass(frozen=True)
class Table:
    """The rows of a file, in its order.

    Attributes:
        file: its name.
        user_ids: ids in order of appearance.
        user: int (rows,), position in `user_ids`.
        day: int (rows,), ordinals of dates.
        line: int (rows,), line of the file.
        values: float64 (rows, 10), NaN where not observed.
        ignored_columns: columns that are not ours.
    """

    file: str
    user_ids: tuple[str, ...]
    user: np.ndarray
    day: np.ndarray
    line: np.ndarray
    values: np.ndarray
    ignored_columns: tuple[str, ...]

    def __getitem__(self, rows: np.ndarray) -> Table:
        """Return some of the rows."""
        user, day, line = self.user[rows], self.day[rows], self.line[rows]
        return replace(self, user=user, day=day, line=line, values=self.values[rows])


def read_table(path: Path) -> Table:
    """Read all rows, or raise DataError at the first one that cannot be read."""
    file = path.name
    users: dict[str, int] = {}
    days: dict[str, int] = {}
    user, day, line, values = [], [], [], []
    rows = _csv_rows(path)
    _, header = next(rows, (0, []))
    where = _column_positions(header, file)
    features = [(where[name], i, READERS[i]) for i, name in enumerate(schema.FEATURE_NAMES)]
    for number, cells in rows:
        if len(cells) != len(header):
            raise DataError(
                f"{len(header)} cells a row, as in the header",
                f"{len(cells)} ({file}, line {number})",
                "Look for a missing or surplus comma, or quote the text that holds one.",
            )
        user_id = cells[where[USER]].strip()
        if not user_id:
            raise DataError(
                "an id for every row",
                f"an empty cell ({Place(file, number, USER)})",
                "Fill it in, or delete the row.",
            )
        text = cells[where[DATE]].strip()
        if text not in days:
            days[text] = read_date(text, Place(file, number, DATE))
        for position, index, read in features:
            cell = cells[position].strip()
            try:
                values.append(read(cell))
            except ValueError as error:
                place = Place(file, number, schema.FEATURE_NAMES[index])
                raise refuse_cell(cell, index, place) from error
        user.append(users.setdefault(user_id, len(users)))
        day.append(days[text])
        line.append(number)
    if not user:
        raise DataError("at least one row of logs", f"none ({file})", "Export the logs again.")
    return Table(
        file,
        tuple(users),
        np.array(user),
        np.array(day),
        np.array(line),
        np.array(values).reshape(-1, schema.FEATURE_COUNT),
        tuple(name for name in (cell.strip() for cell in header) if name not in COLUMNS),
    )


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield line numbers and cells; blank lines are skipped."""
    line = 0
    try:
        with open_regular(path, MOST_CSV_BYTES, DataError) as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            reader = csv.reader(text, strict=True)
            for cells in reader:
                line = reader.line_num
                if cells:
                    yield line, cells
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(
            "a CSV file in UTF-8",
            f"{error} ({path.name}, after line {line})",
            "Export it again as comma-separated UTF-8 text.",
        ) from error


def _column_positions(header: Sequence[str], file: str) -> dict[str, int]:
    names = [cell.strip() for cell in header]
    for column in COLUMNS:
        if names.count(column) != 1:
            received = "no such column" if column not in names else "it stands there twice"
            others = [name for name in names if name and name not in COLUMNS]
            near = did_you_mean(column, others) if others else ""
            remedy = near if near.startswith("Did you mean") else "Add or rename it."
            raise DataError(
                f"one column {column} in the header",
                f"{received} ({file}, line 1, columns: {', '.join(names) or 'none'})",
                f"{remedy} A column without any observation may be left empty.",
            )
    return {column: names.index(column) for column in COLUMNS}
