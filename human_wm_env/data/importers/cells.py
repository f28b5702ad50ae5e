"""Cells of a text table: numbers and category names."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from human_wm_env.errors import did_you_mean
from human_wm_env.person import schema

NOT_OBSERVED = float("nan")
# What tables write where nothing was observed. None is not among them: a rest day. Among numbers
# it is nothing, too.
EMPTY = frozenset({"", "-", "--", "na", "n/a", "nan", "<na>", "null"})
MOST_UNKNOWN = 0.5  # share of a column's cells; one with more of them is something else
_LARGEST = float(np.finfo(np.float32).max)


def read_number(text: str) -> float:
    """Read a finite number; an empty cell is NaN, not observed.

    Raises:
        ValueError: it is no number, or one that float32 cannot hold.
    """
    if text.casefold() in EMPTY or text.casefold() == "none":
        return NOT_OBSERVED
    value = float(text)
    if "_" in text or not abs(value) <= _LARGEST:
        raise ValueError(text)
    return value


class Settled(NamedTuple):
    """What a column's cells are when all of them were seen.

    Attributes:
        values: row and value of those that had to wait.
        wrong: row and text of those that are none of the feature.
        told: how the column was read, "" where it was read as it stands.
    """

    values: list[tuple[int, float]]
    wrong: list[tuple[int, str]]
    told: str


def plain_label(label: str) -> str:
    """Return a label as ours are compared with it."""
    return " ".join(label.replace("_", " ").split()).casefold()


def what_is_wrong(text: str, index: int) -> str:
    """Say what a cell of feature `index` that its reader refused should have been."""
    feature = schema.FEATURES[index]
    if isinstance(feature, schema.Continuous):
        return f"is no finite number ({feature.unit}, with a decimal point)"
    near = did_you_mean(text, feature.categories)
    hint = f". {near}" if near.startswith("Did") else ""
    return f"is none of {', '.join(feature.categories)}{hint}"
