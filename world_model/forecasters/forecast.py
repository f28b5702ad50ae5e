"""Forecast held-out days statistically: fitted on the days before, and drawn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError, did_you_mean
from human_wm_env.person import schema
from world_model.forecasters.boosted_trees import MISSING, boosted_trees, installed
from world_model.forecasters.clues import Clues, columns, read_clues
from world_model.forecasters.linear import Predict, exponential_mean, mixed_model
from world_model.forecasters.spread import Spread

EXPONENTIAL, MIXED, LIGHTGBM, BLEND = "exponential_mean", "mixed_model", "lightgbm", "blend"
FITS: Mapping[str, Callable[[Clues, np.ndarray], Predict]] = {
    EXPONENTIAL: exponential_mean,
    MIXED: mixed_model,
    LIGHTGBM: boosted_trees,
}
#: parts of each person's days to fit on, after which the next part is forecast
FOLDS = (0.4, 0.6, 0.8, 1.0)
FEWEST_CELLS = 10
_LEAST_SHARE = 0.01  # of a category
_WEIGHT_STEPS = 10  # of the blend
# The blend begins at equal weights, as if so many cells had asked for them.
_PSEUDO_CELLS = 50.0


def names_of(asked: Sequence[str] | None) -> list[str]:
    """Check the names of forecasters; None asks for all that are installed.

    Raises:
        ConfigError: an unknown one, none at all, or LightGBM where it is not installed.
    """
    if asked is None:
        return [name for name in FITS if name != LIGHTGBM or installed()]
    for name in asked:
        if name not in FITS:
            raise ConfigError(
                f"forecasters out of {', '.join(FITS)}", repr(name), did_you_mean(name, FITS)
            )
    if not asked:
        raise ConfigError("one forecaster or more", "none", f"Name some of {', '.join(FITS)}.")
    if LIGHTGBM in asked and not installed():
        raise ConfigError(f"LightGBM for the forecaster {LIGHTGBM}", "none", MISSING)
    return list(dict.fromkeys(asked))


@dataclass(frozen=True)
class Days:
    """Days to fit on, or to forecast.

    Attributes:
        users, days: int (n,), of each start; nothing from that day on is read as a clue.
        place: float (n,), where it lies among the person's days to fit on, in [0, 1].
    """

    users: np.ndarray
    days: np.ndarray
    place: np.ndarray


def forecast_days(
    dataset: LogDataset,
    fit_on: Days,
    starts: tuple[np.ndarray, np.ndarray],
    horizon: int,
    draws: int,
    names: Sequence[str],
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Draw what will be logged `horizon` days ahead, each feature by itself.

    How widely forecasts miss, and the weights of the blend, are found by forecasting the later
    days to fit on from the earlier ones.

    Args:
        dataset: the logs.
        fit_on: days to fit on; nothing after their horizon is read.
        starts: users and days, int (n,) each.
        horizon: 1 being the first day that is not read.
        draws: of each forecast.
        names: of the forecasters, out of `FITS`; the blend of all of them is added.
        rng: source of noise.

    Returns:
        float32 (n, draws, 10) by forecaster, raw rows; 0 where a feature was never logged on
        the days to fit on.
    """
    users, days = starts
    clues = read_clues(
        dataset, np.concatenate([fit_on.users, users]), np.concatenate([fit_on.days, days]), horizon
    )
    fitting = np.arange(len(fit_on.users))
    at = (fit_on.users, fit_on.days + horizon - 1)
    shape = (len(users), draws, schema.FEATURE_COUNT)
    rows = {name: np.zeros(shape, dtype=np.float32) for name in (*names, BLEND)}
    for index, known in clues.items():
        cells = fitting[dataset.observed[at][:, index]]
        if not len(cells):
            continue
        target = columns(dataset.rows[at][cells, index], index)
        of_starts = known.take(np.arange(len(fitting), len(fitting) + len(users)))
        for name, (points, spread) in _fit(
            known.take(cells), target, fit_on.place[cells], of_starts, names
        ).items():
            rows[name][:, :, index] = _draw(points, spread, of_starts, index, draws, rng)
    return rows


def _fit(
    clues: Clues, target: np.ndarray, place: np.ndarray, starts: Clues, names: Sequence[str]
) -> dict[str, tuple[np.ndarray, Spread]]:
    """Return each forecaster's points (n, width), and how widely they miss."""
    folds = [
        (np.flatnonzero(place < begin), np.flatnonzero((place >= begin) & (place < end)))
        for begin, end in pairwise(FOLDS)
    ]
    folds = [fold for fold in folds if len(fold[0]) >= FEWEST_CELLS and len(fold[1])]
    # So few days are forecast by themselves: their spread is too small, and known as such.
    everything = np.arange(len(target))
    folds = folds or [(everything, everything)]
    points, earlier = {}, {}
    for name in names:
        points[name] = FITS[name](clues, target)(starts)
        earlier[name] = np.concatenate(
            [FITS[name](clues.take(fit), target[fit])(clues.take(test)) for fit, test in folds]
        )
    tested = np.concatenate([test for _, test in folds])
    weights = _blend_weights(np.stack([earlier[name] for name in names]), target[tested])
    for which in (points, earlier):
        which[BLEND] = np.tensordot(weights, np.stack([which[name] for name in names]), axes=1)
    overall = target.mean(axis=0)
    return {
        name: (
            points[name],
            Spread.of(target[tested] - earlier[name], clues.take(tested), overall),
        )
        for name in points
    }


def _blend_weights(forecasts: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return weights >= 0 that sum to 1, by least squares with equal ones as a prior, (k,).

    Args:
        forecasts: float (k, n, width).
        target: float (n, width).

    Source: Bates & Granger 1969, combination of forecasts.
    """
    count = len(forecasts)
    grid = [
        np.array(steps) / _WEIGHT_STEPS
        for steps in product(range(_WEIGHT_STEPS + 1), repeat=count)
        if sum(steps) == _WEIGHT_STEPS
    ]
    misses = (forecasts - target).reshape(count, -1)
    products = misses @ misses.T / len(target)
    typical = float(np.trace(products)) / count

    def loss(weights: np.ndarray) -> float:
        unequal = float(((weights - 1.0 / count) ** 2).sum())
        error = float(weights @ products @ weights)
        return len(target) * error + _PSEUDO_CELLS * typical * unequal

    return min(grid, key=loss)


def _draw(
    points: np.ndarray,
    spread: Spread,
    clues: Clues,
    index: int,
    draws: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return raw values of one feature, (n, draws)."""
    feature = schema.FEATURES[index]
    if isinstance(feature, schema.Continuous):
        drawn = points + spread.draw(clues, draws, rng)
        return np.clip(drawn * feature.scale + feature.centre, feature.low, feature.high)
    return draw_labels(points, draws, rng)


def draw_labels(shares: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return labels with given shares (n, width), at least 1% each, (n, draws)."""
    shares = np.maximum(shares, _LEAST_SHARE)
    edges = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
    uniform = rng.random((len(shares), draws))
    labels: np.ndarray = (edges[:, None, :-1] <= uniform[..., None]).sum(axis=-1)
    return labels
