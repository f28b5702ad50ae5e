"""The action codec: seven numbers in [-1, 1] to a feasible day, and back."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from human_wm_env.compiled import compiled, inlined
from human_wm_env.errors import InvalidActionError
from human_wm_env.person import feasible, schema

ACTION_WIDTH = len(schema.ACTION_FEATURES)
# Columns of the action vector.
A_SLEEP, A_WORKOUT, A_LOCATION, A_STEPS, A_CALORIES, A_DISTANCE, A_MINUTES = range(ACTION_WIDTH)
# Those that pick a category, and of how many.
ACTION_PICKS = {
    column: schema.FEATURES[index].width
    for column, index in enumerate(schema.ACTION_FEATURES)
    if index in schema.CATEGORICAL_FEATURES
}


def action_space() -> spaces.Box:
    """Return the space every person world acts in."""
    return spaces.Box(-1.0, 1.0, (ACTION_WIDTH,), np.float32)


def check_actions(action: object, slots: int | None) -> np.ndarray:
    """Return the action as float32, clipped to [-1, 1].

    Args:
        action: what the agent gave.
        slots: expected batch size, or None for a single action.

    Returns:
        float32 (slots, 7), column by column in memory; (1, 7) for a single action.

    Raises:
        InvalidActionError: wrong shape, not numbers, NaN or infinity.
    """
    shape = (ACTION_WIDTH,) if slots is None else (slots, ACTION_WIDTH)
    if isinstance(action, np.ndarray) and action.dtype == np.float32 and action.shape == shape:
        clipped = np.empty((ACTION_WIDTH, 1 if slots is None else slots), dtype=np.float32)
        if _clip(action.reshape(-1, ACTION_WIDTH), clipped):
            return clipped.T
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
    return column_by_column(np.clip(array, -1.0, 1.0).astype(np.float32).reshape(-1, ACTION_WIDTH))


@compiled
def _clip(action: np.ndarray, clipped: np.ndarray) -> bool:
    """Clip actions to [-1, 1] into columns; False where one is not a finite number."""
    for slot in range(action.shape[0]):
        for entry in range(action.shape[1]):
            value = action[slot, entry]
            if not np.isfinite(value):
                return False
            clipped[entry, slot] = min(max(value, np.float32(-1.0)), np.float32(1.0))
    return True


def column_by_column(batch: np.ndarray) -> np.ndarray:
    """Return the same (slots, k), column by column in memory: compiled loops expect it."""
    return np.ascontiguousarray(batch.T).T


def decode(actions: np.ndarray) -> np.ndarray:
    """Turn checked actions into raw rows, see `decode_day`.

    Args:
        actions: float32 (n, 7) in [-1, 1], columns in the order of ACTION_FEATURES.

    Returns:
        float32 (n, 10), raw rows with the action features set and zeros elsewhere.
    """
    return np.ascontiguousarray(decode_day(actions).T)


def decode_day(actions: np.ndarray) -> np.ndarray:
    """Turn checked actions into feasible days; 0 everywhere is a typical day.

    Sleep first, then the minutes that still fit, then the steps that fit into these;
    distance and calories are residuals around what the rest implies; workout and
    location are picked by equal bins in the schema's order.

    Args:
        actions: float32 (slots, 7) in [-1, 1], columns in the order of ACTION_FEATURES.

    Returns:
        float32 (10, slots), raw; the features that are no actions are 0.
    """
    columns = np.zeros((schema.FEATURE_COUNT, len(actions)), dtype=np.float32)
    decode_loop(np.ascontiguousarray(actions.T, dtype=np.float32), columns)
    return columns


def follow(
    adherence: float, uniform: np.ndarray, action: np.ndarray | None, habit: np.ndarray
) -> np.ndarray:
    """Execute the agent's day with probability `adherence`, else the person's habit.

    Args:
        adherence: in [0, 1].
        uniform: float (slots,), in [0, 1).
        action: of the agent, checked, float32 (slots, 7); None without an agent.
        habit: float32 (slots, 10), the person's own day.

    Returns:
        float32 (10, slots).
    """
    own = np.ascontiguousarray(habit.T)
    return own if action is None else np.where(uniform < adherence, decode_day(action), own)


_SLEEP, _MINUTES = schema.continuous(schema.SLEEP), schema.continuous(schema.MINUTES)
_SLEEP_LOW, _SLEEP_USUAL, _SLEEP_HIGH = _SLEEP.low, _SLEEP.centre, _SLEEP.high
_MINUTES_USUAL = _MINUTES.centre
_WORKOUTS, _LOCATIONS = (schema.FEATURES[i].width for i in (schema.WORKOUT, schema.LOCATION))


@inlined
def _bin(unit: np.float32, count: int) -> int:
    """Cut [-1, 1] into equal bins and return the bin.

    In float32: at the edge of a bin a rounding is another category. Bounded on both sides: NaN
    or -2 of a careless caller must not leave the tables.
    """
    return max(min(int((unit + np.float32(1.0)) * np.float32(0.5 * count)), count - 1), 0)


@inlined
def _between(unit: float, low: float, centre: float, high: float) -> float:
    """Map -1 / 0 / 1 to low / centre / high, linear between; rounded as a day stores it.

    What follows from it is then feasible to the last bit.
    """
    return float(np.float32(centre + unit * (centre - low if unit < 0.0 else high - centre)))


@inlined
def decode_loop(unit: np.ndarray, day: np.ndarray) -> None:
    """Write the action features of days, float32 (10, slots), from actions, float32 (7, slots)."""
    for slot in range(unit.shape[1]):
        workout = _bin(unit[A_WORKOUT, slot], _WORKOUTS)
        location = _bin(unit[A_LOCATION, slot], _LOCATIONS)
        sleep = _between(float(unit[A_SLEEP, slot]), _SLEEP_LOW, _SLEEP_USUAL, _SLEEP_HIGH)
        # The minutes of a typical day fit beside any night.
        most = feasible.most_minutes_of(sleep)
        minutes = _between(float(unit[A_MINUTES, slot]), 0.0, _MINUTES_USUAL, most)
        usual, most = feasible.TYPICAL_CADENCE * minutes, feasible.most_steps_of(minutes)
        steps = _between(float(unit[A_STEPS, slot]), 0.0, usual, most)
        share = 1.0 + feasible.DISTANCE_RESIDUAL_SHARE * unit[A_DISTANCE, slot]
        residual = feasible.CALORIES_RESIDUAL_KCAL * unit[A_CALORIES, slot]
        day[schema.SLEEP, slot] = sleep
        day[schema.MINUTES, slot] = minutes
        day[schema.STEPS, slot] = steps
        day[schema.DISTANCE, slot] = feasible.distance_of(steps, workout) * share
        day[schema.CALORIES, slot] = feasible.calories_of(steps, minutes, workout) + residual
        day[schema.WORKOUT, slot] = workout
        day[schema.LOCATION, slot] = location


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


def _unspread(
    value: np.ndarray, low: float, centre: np.ndarray | float, high: np.ndarray | float
) -> np.ndarray:
    below = (value - centre) / np.maximum(centre - low, 1e-6)
    above = (value - centre) / np.maximum(high - centre, 1e-6)
    return np.clip(np.where(value < centre, below, above), -1.0, 1.0)


def _centre_minutes(sleep: np.ndarray) -> np.ndarray:
    typical = schema.continuous(schema.MINUTES).centre
    return np.minimum(typical, feasible.max_active_minutes(sleep))
