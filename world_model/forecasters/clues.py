"""What a statistical forecaster knows of one feature before the days that it forecasts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema

#: of the exponentially weighted means, in days
HALF_LIVES_DAYS = (1.0, 3.0, 7.0, 14.0, 30.0)
_OF_TREES = HALF_LIVES_DAYS.index(7.0)


@dataclass(frozen=True)
class Clues:
    """Statistics of the days before each start; continuous features scaled, labels one-hot.

    Attributes:
        total, squares: float (n, width), sums over the person's observed days.
        count: float (n, 1), how many these are.
        recent_total: float (half_lives, n, width), the same with weights that halve every
            so many days; recent_count: float (half_lives, n, 1).
        last: float (n, width), the day before the start, 0 where not observed.
        last_observed: float (n, 1), whether it was.
        weekday: float (n, 7), one-hot, of the day that is forecast; zeros if unknown.
        others: float (n, columns), last values and recent means of every feature, NaN where
            nothing was observed.
    """

    total: np.ndarray
    squares: np.ndarray
    count: np.ndarray
    recent_total: np.ndarray
    recent_count: np.ndarray
    last: np.ndarray
    last_observed: np.ndarray
    weekday: np.ndarray
    others: np.ndarray

    def take(self, some: np.ndarray) -> Clues:
        """Return some of the starts, int or bool (n,)."""
        return Clues(
            self.total[some],
            self.squares[some],
            self.count[some],
            self.recent_total[:, some],
            self.recent_count[:, some],
            self.last[some],
            self.last_observed[some],
            self.weekday[some],
            self.others[some],
        )

    def level(self, overall: np.ndarray, pseudo_days: float) -> np.ndarray:
        """Return personal means, shrunk to those of all people by so many days, (n, width)."""
        mean: np.ndarray = (self.total + pseudo_days * overall) / (self.count + pseudo_days)
        return mean

    def recent(self, half_life: int, level: np.ndarray, pseudo_days: float) -> np.ndarray:
        """Return exponentially weighted means, shrunk to personal levels, (n, width)."""
        total, count = self.recent_total[half_life], self.recent_count[half_life]
        mean: np.ndarray = (total + pseudo_days * level) / (count + pseudo_days)
        return mean


def columns(values: np.ndarray, index: int) -> np.ndarray:
    """Return one feature scaled or one-hot, float64 (..., width)."""
    feature = schema.FEATURES[index]
    if isinstance(feature, schema.Continuous):
        inside = np.clip(values, feature.low, feature.high)
        return ((inside - feature.centre) / feature.scale).astype(np.float64)[..., None]
    return (values[..., None] == np.arange(feature.width)).astype(np.float64)


def read_clues(
    dataset: LogDataset, users: np.ndarray, days: np.ndarray, horizon: int
) -> dict[int, Clues]:
    """Read every feature's clues; of each log, only days before the start.

    Args:
        dataset: the logs.
        users: int (n,), positions in the data set.
        days: int (n,), the first day that is not read, at least 1.
        horizon: the day that is forecast, 1 being the first that is not read.

    Returns:
        Clues by feature index, of those that were observed at all.
    """
    people, whose = np.unique(users, return_inverse=True)
    at = (whose, days)
    last_weekday = dataset.weekday[users, days - 1].astype(int)
    coming = (last_weekday + horizon) % schema.DAYS_PER_WEEK
    weekday = (coming[:, None] == np.arange(schema.DAYS_PER_WEEK)) & (last_weekday >= 0)[:, None]
    read = {}
    for index in range(schema.FEATURE_COUNT):
        seen = dataset.observed[people, :, index].astype(np.float64)[..., None]
        if not seen.any():
            continue
        values = columns(dataset.rows[people, :, index], index) * seen
        total, squares, count = (
            running_sums(each, np.inf)[at] for each in (values, values**2, seen)
        )
        recent_total, recent_count = (
            np.stack([running_sums(each, half_life)[at] for half_life in HALF_LIVES_DAYS])
            for each in (values, seen)
        )
        read[index] = Clues(
            total=total,
            squares=squares,
            count=count,
            recent_total=recent_total,
            recent_count=recent_count,
            last=values[whose, days - 1],
            last_observed=seen[whose, days - 1],
            weekday=weekday.astype(np.float64),
            others=np.empty((len(users), 0)),  # filled below, when all features are read
        )
    others = np.concatenate([_latest(clues) for clues in read.values()], axis=1)
    return {index: replace(clues, others=others) for index, clues in read.items()}


def _latest(clues: Clues) -> np.ndarray:
    """Return a feature's last value and its recent mean, NaN where nothing was observed."""
    with np.errstate(invalid="ignore", divide="ignore"):
        recent = clues.recent_total[_OF_TREES] / clues.recent_count[_OF_TREES]
    return np.concatenate([np.where(clues.last_observed > 0.0, clues.last, np.nan), recent], axis=1)


def running_sums(values: np.ndarray, half_life_days: float) -> np.ndarray:
    """Return weighted sums of the days BEFORE each day, float (people, days + 1, width)."""
    decay = 0.5 ** (1.0 / half_life_days)
    people, days, width = values.shape
    sums = np.zeros((people, days + 1, width))
    for day in range(days):
        sums[:, day + 1] = decay * sums[:, day] + values[:, day]
    return sums
