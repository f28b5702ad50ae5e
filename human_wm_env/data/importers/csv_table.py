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
from human_wm_env.data.importers.cells import MOST_UNKNOWN, NOT_OBSERVED, what_is_wrong
from human_wm_env.data.importers.columns import (
    COLUMNS,
    DATE,
    USER,
    Column,
    may_be,
    plain,
    recognise,
)
from human_wm_env.data.importers.dates import read_dates
from human_wm_env.data.importers.labels import LabelColumn
from human_wm_env.data.importers.numbers import NumberColumn, decimal_of, lost_zeros
from human_wm_env.data.importers.problems import Problems
from human_wm_env.errors import DataError
from human_wm_env.files.reading import open_regular
from human_wm_env.person import schema

MOST_CSV_BYTES = 2**28
ONLY_PERSON = "me"  # of a file without a user_id
DELIMITERS = ",;\t"
_MOST_TEXTS = 3  # of a column that are told one by one
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
        read_as: how columns were understood that are not as ours, likewise.
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
    read_as: tuple[str, ...] = ()

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
    line: list[int] = []
    values: list[float] = []
    for number, cells in stream:
        if len(cells) < len(header) or any(cell.strip() for cell in cells[len(header) :]):
            problems.add(
                "row",
                f"{len(cells)} cells, and {len(header)} in the header: a comma too few or too "
                "many, or a text with a comma that is not quoted",
                [number],
            )
            continue
        values += [read(cells[place].strip()) for place, read in columns.readers]
        users.add(ONLY_PERSON if columns.user is None else cells[columns.user].strip(), number)
        days.add("" if columns.date is None else cells[columns.date].strip(), number)
        line.append(number)
    read = np.array(values).reshape(len(line), len(columns.features))
    columns.settle(read, line, problems)
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
        values=_all_features(read, columns),
        ignored_columns=columns.ignored,
        absent_columns=columns.absent,
        notes=(*columns.notes, *_one_person_twice(plain)),
        read_as=tuple(columns.read_as),
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
        names = [plain(cell) for cell in given]
        for column in COLUMNS:
            if names.count(column) > 1:
                problems.add(f"column {column}", "stands there twice", [1])
        found, doubts = recognise(given)
        by_name = {column.name: column for column in found}
        places = {column.place for column in found}
        self.ignored = tuple(
            name for place, name in enumerate(given) if place not in places and name
        )
        self.absent = tuple(name for name in schema.FEATURE_NAMES if name not in by_name)
        self.user, self.date = (
            by_name[name].place if name in by_name else None for name in (USER, DATE)
        )
        near = {name: self._near(name) for name in COLUMNS if name not in by_name}
        if self.date is None:
            there = f"columns are {', '.join(given)}" if any(given) else "there are no columns"
            told = "; ".join([there, *(one for one in doubts if one.startswith(DATE)), near[DATE]])
            problems.add(f"column {DATE}", f"is not there; {told}".rstrip("; "), [1])
        if self.user is None and near[USER]:
            problems.add(f"column {USER}", f"is not there; {near[USER]}", [1])
        if len(self.absent) == schema.FEATURE_COUNT:
            features = ", ".join(schema.FEATURE_NAMES)
            told = "".join(f"; {one}" for one in doubts)
            problems.add("columns", f"none of {features}, of which one has to be there{told}", [1])
        meant = ", ".join(f"{name} ({near[name]})" for name in self.absent if near[name])
        self.notes = list(doubts)
        if meant:
            self.notes.append(f"columns that are not there and not observed: {meant}")
        self.read_as = [column.told for column in found if column.is_alias]
        self.features = [column for column in found if column.name in schema.FEATURE_NAMES]
        self._cells = [_cells_of(column) for column in self.features]
        self.readers = [
            (column.place, cells.read)
            for column, cells in zip(self.features, self._cells, strict=True)
        ]

    def settle(self, values: np.ndarray, line: Sequence[int], problems: Problems) -> None:
        """Read the cells that waited for the others, and tell what is wrong.

        Args:
            values: (rows, features), where they are written.
            line: of each row.
            problems: where what is wrong goes, but for columns that are none of ours.
        """
        decimal = decimal_of([one for one in self._cells if isinstance(one, NumberColumn)])
        for place, (column, cells) in enumerate(zip(self.features, self._cells, strict=True)):
            settled = cells.settle(decimal)
            for row, value in settled.values:
                values[row, place] = value
            why = why_not_used(column, values[:, place], settled.wrong)
            if why is not None:
                values[:, place] = NOT_OBSERVED
                self.absent = (*self.absent, column.name)
                self.ignored = (*self.ignored, column.header)
                self.read_as.remove(column.told)
                self.notes.append(why)
                continue
            if settled.told:
                self.read_as.append(f"{column.name}: {settled.told}")
            if settled.wrong and column.is_alias and isinstance(cells, LabelColumn):
                text, more = settled.wrong[0][1], len(settled.wrong) - 1
                others = f", and so are {more} other cells" if more else ""
                self.notes.append(
                    f"not observed, as {column.header!r} there {text[:40]!r} "
                    f"{what_is_wrong(text, cells.index).rstrip('.')}{others}"
                )
            elif (lost := lost_zeros(cells.index, values[:, place])) is not None:
                problems.add(f"column {column.name}", lost)
            elif settled.wrong:
                _add_problems(problems, column.name, cells.index, settled.wrong, line)

    def _near(self, column: str) -> str:
        """Ask whether an ignored column was meant, or say nothing."""
        ours = _first_word(column)
        ignored = [name for name in self.ignored if may_be(name, column)]
        meant = [name for name in ignored if _first_word(name) == ours]
        meant = meant or difflib.get_close_matches(column, ignored, n=1, cutoff=_ALIKE)
        return f"is it {meant[0]!r}?" if meant else ""


