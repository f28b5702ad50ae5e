"""Writes the tables of a folder of logs: Parquet in shards, or one CSV where pyarrow is missing."""

from __future__ import annotations

import csv
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from human_wm_env.exports.reasons import WORDS
from human_wm_env.person import schema

DATE_AND_ID = ("user_id", "date")
SHARD_ROWS = 1_000_000
GROUP_ROWS = 5_000  # in memory at a time
_UNIX_EPOCH = date(1970, 1, 1).toordinal()
_WORDS = np.array(WORDS, dtype=object)


class DayTable(ABC):
    """A table with one row a person and day, written person by person.

    Args:
        start: path that the names of its files begin with.
        of_reasons: cells are codes of reasons, not values of features.
    """

    ending: str

    def __init__(self, start: Path, *, of_reasons: bool) -> None:
        self.start, self.of_reasons = start, of_reasons
        self.parts: list[Path] = []

    @abstractmethod
    def add(self, person_id: str, first_day: int, cells: np.ndarray) -> None:
        """Write a person's days: the first one's ordinal, and cells (days, 10)."""

    @abstractmethod
    def close(self) -> None:
        """Write what is left; `parts` are the files."""

    def abandon(self) -> None:
        """Let go of the rows; the files are the caller's."""
        self.close()

    def part(self) -> Path:
        """Return the path of one more file."""
        self.parts.append(
            self.start.with_name(f"{self.start.name}-{len(self.parts)}.{self.ending}.part")
        )
        return self.parts[-1]


