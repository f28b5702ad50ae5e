"""Cells of a text table: dates, numbers and category names, or an error naming the place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from human_wm_env.errors import DataError, did_you_mean
from human_wm_env.person import schema

NOT_OBSERVED = float("nan")
_LARGEST = float(np.finfo(np.float32).max)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

CellReader = Callable[[str], float]


@dataclass(frozen=True)
class Place:
    """Where a cell stands, for messages."""

    file: str
    line: int
    column: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, column {self.column}"


def read_number(text: str) -> float:
    """Read a finite number; an empty cell is NaN, not observed.

    Raises:
        ValueError: it is no number, or one that float32 cannot hold.
    """
    if not text:
        return NOT_OBSERVED
    value = float(text)
    if "_" in text or not abs(value) <= _LARGEST:
        raise ValueError(text)
    return value


def category_reader(names: tuple[str, ...]) -> CellReader:
    """Return a reader of category names; an empty cell is NaN, not observed."""
    codes = {"": NOT_OBSERVED, **{name: float(code) for code, name in enumerate(names)}}

    def read(text: str) -> float:
        if text not in codes:
            raise ValueError(text)
        return codes[text]

    return read


READERS: tuple[CellReader, ...] = tuple(
    read_number if isinstance(feature, schema.Continuous) else category_reader(feature.categories)
    for feature in schema.FEATURES
)


def refuse_cell(text: str, index: int, place: Place) -> DataError:
    """Build the error for a cell of feature `index` that its reader refused."""
    feature = schema.FEATURES[index]
    if isinstance(feature, schema.Continuous):
        return DataError(
            f"a finite number ({feature.unit}) or an empty cell for {feature.name}",
            f"{text!r} ({place})",
            "Correct the cell, or empty it where nothing was observed.",
        )
    return DataError(
        f"a category of {feature.name} or an empty cell",
        f"{text!r} ({place})",
        f"{did_you_mean(text, feature.categories)} Empty it where nothing was observed.",
    )


def read_date(text: str, place: Place) -> int:
    """Read a date such as 2021-05-24 as its proleptic Gregorian ordinal.

    Raises:
        DataError: it is not written so, or there is no such day.
    """
    try:
        if not _ISO_DATE.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text).toordinal()
    except ValueError as error:
        raise DataError(
            "a date as YYYY-MM-DD", f"{text!r} ({place})", "Write it as in 2021-05-24."
        ) from error
