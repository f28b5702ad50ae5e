"""Labels of a column: our categories, words for them, and the names that apps give to sports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from human_wm_env.data.importers.cells import EMPTY, NOT_OBSERVED, Settled, plain_label
from human_wm_env.person import schema

_GYM = "Gym Workout"
_MOST_WORDS = 5
# The first that occurs in a name decides; those before others are parts of other words.
SPORTS = (
    ("crunch", _GYM),
    ("trunk", _GYM),
    ("langlauf", _GYM),
    ("eislauf", _GYM),
    ("motor", _GYM),
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
# Words and scales that diaries have for a mood. Assumption: the upper end of a scale is happy, its
# lower end stressed, as `exports/formats/daylio.py` has it.
MOOD_WORDS = {
    **dict.fromkeys(
        ("rad", "great", "good", "very good", "excellent", "awesome", "amazing", "super", "gut"),
        "Happy",
    ),
    **dict.fromkeys(("sehr gut", "toll", "glücklich"), "Happy"),
    **dict.fromkeys(("ok", "okay", "meh", "so-so", "average", "mittel", "geht so"), "Neutral"),
    **dict.fromkeys(("exhausted", "sleepy", "müde", "erschöpft"), "Tired"),
    **dict.fromkeys(
        ("bad", "very bad", "awful", "terrible", "schlecht", "sehr schlecht", "gestresst"),
        "Stressed",
    ),
}
_NOT_DONE = ("no ", "not ", "kein ", "nicht ", "skipped ", "missed ")


def sport_of(name: str) -> str | None:
    """Return our workout for the name of a sport, None where it says none of ours."""
    lower = name.lower()
    return next((ours for part, ours in SPORTS if part in lower), None)


class LabelColumn:
    """Reads the cells of one feature.

    Args:
        index: of the feature.
        more: our category by further words.
        none_is_empty: the text None is an empty cell where it is no category, as in exports.
    """

    def __init__(
        self,
        index: int,
        more: Mapping[str, str] | None = None,
        *,
        none_is_empty: bool = False,
    ) -> None:
        self.index, self._count = index, 0
        names = schema.categories(index)
        self._codes = dict.fromkeys(EMPTY, NOT_OBSERVED)
        self._codes |= {plain_label(name): float(code) for code, name in enumerate(names)}
        self._codes |= {
            plain_label(word): float(names.index(ours)) for word, ours in (more or {}).items()
        }
        if none_is_empty:
            self._codes.setdefault("none", NOT_OBSERVED)
        self._unknown: list[tuple[int, str]] = []
        self._words: set[str] = set()

    def read(self, text: str) -> float:
        """Return the code of a cell; NaN where it is empty, or none of ours."""
        row, self._count = self._count, self._count + 1
        code = self._code(text)
        if code is None:
            self._unknown.append((row, text))
            return NOT_OBSERVED
        return code

    def read_all(self, texts: Sequence[str]) -> np.ndarray:
        """Return what `read` does of many cells."""
        known = {text: self._code(text.strip()) for text in dict.fromkeys(texts)}
        self._unknown += [
            (self._count + row, text.strip())
            for row, text in enumerate(texts)
            if known[text] is None
        ]
        self._count += len(texts)
        return np.array([NOT_OBSERVED if (code := known[t]) is None else code for t in texts])

    def settle(self, decimal: str | None) -> Settled:
        """Return the labels that are unknown; see `NumberColumn.settle`."""
        told = ""
        if self._words:
            some = ", ".join(sorted(self._words)[:_MOST_WORDS])
            what = "names of sports are read as workouts"
            if self.index == schema.MOOD:
                what = "words for moods are read as ours"
            told = f"{what} ({some})"
        return Settled([], self._unknown, told)

    def _code(self, text: str) -> float | None:
        code = self._codes.get(plain_label(text))
        if code is None:
            ours = None
            if self.index == schema.WORKOUT:
                ours = _workout_of(text)
            elif self.index == schema.MOOD:
                ours = MOOD_WORDS.get(plain_label(text))
            if ours is not None:
                self._words.add(f"{text[:30]}: {ours}")
                code = float(schema.categories(self.index).index(ours))
        return code


def _workout_of(text: str) -> str | None:
    lower = text.lower()
    if lower.startswith(_NOT_DONE):
        return None
    ours = sport_of(text)
    return _GYM if ours is None and any(part in lower for part in _OTHER_SPORTS) else ours
