"""Correct the dream's forecasts by how a person's last days deviated from them.

The nets know a person by a posterior over the whole log; what has moved since is seen by
comparing earlier days with their forecasts. A local level of these misses is added to the
forecasts, feature by feature. It is a correction of forecasts: environments do not play it.

Source: Durbin & Koopman 2012, section 2 (local level model); here in its steady state, an
    exponentially weighted mean, shrunk to no correction.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema
from world_model.card.futures import Starts
from world_model.card.proper_scores import SCORED
from world_model.forecasters.clues import columns, running_sums
from world_model.forecasters.forecast import draw_labels

#: days before the held-out ones whose forecasts are compared with the log
EARLIER_DAYS = 60
_HALF_LIVES_DAYS = (1.0, 3.0, 7.0, 14.0, 30.0, 60.0)
_PSEUDO_DAYS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 200.0, 1000.0)


def correct(
    forecasts: np.ndarray,
    starts: Starts,
    horizons: Sequence[int],
    earlier: tuple[np.ndarray, Starts],
    first_held_out: np.ndarray,
    dataset: LogDataset,
    rng: np.random.Generator,
) -> np.ndarray:
    """Add to each forecast the local level of the misses before its start.

    Half-life and shrinkage are chosen, for each feature and horizon, by the squared error on
    days that are not held out.

    Args:
        forecasts: raw rows, float32 (starts, draws, horizons, 10).
        starts: where they begin.
        horizons: days ahead, 1 being the first.
        earlier: forecasts one day ahead, float32 (n, draws, 10), and where they begin: earlier
            days of the same people, and the starts themselves.
        first_held_out: int (users,), days from there on choose nothing.
        dataset: the logs.
        rng: draws corrected categories.

    Returns:
        float32, of the same shape.
    """
    corrected = forecasts.copy()
    people, whose = np.unique(starts.users, return_inverse=True)
    choosing = np.arange(dataset.days) < first_held_out[people][:, None]
    for index in SCORED:
        misses, observed = _misses(*earlier, people, dataset, index)
        for place, horizon in enumerate(horizons):
            level = _best_level(misses, observed, choosing, horizon)
            corrected[:, :, place, index] = _shifted(
                forecasts[:, :, place, index], level[whose, starts.days], index, rng
            )
    return corrected


def _misses(
    forecasts: np.ndarray, starts: Starts, people: np.ndarray, dataset: LogDataset, index: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return log - forecast, (people, days, width), and where it is known, (people, days, 1)."""
    logged = columns(dataset.rows[starts.users, starts.days, index], index)
    seen = dataset.observed[starts.users, starts.days, index][:, None].astype(np.float64)
    shape = (len(people), dataset.days)
    misses, observed = np.zeros((*shape, logged.shape[1])), np.zeros((*shape, 1))
    at = (np.searchsorted(people, starts.users), starts.days)
    misses[at] = (logged - _points(forecasts[:, :, index], index)) * seen
    observed[at] = seen
    return misses, observed


def _best_level(
    misses: np.ndarray, observed: np.ndarray, choosing: np.ndarray, horizon: int
) -> np.ndarray:
    """Return the level before each day that foretells misses best, (people, days + 1, width)."""
    days = misses.shape[1]
    counted = (observed[..., 0] > 0.0) & choosing
    sums = {
        half_life: [running_sums(each, half_life) for each in (misses, observed)]
        for half_life in _HALF_LIVES_DAYS
    }

    def level(half_life: float, pseudo_days: float) -> np.ndarray:
        total, count = sums[half_life]
        mean: np.ndarray = total / (count + pseudo_days)
        return mean

    def error(settings: tuple[float, float]) -> float:
        foretold = level(*settings)[:, : days - horizon + 1]
        left = ((misses[:, horizon - 1 :] - foretold) ** 2).sum(axis=-1)
        return float(left[counted[:, horizon - 1 :]].sum())

    # The last one corrects the least: it is taken where nothing is known.
    best = min(reversed(list(product(_HALF_LIVES_DAYS, _PSEUDO_DAYS))), key=error)
    return level(*best)


def _points(drawn: np.ndarray, index: int) -> np.ndarray:
    """Return the mean of draws (n, draws), scaled, or the shares of labels, (n, width)."""
    points: np.ndarray = columns(drawn, index).mean(axis=1)
    return points


def _shifted(
    drawn: np.ndarray, shift: np.ndarray, index: int, rng: np.random.Generator
) -> np.ndarray:
    """Return raw draws (n, draws) whose mean, or whose shares of labels, are shifted."""
    feature = schema.FEATURES[index]
    if isinstance(feature, schema.Continuous):
        return np.clip(drawn + shift * feature.scale, feature.low, feature.high)
    return draw_labels(_points(drawn, index) + shift, drawn.shape[1], rng)
