"""The action codec: seven numbers in [-1, 1] to a feasible day, and back."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from human_wm_env.errors import InvalidActionError
from human_wm_env.person import feasible, schema

ACTION_WIDTH = len(schema.ACTION_FEATURES)
# Columns of the action vector.
A_SLEEP, A_WORKOUT, A_LOCATION, A_STEPS, A_CALORIES, A_DISTANCE, A_MINUTES = range(ACTION_WIDTH)


def action_space() -> spaces.Box:
    """Return the space every person world acts in."""
    return spaces.Box(-1.0, 1.0, (ACTION_WIDTH,), np.float32)


def check_actions(action: object, slots: int | None) -> np.ndarray:
    """Return the action as float32, clipped to [-1, 1].

    Args:
        action: what the agent gave.
        slots: expected batch size, or None for a single action.

    Returns:
        float32 (slots, 7); (1, 7) for a single action.

    Raises:
        InvalidActionError: wrong shape, not numbers, NaN or infinity.
    """
    shape = (ACTION_WIDTH,) if slots is None else (slots, ACTION_WIDTH)
    names = ", ".join(schema.FEATURE_NAMES[i] for i in schema.ACTION_FEATURES)
    try:
        # Not float32 at once: 1e39 is finite and has to be clipped, not refused.
        array = np.asarray(action, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidActionError(
            f"an action of shape {shape}", f"{type(action).__name__}", f"Give numbers for {names}."
        ) from error
    if array.shape != shape:
        raise InvalidActionError(
            f"an action of shape {shape}", f"shape {array.shape}", f"Columns are {names}."
        )
    if not np.isfinite(array).all():
        raise InvalidActionError(
            "finite numbers",
            "NaN or infinity",
            "Look for exploding weights or a division by zero in the agent.",
        )
    return np.clip(array, -1.0, 1.0).astype(np.float32).reshape(-1, ACTION_WIDTH)


def _spread(
    unit: np.ndarray, low: float, centre: np.ndarray | float, high: np.ndarray | float
) -> np.ndarray:
    """Map -1 / 0 / 1 to low / centre / high, linear between."""
    return np.where(unit < 0.0, centre + unit * (centre - low), centre + unit * (high - centre))


def _unspread(
    value: np.ndarray, low: float, centre: np.ndarray | float, high: np.ndarray | float
) -> np.ndarray:
    below = (value - centre) / np.maximum(centre - low, 1e-6)
    above = (value - centre) / np.maximum(high - centre, 1e-6)
    return np.clip(np.where(value < centre, below, above), -1.0, 1.0)


def _pick(unit: np.ndarray, count: int) -> np.ndarray:
    """Cut [-1, 1] into `count` equal bins and return the bin, float (n,)."""
    return np.minimum(np.floor((unit + 1.0) * 0.5 * count), count - 1)


def _centre_minutes(sleep: np.ndarray) -> np.ndarray:
    typical = schema.continuous(schema.MINUTES).centre
    return np.minimum(typical, feasible.max_active_minutes(sleep))


def decode(actions: np.ndarray) -> np.ndarray:
    """Turn checked actions into raw rows; 0 everywhere is a typical day.

    Sleep first, then the minutes that still fit, then the steps that fit into these;
    distance and calories are residuals around what the rest implies; workout and
    location are picked by equal bins in the schema's order.

    Args:
        actions: float32 (n, 7) in [-1, 1], columns in the order of ACTION_FEATURES.

    Returns:
        float32 (n, 10), raw rows with the action features set and zeros elsewhere.
    """
    rows = np.zeros((len(actions), schema.FEATURE_COUNT), dtype=np.float32)
    bounds = schema.continuous(schema.SLEEP)
    sleep = _spread(actions[:, A_SLEEP], bounds.low, bounds.centre, bounds.high)
    minutes = _spread(
        actions[:, A_MINUTES], 0.0, _centre_minutes(sleep), feasible.max_active_minutes(sleep)
    )
    steps = _spread(
        actions[:, A_STEPS],
        0.0,
        feasible.TYPICAL_CADENCE * minutes,
        feasible.max_steps(minutes),
    )
    workout = _pick(actions[:, A_WORKOUT], schema.FEATURES[schema.WORKOUT].width)
    kind = workout.astype(np.intp)
    rows[:, schema.SLEEP] = sleep
    rows[:, schema.MINUTES] = minutes
    rows[:, schema.STEPS] = steps
    rows[:, schema.WORKOUT] = workout
    rows[:, schema.LOCATION] = _pick(actions[:, A_LOCATION], schema.FEATURES[schema.LOCATION].width)
    share = 1.0 + feasible.DISTANCE_RESIDUAL_SHARE * actions[:, A_DISTANCE]
    rows[:, schema.DISTANCE] = feasible.implied_distance_km(steps, kind) * share
    residual = feasible.CALORIES_RESIDUAL_KCAL * actions[:, A_CALORIES]
    rows[:, schema.CALORIES] = feasible.implied_calories_kcal(steps, minutes, kind) + residual
    return feasible.project(rows)


def encode(rows: np.ndarray) -> np.ndarray:
    """Return actions that decode to the action features of feasible rows.

    Categories are given as the middle of their bin; what is not feasible is clipped.

    Args:
        rows: float (n, 10), raw rows.

    Returns:
        float32 (n, 7) in [-1, 1].
    """
    actions = np.zeros((len(rows), ACTION_WIDTH), dtype=np.float32)
    bounds = schema.continuous(schema.SLEEP)
    sleep, minutes, steps = (rows[:, i] for i in (schema.SLEEP, schema.MINUTES, schema.STEPS))
    actions[:, A_SLEEP] = _unspread(sleep, bounds.low, bounds.centre, bounds.high)
    actions[:, A_MINUTES] = _unspread(
        minutes, 0.0, _centre_minutes(sleep), feasible.max_active_minutes(sleep)
    )
    actions[:, A_STEPS] = _unspread(
        steps, 0.0, feasible.TYPICAL_CADENCE * minutes, feasible.max_steps(minutes)
    )
    for column, index in ((A_WORKOUT, schema.WORKOUT), (A_LOCATION, schema.LOCATION)):
        count = schema.FEATURES[index].width
        actions[:, column] = (rows[:, index] + 0.5) * 2.0 / count - 1.0
    kind = rows[:, schema.WORKOUT].astype(np.intp)
    distance = feasible.implied_distance_km(steps, kind)
    slack = np.maximum(feasible.DISTANCE_RESIDUAL_SHARE * distance, 1e-6)
    actions[:, A_DISTANCE] = (rows[:, schema.DISTANCE] - distance) / slack
    calories = feasible.implied_calories_kcal(steps, minutes, kind)
    residual = rows[:, schema.CALORIES] - calories
    actions[:, A_CALORIES] = residual / feasible.CALORIES_RESIDUAL_KCAL
    return np.clip(actions, -1.0, 1.0)
