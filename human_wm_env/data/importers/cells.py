"""Cells of a text table: numbers and category names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from human_wm_env.errors import did_you_mean
from human_wm_env.person import schema

NOT_OBSERVED = float("nan")
# What tables write where nothing was observed. None is not among them: a rest day.
EMPTY = frozenset({"", "-", "--", "na", "n/a", "nan", "<na>", "null"})
_LARGEST = float(np.finfo(np.float32).max)

CellReader = Callable[[str], float]


def read_number(text: str) -> float:
    """Read a finite number; an empty cell is NaN, not observed.

    Raises:
        ValueError: it is no number, or one that float32 cannot hold.
    """
    if text.casefold() in EMPTY:
        return NOT_OBSERVED
    value = float(text)
    if "_" in text or not abs(value) <= _LARGEST:
        raise ValueError(text)
    return value


def category_reader(names: tuple[str, ...]) -> CellReader:
    """Return a reader of category names, blind to case; an empty cell is NaN, not observed."""
    codes = dict.fromkeys(EMPTY, NOT_OBSERVED)
    codes |= {_plain(name): float(code) for code, name in enumerate(names)}

    def read(text: str) -> float:
        code = codes.get(_plain(text))
        if code is None:
            raise ValueError(text)
        return code

    return read


def _plain(label: str) -> str:
    return " ".join(label.replace("_", " ").split()).casefold()


READERS: tuple[CellReader, ...] = tuple(
    read_number if isinstance(feature, schema.Continuous) else category_reader(feature.categories)
    for feature in schema.FEATURES
)


def what_is_wrong(text: str, index: int) -> str:
    """Say what a cell of feature `index` that its reader refused should have been."""
    feature = schema.FEATURES[index]
    if isinstance(feature, schema.Continuous):
        return f"is no finite number ({feature.unit}, with a decimal point)"
    near = did_you_mean(text, feature.categories)
    hint = near if near.startswith("Did") else ""
    return f"is none of {', '.join(feature.categories)}. {hint}".strip()
