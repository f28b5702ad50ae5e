"""Judge sampled forecasts against the log: calibration and scores on observed cells only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError
from human_wm_env.person import schema
from human_wm_env.person.rewards import MOOD_VALUES
from world_model.card import proper_scores as scores
from world_model.card.calibration import LEVELS, Calibration, calibrate, randomised_pit
from world_model.card.futures import Starts


@dataclass(frozen=True)
class Cells:
    """One forecaster's judgement of one feature's observed cells on one horizon.

    Attributes:
        users: int (cells,), whose they are.
        crps: float (cells,), see `scores.crps`.
        squared_error: float (cells,), of the forecast's mean, in scales; of a category
            summed over its labels, of the mood that of its valence.
        squared_spread: float (cells,), likewise of the mean over all these cells.
        pit: float (cells,), in [0, 1).
    """

    users: np.ndarray
    crps: np.ndarray
    squared_error: np.ndarray
    squared_spread: np.ndarray
    pit: np.ndarray

    def inside(self, level: str) -> np.ndarray:
        """Return which cells the central interval of a level holds, bool (cells,)."""
        return np.asarray(np.abs(self.pit - 0.5) <= LEVELS[level] / 2.0)


def judge_cells(
    forecasts: np.ndarray,
    dataset: LogDataset,
    starts: Starts,
    horizon: int,
    rng: np.random.Generator,
) -> dict[str, Cells]:
    """Compare forecasts of one horizon with what was logged, by feature.

    Args:
        forecasts: raw rows, float32 (starts, draws, 10).
        dataset: the logs.
        starts: where the forecasts begin.
        horizon: the day that they are of, 1 being the first.
        rng: breaks ties of the PIT.

    Returns:
        One entry for each scored feature that was observed on any of these days.
    """
    days = starts.days + horizon - 1
    inside = np.flatnonzero(days < dataset.days_logged[starts.users])
    users, days = starts.users[inside], days[inside]
    found = {}
    for index in scores.SCORED:
        known = dataset.observed[users, days, index]
        if not known.any():
            continue
        truth = scores.within_bounds(dataset.rows[users[known], days[known], index], index)
        drawn = forecasts[inside[known], :, index]
        expected, seen = _points(drawn, index).mean(axis=1), _points(truth, index)
        found[schema.FEATURE_NAMES[index]] = Cells(
            users=users[known],
            crps=scores.crps(drawn, truth, index),
            squared_error=((expected - seen) ** 2).sum(axis=-1),
            squared_spread=((seen - seen.mean(axis=0)) ** 2).sum(axis=-1),
            pit=randomised_pit(drawn, truth, rng.random(len(truth))),
        )
    return found


def _points(values: np.ndarray, index: int) -> np.ndarray:
    """Return raw values as numbers whose mean is a forecast, float64 (..., width)."""
    feature = schema.FEATURES[index]
    if isinstance(feature, schema.Continuous):
        return np.asarray(values / feature.scale, dtype=np.float64)[..., None]
    labels = values.astype(np.intp)
    if index == schema.MOOD:
        valence = np.array([MOOD_VALUES[name] for name in feature.categories])
        return valence[labels][..., None]
    return np.eye(feature.width)[labels]


@dataclass(frozen=True)
class Judged:
    """What a forecaster's futures are worth.

    Attributes:
        by_horizon: calibration over all features, one per horizon.
        by_feature: calibration over all horizons, by feature name.
        crps: mean by horizon and scored feature, (horizons, features); NaN where a feature
            was never observed.
        energy, variogram: (starts, horizons), NaN where nothing (one column) was observed.
    """

    by_horizon: list[Calibration]
    by_feature: dict[str, Calibration]
    crps: np.ndarray
    energy: np.ndarray
    variogram: np.ndarray


def judge(
    futures: np.ndarray,
    dataset: LogDataset,
    starts: Starts,
    horizons: Sequence[int],
    rng: np.random.Generator,
) -> Judged:
    """Compare futures with what was logged.

    Args:
        futures: raw rows, float32 (starts, draws, horizons, 10).
        dataset: the logs.
        starts: where the futures begin.
        horizons: which days of them are given, 1 being the first.
        rng: breaks ties of the PIT.

    Raises:
        DataError: nothing was observed on a horizon.
    """
    by_horizon = [
        judge_cells(futures[:, :, place], dataset, starts, horizon, rng)
        for place, horizon in enumerate(horizons)
    ]
    for horizon, cells in zip(horizons, by_horizon, strict=True):
        if not cells:
            raise DataError(
                f"logged cells {horizon} days after the starts",
                "none",
                "Use more people or starts, or shorter horizons.",
            )
    names = [schema.FEATURE_NAMES[index] for index in scores.SCORED]
    by_feature = {name: [cells[name] for cells in by_horizon if name in cells] for name in names}
    at = (starts.users[:, None], starts.days[:, None] + np.asarray(horizons) - 1)
    energy, variogram = _joint(futures, dataset.rows[at], dataset.observed[at])
    return Judged(
        by_horizon=[pooled(list(cells.values())) for cells in by_horizon],
        by_feature={name: pooled(cells) for name, cells in by_feature.items() if cells},
        crps=np.array(
            [
                [cells[name].crps.mean() if name in cells else np.nan for name in names]
                for cells in by_horizon
            ]
        ),
        energy=energy,
        variogram=variogram,
    )


def pooled(cells: Sequence[Cells]) -> Calibration:
    """Return how the PIT values of several features or horizons are distributed together."""
    pit, users = (
        np.concatenate(each) for each in zip(*((c.pit, c.users) for c in cells), strict=True)
    )
    return calibrate(pit, users)


def _joint(
    futures: np.ndarray, truth: np.ndarray, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return energy and variogram score of every start and horizon."""
    energy, variogram = np.full((2, *truth.shape[:2]), np.nan)
    for place in np.ndindex(*energy.shape):
        start, horizon = place
        kept = scores.observed_columns(seen[place])
        if not kept.any():
            continue
        target = scores.embed(truth[place])[kept]
        draws = scores.embed(futures[start, :, horizon])[:, kept]
        energy[place] = scores.energy(draws, target)
        if kept.sum() > 1:
            variogram[place] = scores.variogram(draws, target)
    return energy, variogram
