"""Logs as columns of numbers that can be compared: continuous features and indicators.

A category becomes one indicator per label; mood also becomes its valence, the score
of the reward (Happy 1 to Stressed 0). Days of all people stand below one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema
from human_wm_env.person.rewards import MOOD_VALUES

VALENCE = "mood valence"


@dataclass(frozen=True)
class Signal:
    """One column.

    Attributes:
        name: "steps", "mood=Happy" or "mood valence".
        feature: index of the feature it was made from.
        scores: value of each category, or None for a continuous feature.
    """

    name: str
    feature: int
    scores: tuple[float, ...] | None


def _all_signals() -> tuple[Signal, ...]:
    signals = []
    for index, feature in enumerate(schema.FEATURES):
        if isinstance(feature, schema.Continuous):
            signals.append(Signal(feature.name, index, None))
            continue
        for code, category in enumerate(feature.categories):
            scores = tuple(float(other == code) for other in range(feature.width))
            signals.append(Signal(f"{feature.name}={category}", index, scores))
    moods = schema.categories(schema.MOOD)
    signals.append(Signal(VALENCE, schema.MOOD, tuple(MOOD_VALUES[mood] for mood in moods)))
    return tuple(signals)


SIGNALS: tuple[Signal, ...] = _all_signals()
SIGNAL_FEATURES = np.array([signal.feature for signal in SIGNALS])

# What is reported one by one: the features (a category as the sum of its indicators),
# then each indicator and the valence by itself.
_SINGLE = tuple(index for index, signal in enumerate(SIGNALS) if signal.scores is not None)
ITEMS: tuple[str, ...] = (*schema.FEATURE_NAMES, *(SIGNALS[index].name for index in _SINGLE))
ITEM_SIGNALS = np.zeros((len(ITEMS), len(SIGNALS)))  # 1 where a signal is part of an item
for _index, _signal in enumerate(SIGNALS):
    if _signal.name != VALENCE:
        ITEM_SIGNALS[_signal.feature, _index] = 1.0
for _item, _index in enumerate(_SINGLE):
    ITEM_SIGNALS[schema.FEATURE_COUNT + _item, _index] = 1.0


@dataclass(frozen=True)
class PersonDays:
    """Signals of all logged days, people one after the other.

    Attributes:
        values: float32 (signals, person_days), scaled, 0 where not observed.
        observed: bool (features, person_days).
        weekday: int8 (person_days,), -1 where unknown.
        lengths: int (people,), logged days of each, >= 1.
    """

    values: np.ndarray
    observed: np.ndarray
    weekday: np.ndarray
    lengths: np.ndarray

    @classmethod
    def from_dataset(cls, dataset: LogDataset, users: np.ndarray | None = None) -> PersonDays:
        """Take the logged days of some people (default: of all who logged a day)."""
        chosen = np.arange(dataset.users) if users is None else users
        chosen = chosen[dataset.days_logged[chosen] > 0]
        lengths = dataset.days_logged[chosen].astype(np.int64)
        inside = np.arange(dataset.days) < lengths[:, None]
        rows = dataset.rows[chosen][inside]
        observed = np.ascontiguousarray(dataset.observed[chosen][inside].T)
        values = np.zeros((len(SIGNALS), len(rows)), dtype=np.float32)
        for index, signal in enumerate(SIGNALS):
            column, seen = rows[:, signal.feature], observed[signal.feature]
            if signal.scores is None:
                feature = schema.continuous(signal.feature)
                scaled = (column - feature.centre) / feature.scale
            else:
                # A masked category is -1: it picks the last score, and is zeroed below.
                scaled = np.array(signal.scores, dtype=np.float32)[column.astype(np.intp)]
            values[index] = np.where(seen, scaled, 0.0)
        return cls(values, observed, dataset.weekday[chosen][inside], lengths)

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.lengths)

    @property
    def count(self) -> int:
        """Number of person-days."""
        return self.values.shape[1]

    @cached_property
    def starts(self) -> np.ndarray:
        """Column of each person's first day, int (people,)."""
        return np.concatenate([[0], np.cumsum(self.lengths)[:-1]])

    @cached_property
    def person(self) -> np.ndarray:
        """Position of the person of each column, int (person_days,)."""
        return np.repeat(np.arange(self.people), self.lengths)

    @cached_property
    def has_next(self) -> np.ndarray:
        """Whether a column has the same person's next day to its right, bool (person_days - 1,)."""
        return self.person[1:] == self.person[:-1]

    def rearranged(self, order: np.ndarray) -> PersonDays:
        """Give the days, with what is observed of them, to other people and dates."""
        return PersonDays(
            self.values[:, order], self.observed[:, order], self.weekday, self.lengths
        )

    def sum_by_person(self, columns: np.ndarray) -> np.ndarray:
        """Sum over each person's days, float64 (..., people)."""
        return np.add.reduceat(columns, self.starts, axis=-1, dtype=np.float64)

    @cached_property
    def counts(self) -> np.ndarray:
        """Observed days, float64 (features, people)."""
        return self.sum_by_person(self.observed)

    def deviations(self, *, within_people: bool = True) -> np.ndarray:
        """Subtract each person's mean (or that of all days), float32 (signals, person_days).

        Cells that are not observed stay 0.
        """
        deviations = np.zeros_like(self.values)
        for index, feature in enumerate(SIGNAL_FEATURES):
            sums, counts = self.sum_by_person(self.values[index]), self.counts[feature]
            if within_people:
                means = (sums / np.maximum(counts, 1.0))[self.person]
            else:
                means = sums.sum() / max(counts.sum(), 1.0)
            centred = self.values[index] - means
            deviations[index] = np.where(self.observed[feature], centred, 0.0)
        return deviations