class CsvTable(DayTable):
    """One CSV file, floats as exact as they are."""

    ending = "csv"

    def __init__(self, start: Path, *, of_reasons: bool) -> None:
        super().__init__(start, of_reasons=of_reasons)
        self._stream = self.part().open("w", encoding="utf-8")
        self._stream.write(f"{','.join((*DATE_AND_ID, *schema.FEATURE_NAMES))}\n")

    def add(self, person_id: str, first_day: int, cells: np.ndarray) -> None:
        """Write a person's days."""
        cell = quoted(person_id)
        starts = [f"{cell},{date.fromordinal(first_day + day)}" for day in range(len(cells))]
        columns = [
            _WORDS[cells[:, index]].tolist() if self.of_reasons else _texts(cells[:, index], index)
            for index in range(schema.FEATURE_COUNT)
        ]
        self._stream.write("\n".join(map(",".join, zip(starts, *columns, strict=True))) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class ParquetTable(DayTable):
    """Parquet files of about a million rows; all days of a person are in one of them.

    Columns: user_id as text, date, amounts as double, categories and reasons as dictionaries of
    text; what is missing is null, and so is the reason of an observed cell.

    Until the end, cells are in a file without a name: reading people and writing Parquet take
    their memory one after the other, however many people there are.
    """

    ending = "parquet"

    def __init__(self, start: Path, *, of_reasons: bool) -> None:
        super().__init__(start, of_reasons=of_reasons)
        self._kind = np.dtype(np.uint8 if of_reasons else np.float64)
        self._cells = tempfile.TemporaryFile(dir=start.parent)  # noqa: SIM115 (closed by close)
        self._people: list[tuple[str, int, int]] = []  # id, first day, days

    def add(self, person_id: str, first_day: int, cells: np.ndarray) -> None:
        """Write a person's days."""
        self._cells.write(cells.astype(self._kind, copy=False).tobytes())
        self._people.append((person_id, first_day, len(cells)))

    def close(self) -> None:
        """Write the files; without any row an empty one."""
        if self._cells.closed:
            return
        import pyarrow.parquet

        self._cells.seek(0)
        with self._cells:
            for shard in _groups(self._people, SHARD_ROWS):
                groups = map(self._table, _groups(shard, GROUP_ROWS))
                first = next(groups)
                with pyarrow.parquet.ParquetWriter(self.part(), first.schema) as writer:
                    writer.write_table(first)
                    for table in groups:
                        writer.write_table(table)

    def abandon(self) -> None:
        """Let go of the rows."""
        self._cells.close()

    def _table(self, people: Sequence[tuple[str, int, int]]) -> Any:
        import pyarrow

        lengths = [days for *_, days in people]
        ids = pyarrow.array([one for one, *_ in people], pyarrow.string())
        which = np.repeat(np.arange(len(people)), lengths).astype(np.int32)
        size = sum(lengths) * schema.FEATURE_COUNT * self._kind.itemsize
        cells = np.frombuffer(self._cells.read(size), self._kind).reshape(-1, schema.FEATURE_COUNT)
        day = np.concatenate(
            [np.empty(0, np.int64), *(np.arange(days) + first for _, first, days in people)]
        )
        columns = [
            ids.take(pyarrow.array(which)),
            pyarrow.array((day - _UNIX_EPOCH).astype(np.int32)).cast(pyarrow.date32()),
            *(self._column(cells[:, index], index) for index in range(schema.FEATURE_COUNT)),
        ]
        return pyarrow.table(columns, names=[*DATE_AND_ID, *schema.FEATURE_NAMES])

    def _column(self, cells: np.ndarray, index: int) -> Any:
        import pyarrow

        feature = schema.FEATURES[index]
        if not self.of_reasons and isinstance(feature, schema.Continuous):
            return pyarrow.array(cells, pyarrow.float64(), mask=np.isnan(cells))
        if self.of_reasons:
            names, missing, codes = WORDS[1:], cells == 0, cells.astype(np.int8) - 1
        else:
            names, missing = schema.categories(index), np.isnan(cells)
            codes = np.where(missing, 0, cells)
        return pyarrow.DictionaryArray.from_arrays(
            pyarrow.array(codes.astype(np.int8), mask=missing), pyarrow.array(names)
        )


class RejectedTable:
    """What an import sets aside: a CSV while it is written, Parquet at the end where it can be.

    Args:
        start: path that the names of its files begin with.
        as_parquet: make it Parquet.
    """

    def __init__(self, start: Path, *, as_parquet: bool) -> None:
        self._csv = start.with_name(f"{start.name}-0.csv.part")
        self._parquet = start.with_name(f"{start.name}-0.parquet.part") if as_parquet else None
        self.stream: TextIO = self._csv.open("w", encoding="utf-8", newline="")

    @property
    def parts(self) -> list[Path]:
        """The file that stays."""
        return [self._parquet or self._csv]

    def close(self) -> None:
        """Write what is left."""
        self.stream.close()
        if self._parquet is None:
            return
        import pyarrow.parquet

        with self._csv.open(encoding="utf-8", newline="") as stream:
            rows = csv.reader(stream)
            names = next(rows)
            kinds = [pyarrow.int64() if name == "values" else pyarrow.string() for name in names]
            with pyarrow.parquet.ParquetWriter(
                self._parquet, pyarrow.schema(list(zip(names, kinds, strict=True)))
            ) as writer:
                for some in _batches(rows):
                    columns = [
                        pyarrow.array(map(int, cells) if name == "values" else cells, kind)
                        for name, kind, cells in zip(
                            names, kinds, zip(*some, strict=True), strict=True
                        )
                    ]
                    writer.write_table(pyarrow.table(columns, names=names))
        self._csv.unlink()

    def abandon(self) -> None:
        """Remove all files."""
        self.stream.close()
        for file in (self._csv, self._parquet):
            with suppress(OSError):
                if file is not None:
                    file.unlink()


def _groups(
    people: Sequence[tuple[str, int, int]], rows: int
) -> Iterator[Sequence[tuple[str, int, int]]]:
    """Part people, with their days last, into groups of at least so many rows; at least one."""
    begin = total = 0
    for place, (*_, days) in enumerate(people):
        total += days
        if total >= rows:
            yield people[begin : place + 1]
            begin, total = place + 1, 0
    if begin < len(people) or not people:
        yield people[begin:]


def _batches(rows: Iterator[list[str]]) -> Iterator[Sequence[list[str]]]:
    some: list[list[str]] = []
    for row in rows:
        some.append(row)
        if len(some) == GROUP_ROWS:
            yield some
            some = []
    if some:
        yield some


def quoted(text: str) -> str:
    """Return text as one cell of CSV."""
    if not any(one in text for one in ',"\r\n') and text == text.strip():
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _texts(column: np.ndarray, index: int) -> list[str]:
    """Return a feature's values as text: exact, empty where missing."""
    feature = schema.FEATURES[index]
    if isinstance(feature, schema.Categorical):
        names = np.array([*feature.categories, ""], dtype=object)
        codes = np.where(np.isnan(column), len(feature.categories), column).astype(np.int64)
        return names[codes].tolist()
    return ["" if text == "nan" else text.removesuffix(".0") for text in map(repr, column.tolist())]
