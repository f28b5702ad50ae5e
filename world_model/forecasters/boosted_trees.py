"""Gradient-boosted trees (LightGBM) on means and lags of all features."""

from __future__ import annotations

import importlib.util

import numpy as np

from world_model.forecasters.clues import Clues
from world_model.forecasters.linear import Predict, exponential_mean

MISSING = "LightGBM is not installed: pip install 'humanwm[forecasts]'."
ROUNDS = 120
_SETTINGS = {
    "objective": "regression",
    "learning_rate": 0.03,
    "num_leaves": 7,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "seed": 0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


def installed() -> bool:
    """Return whether LightGBM can be imported, without importing it."""
    return importlib.util.find_spec("lightgbm") is not None


def boosted_trees(clues: Clues, target: np.ndarray) -> Predict:
    """Fit trees to what an exponentially weighted mean leaves, one ensemble a column.

    Args:
        clues: of the days before, n starts.
        target: float (n, width).

    Source: Ke et al. 2017, LightGBM.
    """
    import lightgbm

    base, overall = exponential_mean(clues, target), target.mean(axis=0)

    def design(clues: Clues) -> np.ndarray:
        level = clues.level(overall, 3.0)
        # The shortest half-life is left out: it hardly differs from the last day, which is there.
        recent = [clues.recent(i, level, 1.0) - level for i in range(1, len(clues.recent_total))]
        parts = [base(clues), level, *recent, clues.count, clues.weekday, clues.others]
        return np.concatenate(parts, axis=1)

    x, rest = design(clues), target - base(clues)
    settings = {**_SETTINGS, "min_data_in_leaf": int(np.clip(len(x) // 20, 5, 40))}
    trees = [
        lightgbm.train(settings, lightgbm.Dataset(x, column), num_boost_round=ROUNDS)
        for column in rest.T
    ]
    return lambda some: base(some) + np.stack([one.predict(design(some)) for one in trees], axis=1)
