"""The action codec for stepping: `actions.decode`, in fewer strokes.

`envs/actions.py` is part of the embedded people, whose version is a hash of its text; this
twin may change. Both give the same days up to the rounding of float32; a test compares them.
"""

from __future__ import annotations

import numpy as np

from human_wm_env import feasible, schema
from human_wm_env.columns import Day, Table
from human_wm_env.columns import of as column_math
from human_wm_env.envs import actions

_SLEEP, _MINUTES = schema.continuous(schema.SLEEP), schema.continuous(schema.MINUTES)
_STEPS = schema.continuous(schema.STEPS)
_LABELS = slice(actions.A_WORKOUT, actions.A_LOCATION + 1)
_LABEL_COUNTS = np.array(
    [[schema.FEATURES[schema.WORKOUT].width], [schema.FEATURES[schema.LOCATION].width]],
    dtype=np.float32,
)
_STRIDE = Table(feasible.STRIDE_KM * feasible.STRIDE_TABLE)
_KCAL = Table(feasible.BASAL_KCAL + feasible.KCAL_TABLE)
_MINUTES_PER_DAY = feasible.HOURS_PER_DAY * feasible.MINUTES_PER_HOUR


def decode_day(action: np.ndarray) -> Day:
    """Return the day that an action asks for, feasible by construction.

    Args:
        action: float32 (slots, 7) in [-1, 1], checked.

    Returns:
        Its columns are new; the features that nobody decides are 0.
    """
    math = column_math(len(action))
    unit = math.columns(action)
    workout, location = math.bins(action, _LABELS, _LABEL_COUNTS)
    # A column spreads to low / centre / high at -1 / 0 / 1, linear between.
    below, above = math.halves(action)
    sleep = (
        _SLEEP.low
        + (_SLEEP.centre - _SLEEP.low) * below[actions.A_SLEEP]
        + (_SLEEP.high - _SLEEP.centre) * above[actions.A_SLEEP]
    )
    # The minutes of a typical day fit beside any night.
    most = math.minimum(_MINUTES_PER_DAY - feasible.MINUTES_PER_HOUR * sleep, _MINUTES.high)
    minutes = _MINUTES.centre * below[actions.A_MINUTES]
    minutes = minutes + (most - _MINUTES.centre) * above[actions.A_MINUTES]
    most = math.minimum(feasible.MAX_CADENCE * minutes + feasible.INCIDENTAL_STEPS, _STEPS.high)
    usual = feasible.TYPICAL_CADENCE * minutes
    steps = usual * below[actions.A_STEPS] + (most - usual) * above[actions.A_STEPS]
    steps = math.minimum(steps, most)  # it may have been rounded up
    share = 1.0 + feasible.DISTANCE_RESIDUAL_SHARE * unit[actions.A_DISTANCE]
    day = math.empty(schema.FEATURE_COUNT, len(action))
    day[schema.SLEEP], day[schema.MINUTES], day[schema.STEPS] = sleep, minutes, steps
    day[schema.DISTANCE] = steps * math.look_up(_STRIDE, workout) * share
    day[schema.CALORIES] = (
        feasible.KCAL_PER_STEP * steps
        + feasible.KCAL_PER_MINUTE * minutes
        + math.look_up(_KCAL, workout)
        + feasible.CALORIES_RESIDUAL_KCAL * unit[actions.A_CALORIES]
    )
    day[schema.WORKOUT], day[schema.LOCATION] = workout, location
    return Day(day, workout, location)
