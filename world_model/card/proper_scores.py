"""Proper scores of sampled forecasts, on observed cells only; smaller is better.

Continuous features are in the schema's scales. A category is one-hot over the square root
of two, so that two different categories are 1 apart.
"""

from __future__ import annotations

import numpy as np
import scoringrules  # type: ignore[import-untyped]
from scipy.spatial.distance import pdist

from human_wm_env.person import schema

#: actions and states; the weather comes from a chain that is no person's
SCORED = tuple(sorted((*schema.ACTION_FEATURES, *schema.STATE_FEATURES)))
#: where each of them stands in `embed`
PARTS = schema.encoded_slices(SCORED)
_CATEGORY_SCALE = np.float32(np.sqrt(0.5))
_VARIOGRAM_POWER = 0.5


def within_bounds(values: np.ndarray, index: int) -> np.ndarray:
    """Return logged values as the nets see them: what exceeds the schema's bounds is on them."""
    feature = schema.FEATURES[index]
    if isinstance(feature, schema.Continuous):
        return np.clip(values, feature.low, feature.high)
    return values


def embed(rows: np.ndarray) -> np.ndarray:
    """Return the scored features as points, float32 (..., width), see the module."""
    encoded = schema.encode_rows(rows)
    columns = []
    for index in SCORED:
        part = encoded[..., schema.ROW_SLICES[index]]
        is_label = isinstance(schema.FEATURES[index], schema.Categorical)
        columns.append(part * _CATEGORY_SCALE if is_label else part)
    return np.concatenate(columns, axis=-1)


def observed_columns(observed: np.ndarray) -> np.ndarray:
    """Return which columns of `embed` a mask (10,) leaves, bool (width,)."""
    return np.repeat(observed[list(SCORED)], [schema.FEATURES[i].width for i in SCORED])


def crps(draws: np.ndarray, truth: np.ndarray, index: int) -> np.ndarray:
    """Return the CRPS of one feature, (n,), in its scale; of a category half the Brier score.

    Both are the energy score of that feature alone, by the estimator that is unbiased for
    a sample (Ferro 2014; "pwm" is the same number as "fair", without all pairs).

    Args:
        draws: raw values, float (n, draws), two draws or more.
        truth: float (n,).
        index: of the feature.
    """
    feature = schema.FEATURES[index]
    count = draws.shape[1]
    if isinstance(feature, schema.Continuous):
        scaled = np.asarray(draws, dtype=np.float64) / feature.scale
        target = np.asarray(truth, dtype=np.float64) / feature.scale
        return np.asarray(scoringrules.crps_ensemble(target, scaled, estimator="pwm"))
    shares = np.stack([(draws == label).mean(axis=1) for label in range(feature.width)], axis=1)
    differ = (1.0 - (shares**2).sum(axis=1)) * count / (count - 1)
    hit = np.take_along_axis(shares, truth.astype(int)[:, None], axis=1)[:, 0]
    return (1.0 - hit) - 0.5 * differ


def energy(draws: np.ndarray, truth: np.ndarray) -> float:
    """Return the energy score E|X - y| - E|X - X'| / 2, unbiased for a sample.

    Args:
        draws: float (draws, width), two draws or more.
        truth: float (width,).

    Source: Gneiting & Raftery 2007, eq. 22. `scoringrules.es_ensemble` would build 500 x 500
        x width differences for every start; a test compares the two.
    """
    distances = np.linalg.norm(draws - truth, axis=1)
    return float(distances.mean() - 0.5 * pdist(draws).mean())


def variogram(draws: np.ndarray, truth: np.ndarray) -> float:
    """Return the variogram score of order 0.5 per pair of columns: are they linked rightly?

    Args:
        draws: float (draws, width), at least two columns.
        truth: float (width,).

    Source: Scheuerer & Hamill 2015, eq. 6, with equal weights.
    """
    width = len(truth)
    one, other = np.triu_indices(width, 1)
    expected = np.sqrt(np.abs(draws[:, one] - draws[:, other])).mean(axis=0)
    seen = np.abs(truth[one] - truth[other]) ** _VARIOGRAM_POWER
    return float(((seen - expected) ** 2).mean())
