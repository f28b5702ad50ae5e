"""Forecasters that know no model; all give draws of raw rows like the dream.

Each sees only the log before the start, the ridge also the training people.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema
from world_model.card.futures import Starts, spread_starts

RIDGE = 1.0
STARTS_PER_PERSON = 8
_LEAST_SHARE = 0.01  # of a category


def climatology(
    dataset: LogDataset, starts: Starts, draws: int, horizons: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw whole days of the person's own past; what was not seen on them, from other days.

    Returns:
        float32 (starts, draws, horizons, 10).
    """
    rows = np.empty((len(starts), draws, horizons, schema.FEATURE_COUNT), dtype=np.float32)
    for place, (user, day) in enumerate(zip(starts.users, starts.days, strict=True)):
        past, seen = dataset.rows[user, :day], dataset.observed[user, :day]
        logged = np.flatnonzero(seen.any(axis=1))
        whole = logged[rng.integers(len(logged), size=(draws, horizons))]
        rows[place] = past[whole]
        for index in range(schema.FEATURE_COUNT):
            lacking = ~seen[whole, index]
            known = past[seen[:, index], index]
            others = known if len(known) else _typical(dataset, index)
            rows[place][lacking, index] = rng.choice(others, size=int(lacking.sum()))
    return rows


def persistence(
    dataset: LogDataset, starts: Starts, draws: int, horizons: int, rng: np.random.Generator
) -> np.ndarray:
    """Repeat the last observed value of each feature, in every draw.

    Returns:
        float32 (starts, draws, horizons, 10).
    """
    last = np.empty((len(starts), schema.FEATURE_COUNT), dtype=np.float32)
    for place, (user, day) in enumerate(zip(starts.users, starts.days, strict=True)):
        for index in range(schema.FEATURE_COUNT):
            seen = np.flatnonzero(dataset.observed[user, :day, index])
            last[place, index] = (
                dataset.rows[user, seen[-1], index]
                if len(seen)
                else rng.choice(_typical(dataset, index))
            )
    return np.broadcast_to(last[:, None, None], (len(last), draws, horizons, last.shape[1])).copy()


def _typical(dataset: LogDataset, index: int) -> np.ndarray:
    """Return what the training people logged of a feature; a 0 if none did."""
    users = dataset.users_of("train")
    logged: np.ndarray = dataset.rows[users, :, index][dataset.observed[users, :, index]]
    return logged if len(logged) else np.zeros(1, dtype=np.float32)


def mean_lag_weekday(
    dataset: LogDataset,
    starts: Starts,
    draws: int,
    horizons: Sequence[int],
    rng: np.random.Generator,
    *,
    fit_on: Starts | None = None,
) -> np.ndarray:
    """Predict from user mean, last day and weekday: a ridge per feature and horizon.

    Continuous features get residuals out of those of the fit, categories the predicted
    shares; features are drawn independently.

    Args:
        dataset: the logs.
        starts: where the forecasts begin.
        draws: of each forecast.
        horizons: days of the future, 1 being the first.
        rng: source of noise.
        fit_on: starts to fit on; nothing after their last horizon is read. None takes some
            of the training people's, over their whole logs.

    Returns:
        float32 (starts, draws, horizons, 10).
    """
    if fit_on is None:
        fit_on = spread_starts(
            dataset, dataset.users_of("train"), STARTS_PER_PERSON, max(horizons), rng
        )
    rows = np.zeros((len(starts), draws, len(horizons), schema.FEATURE_COUNT), dtype=np.float32)
    for index, feature in enumerate(schema.FEATURES):
        logged = dataset.observed[fit_on.users, fit_on.days, index]
        if not logged.any():  # a feature that these data never hold
            continue
        seen_values = dataset.rows[fit_on.users, fit_on.days, index][logged]
        overall = _columns(seen_values, index).mean(axis=0)
        clues, test_clues = (_clues(dataset, which, index, overall) for which in (fit_on, starts))
        for place, horizon in enumerate(horizons):
            x, t = (
                _design(dataset, which, own, horizon)
                for which, own in ((fit_on, clues), (starts, test_clues))
            )
            days = fit_on.days + horizon - 1
            seen = dataset.observed[fit_on.users, days, index]
            target = _columns(dataset.rows[fit_on.users, days, index], index)
            weights = _ridge(x[seen], target[seen])
            predicted = t @ weights
            if isinstance(feature, schema.Continuous):
                residuals = (target[seen] - x[seen] @ weights)[:, 0]
                drawn = predicted + rng.choice(residuals, size=(len(starts), draws))
                raw = np.clip(drawn * feature.scale + feature.centre, feature.low, feature.high)
                rows[:, :, place, index] = raw
            else:
                shares = np.maximum(predicted, _LEAST_SHARE)
                edges = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
                uniform = rng.random((len(starts), draws))
                drawn = (edges[:, None, :-1] <= uniform[..., None]).sum(axis=-1)
                rows[:, :, place, index] = drawn
    return rows


def _columns(values: np.ndarray, index: int) -> np.ndarray:
    """Return one feature scaled or one-hot, float64 (..., width)."""
    feature = schema.FEATURES[index]
    if isinstance(feature, schema.Continuous):
        return ((values - feature.centre) / feature.scale).astype(np.float64)[..., None]
    return (values[..., None] == np.arange(feature.width)).astype(np.float64)


def _clues(
    dataset: LogDataset, starts: Starts, index: int, overall: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return user mean, deviation of the last day (0 if not seen), and whether it was seen."""
    users, whose = np.unique(starts.users, return_inverse=True)
    seen = dataset.observed[users, :, index]
    values = _columns(dataset.rows[users, :, index], index) * seen[..., None]
    # Sums of the days BEFORE each day.
    totals = np.cumsum(values, axis=1) - values
    counts = np.cumsum(seen, axis=1) - seen
    # A person's mean is shrunk by one typical day, so that it always exists.
    mean = (totals + overall) / (counts + 1.0)[..., None]
    last_day = dataset.days - 1
    at = (whose, np.minimum(starts.days, last_day))
    own = mean[at]
    before = (whose, starts.days - 1)
    known = seen[before][:, None].astype(np.float64)
    return own, (values[before] - own) * known, known


def _design(
    dataset: LogDataset,
    starts: Starts,
    clues: tuple[np.ndarray, np.ndarray, np.ndarray],
    horizon: int,
) -> np.ndarray:
    last = dataset.weekday[starts.users, starts.days - 1].astype(int)
    weekday = (last + horizon) % schema.DAYS_PER_WEEK
    days = (weekday[:, None] == np.arange(schema.DAYS_PER_WEEK)) & (last >= 0)[:, None]
    return np.concatenate([np.ones((len(starts), 1)), *clues, days], axis=1)


def _ridge(x: np.ndarray, target: np.ndarray) -> np.ndarray:
    penalty = RIDGE * np.eye(x.shape[1])
    penalty[0, 0] = 1e-6  # not on the intercept
    solved: np.ndarray = np.linalg.solve(x.T @ x + penalty, x.T @ target)
    return solved