def _cells_of(column: Column) -> NumberColumn | LabelColumn:
    index = schema.FEATURE_NAMES.index(column.name)
    if index in schema.CATEGORICAL_FEATURES:
        return LabelColumn(index)
    return NumberColumn(index, column.factor)


def why_not_used(
    column: Column, values: np.ndarray, wrong: Sequence[tuple[int, str]]
) -> str | None:
    """Say why an alias is none of ours by its cells, None where it is.

    Args:
        column: the alias.
        values: (rows,), NaN where there is none.
        wrong: rows and texts that are none of the feature.
    """
    if not column.is_alias:
        return None
    known = values[~np.isnan(values)]
    if len(wrong) > MOST_UNKNOWN * (len(known) + len(wrong)):
        text, index = wrong[0][1], schema.FEATURE_NAMES.index(column.name)
        others = f", and so are {len(wrong) - 1} other cells" if len(wrong) > 1 else ""
        what = what_is_wrong(text, index).rstrip(".")
        return f"{column.header!r} is not used as {column.name}: {text[:40]!r} {what}{others}"
    if len(known) and np.median(known) < column.least_median:
        return (
            f"{column.header!r} is not used as {column.name}: half of its cells are below "
            f"{np.median(known):.4g}, which it hardly is; name it {column.name} if it is"
        )
    return None


def _add_problems(
    problems: Problems, name: str, index: int, wrong: list[tuple[int, str]], line: Sequence[int]
) -> None:
    """Tell what is wrong with cells: each text by itself, or many of a column at once."""
    different = list(dict.fromkeys(text for _, text in wrong))
    if len(different) <= _MOST_TEXTS:
        for row, text in wrong:
            what = f"{text[:40]!r} {what_is_wrong(text, index)}"
            problems.add(f"column {name}", what, [line[row]])
        return
    shown = ", ".join(repr(text[:40]) for text in different[:2])
    what = (
        f"{shown} and {len(different) - 2} other texts: each {what_is_wrong(different[0], index)}"
    )
    problems.add(f"column {name}", what, [line[row] for row, _ in wrong])


def _first_word(column: str) -> str:
    return column.casefold().replace(" ", "_").split("_")[0].rstrip("s")


def _all_features(read: np.ndarray, columns: _Header) -> np.ndarray:
    """Return float64 (rows, 10), NaN where there is no column."""
    whole = np.full((len(read), schema.FEATURE_COUNT), np.nan)
    whole[:, [schema.FEATURE_NAMES.index(column.name) for column in columns.features]] = read
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
        f"workout_type is never None, a rest day, and empty on {empty} days with other values: "
        "write None where nobody trained (pandas loses it: read with keep_default_na=False)"
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
        if first.strip().casefold().startswith("sep="):  # Excel's own first line
            delimiter = first.strip()[4:5] or delimiter
            text.readline()
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
