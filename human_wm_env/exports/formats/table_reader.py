"""Rows of a daily table as arrays, a chunk at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from human_wm_env.data.dataset import plain_id
from human_wm_env.data.importers.columns import DATE, USER, Column
from human_wm_env.data.importers.dates import UNTOLD, read_dates
from human_wm_env.data.importers.labels import MOST_UNKNOWN, LabelColumn
from human_wm_env.data.importers.numbers import COMMA, NumberColumn, decimal_of
from human_wm_env.errors import DataError
from human_wm_env.exports.categories import category_codes
from human_wm_env.exports.day_log import as_number, is_nothing
from human_wm_env.exports.day_rows import REJECTED, DayRows, joined
from human_wm_env.exports.decimals import rewrite_for
from human_wm_env.exports.formats.format import ReadingOptions
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.stamps import possible_day
from human_wm_env.exports.tables import Chunk
from human_wm_env.person import schema
from human_wm_env.person.history import FIRST_UNDATED_DAY, LAST_UNDATED_DAY

NAN = float("nan")


class _Read(NamedTuple):
    """A column that is read: where it stands, and how its cells are understood."""

    column: Column
    feature: int
    cells: NumberColumn | LabelColumn
    style: str | None


class TableReader:
    """Reads rows of a daily table into arrays, a chunk at a time.

    How numbers are written is found out from the first chunk, what dates mean from all rows.

    Args:
        header: names of the columns.
        columns: those that are ours.
        file: name of the file.
        options: its `categories` are more words for our categories.
        ledger: where values are counted.
        decimal_comma: numbers may have a comma before their decimals, where neither `options` nor
            other cells say what they have.
        undated: dates may be numbers of days of a log without dates.
    """

    def __init__(
        self,
        header: Sequence[str],
        columns: Sequence[Column],
        file: str,
        options: ReadingOptions,
        ledger: Ledger,
        *,
        decimal_comma: bool = False,
        undated: bool = False,
    ) -> None:
        self._header, self._columns = list(header), list(columns)
        self.file, self._options, self.ledger = file, options, ledger
        self._undated = undated
        self._rewrite, self._rewrite_all = rewrite_for(
            options.decimal, comma_possible=decimal_comma
        )
        self._place = {column.name: column.place for column in columns}
        self._read: list[_Read] | None = None
        self._codes: dict[int, dict[str, float]] = {}
        self._users: dict[str, int] = {}
        self._dates: dict[str, int] = {}
        self._parts: dict[str, list[np.ndarray]] = {
            name: [] for name in ("user", "date", "line", "values")
        }

    def add(self, chunk: Chunk) -> None:
        """Read rows; cells that cannot be used are rejected."""
        lines, columns = chunk
        if self._read is None:
            self._read = self._begin(columns)
        values = np.full((len(lines), schema.FEATURE_COUNT), NAN)
        for one in self._read:
            values[:, one.feature] = self._column(one, columns[one.column.place], lines)
        dates = columns[self._place[DATE]]
        known = {
            text: self._dates.setdefault(text, len(self._dates)) for text in dict.fromkeys(dates)
        }
        self._parts["date"].append(np.array([known[text] for text in dates], dtype=np.int64))
        self._parts["user"].append(self._user_positions(columns))
        self._parts["line"].append(np.array(lines))
        self._parts["values"].append(values)

    def finish(self, source: str) -> DayRows:
        """Return all rows; those without an id or a possible date are rejected.

        Raises:
            DataError: dates may be read in two ways.
        """
        if self._read is None:
            self._read = self._begin([()] * len(self._header))
        values = joined(self._parts["values"], schema.FEATURE_COUNT)
        user, date, line = (
            joined(self._parts[name]).astype(np.int64) for name in ("user", "date", "line")
        )
        days = read_days(list(self._dates), self.file, self._options, undated=self._undated)
        day = np.array(list(days.values()), dtype=np.int64)[date]
        bad = (day < 0) | (user < 0)
        if bad.any():
            texts = list(self._dates)
            self.ledger.reject_rows(
                range(schema.FEATURE_COUNT),
                np.isfinite(values[bad]),
                (
                    (self.file, f"line {at}", DATE, texts[which])
                    for at, which in zip(line[bad].tolist(), date[bad].tolist(), strict=True)
                ),
                "a row should have an id, and a date as 2021-05-24 between 2000 and today",
            )
        good = ~bad
        values = values[good]
        return DayRows(
            source,
            (self.file,),
            tuple(np.flatnonzero((~np.isnan(values)).any(axis=0)).tolist()),
            tuple(self._users) if USER in self._place else (None,),
            user[good],
            day[good],
            line[good],
            values,
            np.zeros(int(good.sum()), dtype=np.int64),
        )

    def _begin(self, columns: Sequence[Sequence[str]]) -> list[_Read]:
        """Find out from the first rows what columns are and how their numbers are written."""
        found = []
        for column in self._columns:
            if column.name not in schema.FEATURE_NAMES:
                self._tell(column)
                continue
            index = schema.FEATURE_NAMES.index(column.name)
            cells: NumberColumn | LabelColumn
            if index in schema.CATEGORICAL_FEATURES:
                cells = LabelColumn(index, column.is_alias)
                self._codes[index] = category_codes(index, self._options.categories)
                texts = [
                    t for t in columns[column.place] if t.strip().lower() not in self._codes[index]
                ]
            else:
                cells, texts = NumberColumn(index, column.factor), list(columns[column.place])
                if self._options.decimal is not None:
                    texts = []  # it is said how they are written
            for text in texts:
                cells.read(text.strip())
            found.append((column, index, cells))
        decimal = decimal_of([cells for _, _, cells in found if isinstance(cells, NumberColumn)])
        read = []
        for column, index, cells in found:
            style = cells.style(decimal) if isinstance(cells, NumberColumn) else None
            if column.is_alias and _is_something_else(cells, style, columns[column.place]):
                self.ledger.note(
                    f"{column.header!r} is not used as {column.name}: few of its cells are"
                )
                continue
            self._tell(column)
            if isinstance(cells, NumberColumn) and cells.told(style):
                self.ledger.note(f"{column.name}: {cells.told(style)}")
            read.append(_Read(column, index, cells, style))
        used = {one.column.place for one in read} | {self._place.get(name) for name in (USER, DATE)}
        for place, name in enumerate(self._header):
            if place not in used:
                self.ledger.skip(f"column {name}")
        return read

    def _tell(self, column: Column) -> None:
        if column.is_alias:
            self.ledger.note(column.told)

    def _column(self, one: _Read, texts: Sequence[str], lines: list[int]) -> np.ndarray:
        """Return a feature's numbers or codes; counts them as read, rejects what is none."""
        index = one.feature
        if isinstance(one.cells, LabelColumn):
            known = {text: self._label(one.cells, text) for text in set(texts)}
            values = np.array([known[text] for text in texts])
        else:
            values = self._numbers(one.cells, texts, one.style)
        self.ledger.read(index, int(np.count_nonzero(~np.isnan(values))))
        for row in np.flatnonzero(values == REJECTED).tolist():
            why = "it should be a finite number"
            if index in self._codes:
                names = ", ".join(schema.categories(index))
                why = f"it should be one of {names}, or be named in `categories`"
            where = Where(self.file, f"line {lines[row]}")
            self.ledger.reject(index, where, schema.FEATURE_NAMES[index], texts[row], why)
        return values

    def _label(self, cells: LabelColumn, text: str) -> float:
        code = self._codes[cells.index].get(text.strip().lower())
        if code is None:
            code = cells.read(text.strip())
            return REJECTED if np.isnan(code) else code
        return code

    def _numbers(self, cells: NumberColumn, texts: Sequence[str], style: str | None) -> np.ndarray:
        """Return numbers: NaN where nothing stands, REJECTED where no finite number does."""
        if not self._rewrite_all and style != COMMA:
            try:
                values = np.array([float(text) if text else NAN for text in texts])
                if not np.isinf(values).any() and "_" not in "".join(texts):
                    return values * cells.factor
            except ValueError:
                pass
        return np.array([self._number(cells, text.strip(), style) for text in texts])

    def _number(self, cells: NumberColumn, text: str, style: str | None) -> float:
        if is_nothing(text):
            return NAN
        value = None if self._rewrite_all else cells.styled(text, style)
        if value is None:
            plain = as_number(self._rewrite(text))
            value = None if plain is None else plain * cells.factor
        return REJECTED if value is None else value

    def _user_positions(self, columns: Sequence[Sequence[str]]) -> np.ndarray:
        if USER not in self._place:
            return np.zeros(len(columns[0]), dtype=np.int64)
        cells = columns[self._place[USER]]
        users = self._users
        known = {
            text: users.setdefault(plain_id(text), len(users)) if text.strip() else -1
            for text in dict.fromkeys(cells)
        }
        return np.array([known[text] for text in cells], dtype=np.int64)


