"""The projection onto feasible days as a compiled loop: the twin of `feasible.project`.

`feasible.py` is part of the embedded people, whose version is a hash of its text; this twin may
change. A test compares them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.person import feasible, schema


def project(rows: np.ndarray) -> np.ndarray:
    """Return the nearest feasible rows; see `feasible.project`.

    Args:
        rows: float32 (slots, 10), raw rows; only action features are read and changed.

    Returns:
        float32 (slots, 10), a copy, column by column in memory.
    """
    columns = rows.T.copy()
    _project(columns)
    return columns.T


def _projector() -> Callable[[np.ndarray], None]:
    """Return the loop; its constants are locals, see `compiled`."""
    at_sleep, at_minutes, at_steps = schema.SLEEP, schema.MINUTES, schema.STEPS
    at_workout, at_distance, at_calories = schema.WORKOUT, schema.DISTANCE, schema.CALORIES
    night, active, walked = (schema.continuous(i) for i in (at_sleep, at_minutes, at_steps))
    sleep_low, sleep_high = night.low, night.high
    minutes_low, minutes_high = active.low, active.high
    steps_low, steps_high = walked.low, walked.high
    minutes_per_hour, hours_per_day = feasible.MINUTES_PER_HOUR, feasible.HOURS_PER_DAY
    most_cadence, incidental = feasible.MAX_CADENCE, feasible.INCIDENTAL_STEPS
    stride = feasible.STRIDE_KM * feasible.STRIDE_TABLE.astype(np.float64)
    basal = feasible.BASAL_KCAL + feasible.KCAL_TABLE.astype(np.float64)
    kcal_per_step, kcal_per_minute = feasible.KCAL_PER_STEP, feasible.KCAL_PER_MINUTE
    share, residual = feasible.DISTANCE_RESIDUAL_SHARE, feasible.CALORIES_RESIDUAL_KCAL

    @compiled
    def fit(day: np.ndarray) -> None:
        for slot in range(day.shape[1]):
            sleep = min(max(float(day[at_sleep, slot]), sleep_low), sleep_high)
            most = min((hours_per_day - sleep) * minutes_per_hour, minutes_high)
            minutes = min(max(float(day[at_minutes, slot]), minutes_low), minutes_high)
            minutes = min(minutes, most)
            most = min(most_cadence * minutes + incidental, steps_high)
            steps = min(max(float(day[at_steps, slot]), steps_low), steps_high)
            steps = min(steps, most)
            workout = int(day[at_workout, slot])
            distance, slack = stride[workout] * steps, share * stride[workout] * steps
            calories = basal[workout] + kcal_per_step * steps + kcal_per_minute * minutes
            day[at_sleep, slot], day[at_minutes, slot], day[at_steps, slot] = sleep, minutes, steps
            day[at_distance, slot] = min(
                max(float(day[at_distance, slot]), distance - slack), distance + slack
            )
            day[at_calories, slot] = min(
                max(float(day[at_calories, slot]), calories - residual), calories + residual
            )

    return fit


_project = _projector()
