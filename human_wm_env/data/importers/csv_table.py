"""A text table of daily logs: its header, its rows, and every error with its place."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np

from human_wm_env.data.dataset import in_order, plain_id
from human_wm_env.data.importers.cells import READERS, what_is_wrong
from human_wm_env.data.importers.dates import read_dates
from human_wm_env.data.importers.problems import Problems
from human_wm_env.errors import DataError
from human_wm_env.files.reading import open_regular
from human_wm_env.person import schema

USER, DATE = "user_id", "date"
MOST_CSV_BYTES = 2**28
COLUMNS = (USER, DATE, *schema.FEATURE_NAMES)
ONLY_PERSON = "me"  # of a file without a user_id
DELIMITERS = ",;\t"
_ALIKE = 0.65  # of names of columns, as difflib measures it
_FEWEST_RESTLESS = 14  # days with something observed but no workout, before None is missed


@dataclass(frozen=True)
class Table:
    """The rows of a file, in its order.

    Attributes:
        file: its name.
        user_ids: ids, sorted.
        user: int (rows,), position in `user_ids`.
        day: int (rows,), ordinals of dates.
        line: int (rows,), line of the file.
        values: float64 (rows, 10), NaN where not observed.
        ignored_columns: columns that are not ours.
        absent_columns: features without a column.
        notes: what is odd about it, in sentences without an end.
    """

    file: str
    user_ids: tuple[str, ...]
    user: np.ndarray
    day: np.ndarray
    line: np.ndarray
    values: np.ndarray
    ignored_columns: tuple[str, ...]
    absent_columns: tuple[str, ...]
    notes: tuple[str, ...]

    def __getitem__(self, rows: np.ndarray) -> Table:
        """Return some of the rows."""
        user, day, line = self.user[rows], self.day[rows], self.line[rows]
        return replace(self, user=user, day=day, line=line, values=self.values[rows])


def read_table(path: Path, date_format: str | None = None) -> Table:
    """Read all rows of a CSV file, or raise one DataError that names all its problems."""
    return table_of(csv_rows(path), path.name, date_format)


def table_of(
    rows: Iterable[tuple[int, Sequence[str]]], file: str, date_format: str | None = None
) -> Table:
    """Read rows of text.

    Args:
        rows: line numbers and cells, the header first.
        file: what errors call it.
        date_format: see `read_dates`.

    Raises:
        DataError: the header or cells are not as described; it names all of them.
    """
    problems = Problems(file)
    stream = iter(rows)
    _, header = next(stream, (0, ()))
    columns = _Header(header, problems)
    users, days = _Texts(), _Texts()
    line, values = [], []
    for number, cells in stream:
        if len(cells) < len(header) or any(cell.strip() for cell in cells[len(header) :]):
            problems.add(
                "row",
                f"{len(cells)} cells, and {len(header)} in the header: a comma too few or too "
                "many, or a text with a comma that is not quoted",
                [number],
            )
            continue
        for position, index, read in columns.features:
            cell = cells[position].strip()
            try:
                values.append(read(cell))
            except ValueError:
                values.append(np.nan)
                wrong = f"{cell[:40]!r} {what_is_wrong(cell, index)}"
                problems.add(f"column {schema.FEATURE_NAMES[index]}", wrong, [number])
        users.add(ONLY_PERSON if columns.user is None else cells[columns.user].strip(), number)
        days.add("" if columns.date is None else cells[columns.date].strip(), number)
        line.append(number)
    if columns.date is not None:
        _check_texts(users, days, problems)
    ordinals, wrong_dates = read_dates(days.different(), date_format)
    for text, why in wrong_dates.items():
        if text and columns.date is not None:
            problems.add(f"column {DATE}", f"{text[:40]!r} {why}", days.lines[text])
    if not line and not problems:
        problems.add("rows", "none below the header: export the logs again")
    problems.raise_if_any()

    plain = {text: plain_id(text) for text in users.different()}
    ids = sorted(set(plain.values()))
    user_ids = tuple(ids[index] for index in in_order(ids))
    position_of = {name: index for index, name in enumerate(user_ids)}
    table = Table(
        file=file,
        user_ids=user_ids,
        user=np.array([position_of[plain[text]] for text in users.cells]),
        day=np.array([ordinals[text] for text in days.cells]),
        line=np.array(line),
        values=_all_features(np.array(values), columns),
        ignored_columns=columns.ignored,
        absent_columns=columns.absent,
        notes=(*columns.notes, *_one_person_twice(plain)),
    )
    return replace(table, notes=(*table.notes, *_rest_days_lost(table)))


class _Texts:
    """Cells of a column, and the lines on which each text stands."""

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.lines: dict[str, list[int]] = {}

    def add(self, text: str, line: int) -> None:
        self.cells.append(text)
        self.lines.setdefault(text, []).append(line)

    def different(self) -> list[str]:
        return list(self.lines)


class _Header:
    """Where the columns stand; names are read blind to case."""

    def __init__(self, header: Sequence[str], problems: Problems) -> None:
        given = [cell.strip() for cell in header]
        names = [cell.casefold() for cell in given]
        for column in COLUMNS:
            if names.count(column) > 1:
                problems.add(f"column {column}", "stands there twice", [1])
        where = {name: names.index(name) for name in COLUMNS if name in names}
        self.ignored = tuple(
            name for name, known in zip(given, names, strict=True) if known not in COLUMNS and name
        )
        self.absent = tuple(name for name in schema.FEATURE_NAMES if name not in where)
        self.user, self.date = where.get(USER), where.get(DATE)
        near = {name: self._near(name) for name in COLUMNS if name not in where}
        if self.date is None:
            there = f"columns are {', '.join(given)}" if any(given) else "there are no columns"
            problems.add(f"column {DATE}", f"is not there; {there}; {near[DATE]}".rstrip("; "), [1])
        if self.user is None and near[USER]:
            problems.add(f"column {USER}", f"is not there; {near[USER]}", [1])
        if len(self.absent) == schema.FEATURE_COUNT:
            features = ", ".join(schema.FEATURE_NAMES)
            problems.add("columns", f"none of {features}, of which one has to be there", [1])
        meant = ", ".join(f"{name} ({near[name]})" for name in self.absent if near[name])
        self.notes = (f"columns that are not there and not observed: {meant}",) if meant else ()
        self.features = [
            (where[name], index, READERS[index])
            for index, name in enumerate(schema.FEATURE_NAMES)
            if name in where
        ]

    def _near(self, column: str) -> str:
        """Ask whether an ignored column was meant, or say nothing."""
        ours = _first_word(column)
        meant = [name for name in self.ignored if _first_word(name) == ours]
        meant = meant or difflib.get_close_matches(column, self.ignored, n=1, cutoff=_ALIKE)
        return f"is it {meant[0]!r}?" if meant else ""


def _first_word(column: str) -> str:
    return column.casefold().replace(" ", "_").split("_")[0].rstrip("s")


def _all_features(values: np.ndarray, columns: _Header) -> np.ndarray:
    """Return float64 (rows, 10), NaN where there is no column."""
    read = values.reshape(-1, len(columns.features))
    whole = np.full((len(read), schema.FEATURE_COUNT), np.nan)
    whole[:, [index for _, index, _ in columns.features]] = read
    return whole


def _check_texts(users: _Texts, days: _Texts, problems: Problems) -> None:
    for texts, column in ((users, USER), (days, DATE)):
        if "" in texts.lines:
            problems.add(
                f"column {column}", "empty: fill it in, or delete the row", texts.lines[""]
            )


def _one_person_twice(plain: dict[str, str]) -> list[str]:
    """Note ids that are written in two ways."""
    ways: dict[str, list[str]] = {}
    for text, name in plain.items():
        ways.setdefault(name, []).append(text)
    twice = [" and ".join(texts) for texts in ways.values() if len(texts) > 1]
    return [f"one person has the ids {twice[0]} ({len(twice)} such)"] if twice else []


def _rest_days_lost(table: Table) -> list[str]:
    """Note that no workout is ever None, as after a table went through pandas."""
    workouts = table.values[:, schema.WORKOUT]
    others = np.delete(table.values, schema.WORKOUT, axis=1)
    empty = int((np.isnan(workouts) & ~np.isnan(others).all(axis=1)).sum())
    if "workout_type" in table.absent_columns or empty < _FEWEST_RESTLESS or (workouts == 0).any():
        return []
    return [
        f"workout_type is never None, a rest day, and empty on {empty} days with other values. If "
        "rest days were logged, pandas lost them: read with keep_default_na=False"
    ]


def csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield line numbers and cells of a file; blank lines are skipped.

    Cells are apart by comma, semicolon or tab, whichever the first line has most of.

    Raises:
        DataError: it cannot be read, or is no such text.
    """
    with (
        open_regular(path, MOST_CSV_BYTES, DataError) as stream,
        io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text,
    ):
        yield from text_rows(text, path.name)


def text_rows(text: TextIO, file: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line numbers and cells of an open text that errors call `file`; see `csv_rows`."""
    line = 0
    try:
        first = text.readline()
        text.seek(0)
        delimiter = max(DELIMITERS, key=first.count)
        reader = csv.reader(text, strict=True, delimiter=delimiter)
        for cells in reader:
            line = reader.line_num
            if any(cells):
                yield line, cells
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(
            "a CSV file in UTF-8",
            f"{error} ({file}, after line {line})",
            "Export it again as comma-separated UTF-8 text.",
        ) from error
