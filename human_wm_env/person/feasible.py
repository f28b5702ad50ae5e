"""The set of possible days: what the action codec and the habits map onto.

A real log lies on a thin manifold: distance follows from steps, calories from
steps, minutes and workout. Hence distance and calories are bounded residuals
around what the rest of the day implies, and sleep and activity share 24 hours.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.person import schema

NumberT = TypeVar("NumberT", float, np.ndarray)  # of one day in loops, or of many

HOURS_PER_DAY = 24.0
MINUTES_PER_HOUR = 60.0
# A brisk walk is about 120 steps a minute; 150 leaves room for running.
MAX_CADENCE = 150.0  # steps per active minute
INCIDENTAL_STEPS = 2000.0  # taken outside minutes that a tracker calls active
# Typical of LifeSnaps: 8400 steps on 240 active minutes (light activity included).
TYPICAL_CADENCE = 32.0  # steps per active minute
STRIDE_KM = 0.0007  # LifeSnaps: 5.90 km on 8363 steps
# Running lengthens the stride; wheels and water add distance that a tracker sees in part.
STRIDE_FACTOR = {"Running": 1.15, "Cycling": 1.1, "Walking": 1.03}
# Least squares on LifeSnaps, rounded; the residual holds the person's basal rate.
BASAL_KCAL = 1550.0
KCAL_PER_STEP = 0.045
KCAL_PER_MINUTE = 1.4
# 45 minutes of the activity for 70 kg (Compendium of Physical Activities, Ainsworth
# et al. 2011), less what steps and minutes already count.
WORKOUT_KCAL = {
    "None": 0.0,
    "Yoga": 60.0,
    "Walking": 40.0,
    "Swimming": 220.0,
    "Cycling": 240.0,
    "Gym Workout": 200.0,
    "Running": 280.0,
}
DISTANCE_RESIDUAL_SHARE = 0.25  # of the implied distance
CALORIES_RESIDUAL_KCAL = 900.0

WORKOUT_NAMES = schema.categories(schema.WORKOUT)
STRIDE_TABLE = np.array([STRIDE_FACTOR.get(w, 1.0) for w in WORKOUT_NAMES], dtype=np.float32)
KCAL_TABLE = np.array([WORKOUT_KCAL[w] for w in WORKOUT_NAMES], dtype=np.float32)
_MOST_MINUTES = schema.continuous(schema.MINUTES).high
_MOST_STEPS = schema.continuous(schema.STEPS).high


def max_active_minutes(sleep_hours: NumberT) -> NumberT:
    """Return how many active minutes fit beside the night's sleep, float (...)."""
    awake = (HOURS_PER_DAY - sleep_hours) * MINUTES_PER_HOUR
    return np.minimum(awake, _MOST_MINUTES)


def max_steps(active_minutes: NumberT) -> NumberT:
    """Return how many steps fit into the active minutes, float (...)."""
    return np.minimum(MAX_CADENCE * active_minutes + INCIDENTAL_STEPS, _MOST_STEPS)


def implied_distance_km(steps: NumberT, workout: int | np.ndarray) -> NumberT:
    """Return the distance that steps and the kind of workout imply, km (...).

    Args:
        steps: float (...).
        workout: int (...), index of the workout category.
    """
    return STRIDE_KM * steps * STRIDE_TABLE[workout]


def implied_calories_kcal(
    steps: NumberT, active_minutes: NumberT, workout: int | np.ndarray
) -> NumberT:
    """Return the energy that an average person spends on such a day, kcal (...)."""
    moving = KCAL_PER_STEP * steps + KCAL_PER_MINUTE * active_minutes
    return BASAL_KCAL + moving + KCAL_TABLE[workout]


def project(rows: np.ndarray) -> np.ndarray:
    """Move action features of raw rows onto the feasible set; identity on feasible rows.

    Args:
        rows: float (n, 10), raw rows; only action features are read and changed.

    Returns:
        float32 (n, 10), a copy, column by column in memory.
    """
    columns = np.array(rows.T, dtype=np.float32, order="C")
    project_loop(columns)
    return columns.T


# The same formulas for loops.
most_minutes_of, most_steps_of = compiled(max_active_minutes), compiled(max_steps)
distance_of, calories_of = compiled(implied_distance_km), compiled(implied_calories_kcal)


@compiled
def _clip(day: np.ndarray, index: int, slot: int, most: float) -> float:
    """Clip a cell to its bounds and to what the rest of the day leaves; return it as stored."""
    day[index, slot] = min(max(day[index, slot], schema.LOWS[index]), schema.HIGHS[index], most)
    return float(day[index, slot])


# What the loop knows of; a new action has to be bounded here, or be listed as free.
schema.check_order(
    (
        *(schema.SLEEP, schema.MINUTES, schema.STEPS, schema.DISTANCE, schema.CALORIES),
        *(schema.WORKOUT, schema.LOCATION),
    ),
    "action",
)


@compiled
def project_loop(day: np.ndarray) -> None:
    """Move days onto the feasible set in place; float32 (10, slots)."""
    for slot in range(day.shape[1]):
        sleep = _clip(day, schema.SLEEP, slot, np.inf)
        minutes = _clip(day, schema.MINUTES, slot, most_minutes_of(sleep))
        steps = _clip(day, schema.STEPS, slot, most_steps_of(minutes))
        workout = int(day[schema.WORKOUT, slot])
        middle = distance_of(steps, workout)
        apart = DISTANCE_RESIDUAL_SHARE * middle
        wanted = float(day[schema.DISTANCE, slot])
        day[schema.DISTANCE, slot] = min(max(wanted, middle - apart), middle + apart)
        middle, apart = calories_of(steps, minutes, workout), CALORIES_RESIDUAL_KCAL
        wanted = float(day[schema.CALORIES, slot])
        day[schema.CALORIES, slot] = min(max(wanted, middle - apart), middle + apart)
