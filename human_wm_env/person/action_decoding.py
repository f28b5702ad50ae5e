"""The action codec for stepping: `actions.decode` as a compiled loop.

`envs/actions.py` is part of the embedded people, whose version is a hash of its text; this
twin may change. Both give the same days up to the rounding of float32; a test compares them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.person import actions, feasible, schema
from human_wm_env.person.day import Day


def decode_day(action: np.ndarray) -> Day:
    """Return the day that an action asks for, feasible by construction.

    Args:
        action: float32 (slots, 7) in [-1, 1], checked.

    Returns:
        Its columns are new; the features that nobody decides are 0.
    """
    slots = len(action)
    columns = np.zeros((schema.FEATURE_COUNT, slots), dtype=np.float32)
    labels = np.empty((2, slots), dtype=np.intp)
    decode_loop(np.ascontiguousarray(action.T), columns, labels)
    return Day(columns, labels[0], labels[1])


def _decoder() -> Callable[[np.ndarray, np.ndarray, np.ndarray], None]:
    """Return the loop; its constants are locals, see `compiled`."""
    a_sleep, a_minutes, a_steps = actions.A_SLEEP, actions.A_MINUTES, actions.A_STEPS
    a_workout, a_location = actions.A_WORKOUT, actions.A_LOCATION
    a_distance, a_calories = actions.A_DISTANCE, actions.A_CALORIES
    at_sleep, at_minutes, at_steps = schema.SLEEP, schema.MINUTES, schema.STEPS
    at_workout, at_location = schema.WORKOUT, schema.LOCATION
    at_distance, at_calories = schema.DISTANCE, schema.CALORIES
    workouts, locations = (schema.FEATURES[i].width for i in (at_workout, at_location))
    # In float32 as in `actions`: at the edge of a bin a rounding is another category.
    one, workout_bins, location_bins = (np.float32(n) for n in (1, workouts / 2, locations / 2))
    night, active = schema.continuous(at_sleep), schema.continuous(at_minutes)
    shortest, usual_sleep, longest = night.low, night.centre, night.high
    usual_minutes, most_active = active.centre, active.high
    minutes_per_hour = feasible.MINUTES_PER_HOUR
    minutes_per_day = feasible.HOURS_PER_DAY * minutes_per_hour
    usual_cadence, most_cadence = feasible.TYPICAL_CADENCE, feasible.MAX_CADENCE
    incidental, most_walked = feasible.INCIDENTAL_STEPS, schema.continuous(at_steps).high
    stride = feasible.STRIDE_KM * feasible.STRIDE_TABLE.astype(np.float64)
    basal = feasible.BASAL_KCAL + feasible.KCAL_TABLE.astype(np.float64)
    kcal_per_step, kcal_per_minute = feasible.KCAL_PER_STEP, feasible.KCAL_PER_MINUTE
    distance_share = feasible.DISTANCE_RESIDUAL_SHARE
    kcal_residual = feasible.CALORIES_RESIDUAL_KCAL

    @compiled
    def decode(unit: np.ndarray, day: np.ndarray, labels: np.ndarray) -> None:
        for slot in range(unit.shape[1]):
            # Bounded on both sides: NaN or -2 of a careless caller must not leave the tables.
            workout = int((unit[a_workout, slot] + one) * workout_bins)
            workout = max(min(workout, workouts - 1), 0)
            location = int((unit[a_location, slot] + one) * location_bins)
            location = max(min(location, locations - 1), 0)
            # Each number spreads to low / centre / high at -1 / 0 / 1, linear between.
            x = float(unit[a_sleep, slot])
            sleep = usual_sleep + x * (usual_sleep - shortest if x < 0.0 else longest - usual_sleep)
            # The minutes of a typical day fit beside any night.
            x = float(unit[a_minutes, slot])
            most = min(minutes_per_day - minutes_per_hour * sleep, most_active)
            minutes = usual_minutes + x * (usual_minutes if x < 0.0 else most - usual_minutes)
            x = float(unit[a_steps, slot])
            most = min(most_cadence * minutes + incidental, most_walked)
            usual = usual_cadence * minutes
            steps = usual + x * (usual if x < 0.0 else most - usual)
            share = 1.0 + distance_share * unit[a_distance, slot]
            day[at_sleep, slot], day[at_minutes, slot], day[at_steps, slot] = sleep, minutes, steps
            day[at_distance, slot] = steps * stride[workout] * share
            day[at_calories, slot] = (
                kcal_per_step * steps
                + kcal_per_minute * minutes
                + basal[workout]
                + kcal_residual * unit[a_calories, slot]
            )
            day[at_workout, slot], day[at_location, slot] = workout, location
            labels[0, slot], labels[1, slot] = workout, location

    return decode


decode_loop = _decoder()
