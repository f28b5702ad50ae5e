"""Second moments of a masked history: the encoder's sufficient statistics.

Habits are means and responses are regression coefficients: both are functions of the
mean products of what was observed together. A recurrent net learns to form such
products only after very long training (measured: R2 0 to .4 for the response traits);
given them, a small net reads the person off in seconds (.6 to .9).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.model import inputs, memory
from human_wm_env.person import schema

REMEMBERED = memory.AVERAGES + memory.CONTRASTS
# Actions, states, yesterday's states, averages and contrasts, weekend, weather, and 1.
WIDTH = (
    len(inputs.ACTION_COLUMNS)
    + 2 * len(inputs.STATE_COLUMNS)
    + REMEMBERED
    + 1
    + len(inputs.WEATHER_COLUMNS)
    + 1
)
PAIRS = np.triu_indices(WIDTH)
PAIR_COUNT = len(PAIRS[0])
_DAYS_PAIR = PAIR_COUNT - 1  # 1 times 1: counts the days
# Beside the moments: log of the days, and the share of days on which each feature was seen.
FEATURE_WIDTH = PAIR_COUNT + 1 + schema.FEATURE_COUNT
PRIOR_DAYS = 10.0  # a moment seen on fewer days is shrunk towards the population's
LARGEST = 6.0  # population SDs; an odd history must not drive the net out of its range
LOG_DAYS_SCALE = 7.0
_SD_FLOOR = 0.02


@dataclass(frozen=True)
class Moments:
    """Sums over days, batch-first.

    Attributes:
        products: float32 (people, PAIR_COUNT), sums of products over days seen together.
        counts: float32 (people, PAIR_COUNT), how many days those were.
        seen: float32 (people, 10), days on which each feature was observed.
    """

    products: np.ndarray
    counts: np.ndarray
    seen: np.ndarray


def _feature_of(indices: tuple[int, ...]) -> np.ndarray:
    """Return the feature of each encoded column."""
    return np.repeat(indices, [schema.FEATURES[index].width for index in indices])


_ACTION_FEATURES, _STATE_FEATURES = (
    _feature_of(inputs.ACTION_ORDER),
    _feature_of(inputs.STATE_ORDER),
)
_ACTIONS = slice(0, len(inputs.ACTION_COLUMNS))
_STATES = slice(_ACTIONS.stop, _ACTIONS.stop + len(inputs.STATE_COLUMNS))
_STATES_BEFORE = slice(_STATES.stop, _STATES.stop + len(inputs.STATE_COLUMNS))
_REMEMBERED = slice(_STATES_BEFORE.stop, _STATES_BEFORE.stop + REMEMBERED)
_WEEKEND = _REMEMBERED.stop
_WEATHER = slice(_WEEKEND + 1, _WEEKEND + 1 + len(inputs.WEATHER_COLUMNS))


def factors(
    rows: np.ndarray,
    observed: np.ndarray,
    rows_before: np.ndarray,
    observed_before: np.ndarray,
    remembered: np.ndarray,
    weekend: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return what is multiplied, and its mask.

    Args:
        rows: encoded (..., ROW_WIDTH), today.
        observed: bool (..., 10), its mask.
        rows_before: encoded (..., ROW_WIDTH), yesterday.
        observed_before: bool (..., 10), its mask.
        remembered: (..., memory.WIDTH).
        weekend: bool (...), False where the weekday is unknown.

    Returns:
        float32 (..., WIDTH) each; the mask is 1 where observed.
    """
    shape = rows.shape[:-1]
    values = np.empty((*shape, WIDTH), dtype=np.float32)
    mask = np.empty_like(values)
    values[..., _ACTIONS] = rows[..., inputs.ACTION_COLUMNS]
    values[..., _STATES] = rows[..., inputs.STATE_COLUMNS]
    values[..., _STATES_BEFORE] = rows_before[..., inputs.STATE_COLUMNS]
    values[..., _REMEMBERED] = remembered[..., :REMEMBERED]
    values[..., _WEEKEND] = weekend
    values[..., _WEATHER] = rows[..., inputs.WEATHER_COLUMNS]
    values[..., -1] = 1.0
    mask[..., _ACTIONS] = observed[..., _ACTION_FEATURES]
    mask[..., _STATES] = observed[..., _STATE_FEATURES]
    mask[..., _STATES_BEFORE] = observed_before[..., _STATE_FEATURES]
    mask[..., _REMEMBERED.start : _WEEKEND + 1] = 1.0
    mask[..., _WEATHER] = observed[..., schema.WEATHER, None]
    mask[..., -1] = 1.0
    values *= mask
    return values, mask


def collect(values: np.ndarray, mask: np.ndarray, observed: np.ndarray) -> Moments:
    """Sum the products over days.

    Args:
        values: float32 (people, days, WIDTH), from `factors`; zero on padding.
        mask: float32 (people, days, WIDTH), likewise.
        observed: bool (people, days, 10).
    """
    products = values.transpose(0, 2, 1) @ values
    counts = mask.transpose(0, 2, 1) @ mask
    return Moments(
        products[:, PAIRS[0], PAIRS[1]],
        counts[:, PAIRS[0], PAIRS[1]],
        observed.sum(axis=1).astype(np.float32),
    )


def population(moments: Moments) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and SD of each mean product over people, float32 (PAIR_COUNT,) each."""
    mean = moments.products / np.maximum(moments.counts, 1.0)
    return mean.mean(axis=0), mean.std(axis=0) + np.float32(_SD_FLOOR)


def features(moments: Moments, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Return net inputs: shrunk, standardised mean products, and how much was seen.

    Args:
        moments: of the histories.
        mean: of each mean product in the population, from `population`.
        sd: likewise.

    Returns:
        float32 (people, FEATURE_WIDTH).
    """
    shrunk = (moments.products + PRIOR_DAYS * mean) / (moments.counts + PRIOR_DAYS)
    scaled = np.clip((shrunk - mean) / sd, -LARGEST, LARGEST)
    days = moments.counts[:, _DAYS_PAIR:]
    parts = [scaled, np.log1p(days) / LOG_DAYS_SCALE, moments.seen / np.maximum(days, 1.0)]
    return np.concatenate(parts, axis=1, dtype=np.float32)
