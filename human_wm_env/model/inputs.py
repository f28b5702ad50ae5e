"""What each net is given: one layout for training (MLX) and stepping (NumPy)."""

from __future__ import annotations

import numpy as np

from human_wm_env.model import memory
from human_wm_env.person import schema


def _columns(indices: tuple[int, ...]) -> np.ndarray:
    return np.concatenate([np.arange(schema.ROW_WIDTH)[schema.ROW_SLICES[i]] for i in indices])


# Actions in the order in which a day unfolds, so that each may depend on those before.
ACTION_ORDER = (
    schema.WORKOUT,
    schema.LOCATION,
    schema.SLEEP,
    schema.MINUTES,
    schema.STEPS,
    schema.DISTANCE,
    schema.CALORIES,
)
schema.check_order(ACTION_ORDER, "action")
STATE_ORDER = schema.STATE_FEATURES
ACTION_COLUMNS = _columns(ACTION_ORDER)
STATE_COLUMNS = _columns(STATE_ORDER)
WEATHER_COLUMNS = _columns((schema.WEATHER,))
WEEKDAY_WIDTH = 2

POLICY_WIDTH = (
    schema.ROW_WIDTH
    + schema.FEATURE_COUNT
    + (memory.POLICY_PART.stop - memory.POLICY_PART.start)
    + WEEKDAY_WIDTH
    + len(WEATHER_COLUMNS)
)
TRANSITION_WIDTH = (
    len(STATE_COLUMNS)
    + len(STATE_ORDER)
    + len(ACTION_COLUMNS)
    + len(ACTION_ORDER)
    + memory.WIDTH
    + WEEKDAY_WIDTH
    + len(WEATHER_COLUMNS)
)
# Where the transition net's inputs hold the mask of yesterday's states.
STATE_MASK_PART = slice(len(STATE_COLUMNS), len(STATE_COLUMNS) + len(STATE_ORDER))
ENCODER_WIDTH = (
    schema.ROW_WIDTH
    + schema.FEATURE_COUNT
    + WEEKDAY_WIDTH
    + memory.WIDTH
    + len(STATE_COLUMNS)
    + len(STATE_ORDER)
)


def policy_inputs(
    row_before: np.ndarray,
    observed_before: np.ndarray,
    remembered: np.ndarray,
    weekday: np.ndarray,
    weather: np.ndarray,
) -> np.ndarray:
    """Return what the policy net sees, (..., POLICY_WIDTH).

    Args:
        row_before: encoded (..., ROW_WIDTH), yesterday, zero where masked.
        observed_before: (..., 10), its mask.
        remembered: (..., memory.WIDTH), at wake-up.
        weekday: (..., 2), of today.
        weather: (..., 4), of today, one-hot or zero.
    """
    parts = [row_before, observed_before, remembered[..., memory.POLICY_PART], weekday, weather]
    return np.concatenate(parts, axis=-1, dtype=np.float32)


def transition_inputs(
    row_before: np.ndarray,
    observed_before: np.ndarray,
    row: np.ndarray,
    observed: np.ndarray,
    remembered: np.ndarray,
    weekday: np.ndarray,
    weather: np.ndarray,
) -> np.ndarray:
    """Return what the transition net sees, (..., TRANSITION_WIDTH); `row` gives actions only."""
    parts = [
        row_before[..., STATE_COLUMNS],
        observed_before[..., STATE_ORDER],
        row[..., ACTION_COLUMNS],
        observed[..., ACTION_ORDER],
        remembered,
        weekday,
        weather,
    ]
    return np.concatenate(parts, axis=-1, dtype=np.float32)


def encoder_inputs(
    rows: np.ndarray, observed: np.ndarray, weekday: np.ndarray, remembered: np.ndarray
) -> np.ndarray:
    """Return what the encoder sees of each day, with the states of the day before.

    Args:
        rows: encoded (people, days, ROW_WIDTH).
        observed: bool (people, days, 10).
        weekday: (people, days, 2).
        remembered: (people, days, memory.WIDTH).

    Returns:
        float32 (people, days, ENCODER_WIDTH).
    """
    before = np.zeros((*rows.shape[:2], len(STATE_COLUMNS) + len(STATE_ORDER)), dtype=np.float32)
    before[:, 1:, : len(STATE_COLUMNS)] = rows[:, :-1, STATE_COLUMNS]
    before[:, 1:, len(STATE_COLUMNS) :] = observed[:, :-1][..., STATE_ORDER]
    parts = [rows, observed, weekday, remembered, before]
    return np.concatenate(parts, axis=-1, dtype=np.float32)