def read_days(
    texts: Sequence[str], file: str, options: ReadingOptions, *, undated: bool = False
) -> dict[str, int]:
    """Return the ordinal of the date of each text of a column, -1 where it is none to be logged.

    Args:
        texts: different ones.
        file: what errors call it.
        options: its `date_format`.
        undated: dates may be numbers of days of a log without dates.

    Raises:
        DataError: they may be read in two ways.
    """
    found, wrong = read_dates(
        list(dict.fromkeys(text.strip() for text in texts)), options.date_format
    )
    for text, why in wrong.items():
        if UNTOLD in why:
            raise DataError(
                "dates that can be read in one way only",
                f"{text!r}, which {why.partition(': ')[0]} ({file})",
                "Say date_format=%d/%m/%Y, or %m/%d/%Y.",
            )

    def logged(day: int | None) -> int:
        if day is None:
            return -1
        if undated and FIRST_UNDATED_DAY <= day <= LAST_UNDATED_DAY:
            return day
        possible = possible_day(day)
        return -1 if possible is None else possible

    return {text: logged(found.get(text.strip())) for text in texts}


def _is_something_else(
    cells: NumberColumn | LabelColumn, style: str | None, texts: Sequence[str]
) -> bool:
    """Return True where most of the filled cells of a column are none of the feature."""
    filled = [text.strip() for text in texts if not is_nothing(text)]
    if isinstance(cells, NumberColumn):
        unknown = sum(cells.styled(text, style) is None for text in filled)
    else:
        unknown = len(cells.settle(None)[1])
    return bool(filled) and unknown > MOST_UNKNOWN * len(filled)
