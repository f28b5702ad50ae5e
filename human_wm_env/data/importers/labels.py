"""Labels of a column: our categories, and the names that apps give to sports."""

from __future__ import annotations

import math

from human_wm_env.data.importers.cells import NOT_OBSERVED, category_reader
from human_wm_env.person import schema

MOST_UNKNOWN = 0.5  # share of a column's cells; one with more of them is something else

# The first that occurs in a name decides.
SPORTS = (
    ("yoga", "Yoga"),
    ("pilates", "Yoga"),
    ("swim", "Swimming"),
    ("schwimm", "Swimming"),
    ("walk", "Walking"),
    ("hik", "Walking"),
    ("spazier", "Walking"),
    ("wander", "Walking"),
    ("run", "Running"),
    ("jog", "Running"),
    ("lauf", "Running"),
    ("treadmill", "Running"),
    ("cycl", "Cycling"),
    ("bik", "Cycling"),
    ("radf", "Cycling"),
    ("radtour", "Cycling"),
    ("spinning", "Cycling"),
)
# Of the others those that surely name a workout where nothing says that all cells do.
_OTHER_SPORTS = (
    *("strength", "gym", "weight", "hiit", "crossfit", "fitness", "elliptical", "rowing"),
    *("kraft", "rudern"),
)


def sport_of(name: str) -> str | None:
    """Return our workout for the name of a sport, None where it says none of ours."""
    lower = name.lower()
    return next((ours for part, ours in SPORTS if part in lower), None)


class LabelColumn:
    """Reads the cells of one feature.

    Args:
        index: of the feature.
        is_alias: the column has another name than ours, so that apps' words are read, too.
    """

    def __init__(self, index: int, is_alias: bool = False) -> None:
        self.index, self.factor = index, 1.0
        self._read = category_reader(schema.categories(index))
        self._is_alias = is_alias
        self._unknown: list[tuple[int, str]] = []
        self._count = 0
        self.decimal = None

    def read(self, text: str) -> float:
        """Return the code of a cell; NaN where it is empty, or none of ours."""
        row, self._count = self._count, self._count + 1
        try:
            return self._read(text)
        except ValueError:
            code = self._code_of_sport(text)
            if math.isnan(code):
                self._unknown.append((row, text))
            return code

    def settle(
        self, decimal: str | None
    ) -> tuple[list[tuple[int, float]], list[tuple[int, str]], str]:
        """Return what `NumberColumn.settle` does: no further values, and the unknown labels."""
        return [], self._unknown, ""

    def _code_of_sport(self, text: str) -> float:
        if not self._is_alias or self.index != schema.WORKOUT:
            return NOT_OBSERVED
        ours = sport_of(text)
        if ours is None and any(part in text.lower() for part in _OTHER_SPORTS):
            ours = "Gym Workout"
        return NOT_OBSERVED if ours is None else float(schema.categories(self.index).index(ours))
