"""Correct the dream's forecasts by how a person's last days deviated from them.

The nets know a person by a posterior over the whole log; what has moved since is seen by
comparing earlier days with their forecasts. A local level of these misses is added to the
forecasts, feature by feature, and one day ahead amounts spread as widely as they missed. It
is a correction of forecasts: environments do not play it.

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
EARLIER_DAYS = 42
_HALF_LIVES_DAYS = (1.0, 3.0, 7.0, 14.0, 30.0, 60.0)
# Few misses say little of how wide they are: so many more count as if they were as foretold.
_PSEUDO_CELLS = 200.0
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
        misses, variance, observed = _misses(*earlier, people, dataset, index)
        for place, horizon in enumerate(horizons):
            level, widening = _best_level(misses, variance, observed, choosing, horizon)
            corrected[:, :, place, index] = _shifted(
                forecasts[:, :, place, index],
                level[whose, starts.days],
                # Earlier forecasts say how widely those miss that are one day ahead, no others.
                widening if horizon == 1 else 1.0,
                index,
                rng,
            )
    return corrected


def _misses(
    forecasts: np.ndarray, starts: Starts, people: np.ndarray, dataset: LogDataset, index: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compare forecasts with the log.

    Returns:
        Log - forecast, (people, days, width), the variance of the forecast, (people, days),
        and where they are known, (people, days, 1); 0 elsewhere.
    """
    logged = columns(dataset.rows[starts.users, starts.days, index], index)
    seen = dataset.observed[starts.users, starts.days, index][:, None].astype(np.float64)
    shape = (len(people), dataset.days)
    misses, observed = np.zeros((*shape, logged.shape[1])), np.zeros((*shape, 1))
    variance = np.zeros(shape)
    at = (np.searchsorted(people, starts.users), starts.days)
    drawn = columns(forecasts[:, :, index], index)
    misses[at] = (logged - drawn.mean(axis=1)) * seen
    variance[at] = drawn.var(axis=1, ddof=1).sum(axis=-1) * seen[:, 0]
    observed[at] = seen
    return misses, variance, observed


def _best_level(
    misses: np.ndarray,
    variance: np.ndarray,
    observed: np.ndarray,
    choosing: np.ndarray,
    horizon: int,
) -> tuple[np.ndarray, float]:
    """Find the level that foretells misses best.

    Returns:
        The level before each day, (people, days + 1, width), and the misses that it leaves
        over the forecasts' standard deviation, both root mean squares, shrunk to 1.
    """
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

    def error(foretold: np.ndarray) -> float:
        left = ((misses[:, horizon - 1 :] - foretold[:, : days - horizon + 1]) ** 2).sum(axis=-1)
        return float(left[counted[:, horizon - 1 :]].sum())

    # The last one corrects the least: it is taken where nothing is known.
    grid = reversed(list(product(_HALF_LIVES_DAYS, _PSEUDO_DAYS)))
    best = min((level(*settings) for settings in grid), key=error)
    expected = variance[:, horizon - 1 :][counted[:, horizon - 1 :]]
    if not expected.sum() > 0.0:
        return best, 1.0
    as_expected = _PSEUDO_CELLS * expected.mean()
    return best, float(np.sqrt((error(best) + as_expected) / (expected.sum() + as_expected)))


def _points(drawn: np.ndarray, index: int) -> np.ndarray:
    """Return the mean of draws (n, draws), scaled, or the shares of labels, (n, width)."""
    points: np.ndarray = columns(drawn, index).mean(axis=1)
    return points


def _shifted(
    drawn: np.ndarray, shift: np.ndarray, widening: float, index: int, rng: np.random.Generator
) -> np.ndarray:
    """Return raw draws (n, draws) whose mean, or whose shares of labels, are shifted.

    Amounts spread around their mean as the misses do: what the level foretells is no longer
    doubt.
    """
    feature = schema.FEATURES[index]
    if isinstance(feature, schema.Continuous):
        mean = drawn.mean(axis=1, keepdims=True)
        moved = mean + shift * feature.scale + widening * (drawn - mean)
        return np.clip(moved, feature.low, feature.high)
    return draw_labels(_points(drawn, index) + shift, drawn.shape[1], rng)
