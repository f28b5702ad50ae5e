"""Judge sampled forecasts against the log: calibration and scores on observed cells only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError
from human_wm_env.person import schema
from world_model.card import proper_scores as scores
from world_model.card.calibration import Calibration, calibrate, randomised_pit
from world_model.card.futures import Starts


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
    days = starts.days[:, None] + np.asarray(horizons) - 1
    at = (starts.users[:, None], days)
    truth, seen = dataset.rows[at], dataset.observed[at]
    places = (len(horizons), len(scores.SCORED))
    pits: dict[tuple[int, int], np.ndarray] = {}
    crps = np.full(places, np.nan)
    for place in range(places[0]):
        if not seen[:, place][:, list(scores.SCORED)].any():
            raise DataError(
                f"logged cells {horizons[place]} days after the starts",
                "none",
                "Use more people or starts, or shorter horizons.",
            )
        for column, index in enumerate(scores.SCORED):
            known = seen[:, place, index]
            draws = futures[known, :, place, index]
            target = scores.within_bounds(truth[known, place, index], index)
            pits[place, column] = randomised_pit(draws, target, rng.random(len(target)))
            if known.any():
                crps[place, column] = scores.crps(draws, target, index).mean()

    def pooled(cells: list[tuple[int, int]]) -> Calibration:
        people = [starts.users[seen[:, place, scores.SCORED[column]]] for place, column in cells]
        return calibrate(np.concatenate([pits[cell] for cell in cells]), np.concatenate(people))

    rows, columns = range(places[0]), range(places[1])
    energy, variogram = _joint(futures, truth, seen)
    return Judged(
        by_horizon=[pooled([(row, column) for column in columns]) for row in rows],
        by_feature={
            schema.FEATURE_NAMES[scores.SCORED[column]]: pooled([(row, column) for row in rows])
            for column in columns
            if any(len(pits[row, column]) for row in rows)
        },
        crps=crps,
        energy=energy,
        variogram=variogram,
    )


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
