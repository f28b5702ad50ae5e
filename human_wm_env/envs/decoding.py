"""The action codec for stepping: `actions.decode`, in fewer strokes.

`envs/actions.py` is part of the embedded people, whose version is a hash of its text; this
twin may change. Both give the same days up to the rounding of float32; a test compares them.
"""

from __future__ import annotations

import numpy as np

from human_wm_env import feasible, schema
from human_wm_env.columns import Bins, Constants, Day, Table
from human_wm_env.columns import of as column_math
from human_wm_env.envs import actions

_SLEEP, _MINUTES = schema.continuous(schema.SLEEP), schema.continuous(schema.MINUTES)
_STEPS = schema.continuous(schema.STEPS)
_LABELS = slice(actions.A_WORKOUT, actions.A_LOCATION + 1)
_LABEL_BINS = Bins([schema.FEATURES[schema.WORKOUT].width, schema.FEATURES[schema.LOCATION].width])
_STRIDE = Table(feasible.STRIDE_KM * feasible.STRIDE_TABLE)
_KCAL = Table(feasible.BASAL_KCAL + feasible.KCAL_TABLE)
_CONSTANTS = Constants(
    shortest=_SLEEP.low,
    sleep_below=_SLEEP.centre - _SLEEP.low,
    sleep_above=_SLEEP.high - _SLEEP.centre,
    minutes_per_day=feasible.HOURS_PER_DAY * feasible.MINUTES_PER_HOUR,
    minutes_per_hour=feasible.MINUTES_PER_HOUR,
    most_minutes=_MINUTES.high,
    typical_minutes=_MINUTES.centre,
    most_cadence=feasible.MAX_CADENCE,
    typical_cadence=feasible.TYPICAL_CADENCE,
    incidental_steps=feasible.INCIDENTAL_STEPS,
    most_steps=_STEPS.high,
    one=1.0,
    distance_share=feasible.DISTANCE_RESIDUAL_SHARE,
    kcal_per_step=feasible.KCAL_PER_STEP,
    kcal_per_minute=feasible.KCAL_PER_MINUTE,
    kcal_residual=feasible.CALORIES_RESIDUAL_KCAL,
)


def decode_day(action: np.ndarray) -> Day:
    """Return the day that an action asks for, feasible by construction.

    Args:
        action: float32 (slots, 7) in [-1, 1], checked.

    Returns:
        Its columns are new; the features that nobody decides are 0.
    """
    math = column_math(len(action))
    c = math.constants(_CONSTANTS)
    unit = math.columns(action)
    workout, location = math.bins(action, _LABELS, _LABEL_BINS)
    # A column spreads to low / centre / high at -1 / 0 / 1, linear between.
    below, above = math.halves(action)
    sleep = (
        c.shortest + c.sleep_below * below[actions.A_SLEEP] + c.sleep_above * above[actions.A_SLEEP]
    )
    # The minutes of a typical day fit beside any night.
    most = math.minimum(c.minutes_per_day - c.minutes_per_hour * sleep, c.most_minutes)
    minutes = c.typical_minutes * below[actions.A_MINUTES]
    minutes = minutes + (most - c.typical_minutes) * above[actions.A_MINUTES]
    most = math.minimum(c.most_cadence * minutes + c.incidental_steps, c.most_steps)
    usual = c.typical_cadence * minutes
    steps = usual * below[actions.A_STEPS] + (most - usual) * above[actions.A_STEPS]
    steps = math.minimum(steps, most)  # it may have been rounded up
    share = c.one + c.distance_share * unit[actions.A_DISTANCE]
    day = math.empty(schema.FEATURE_COUNT, len(action))
    day[schema.SLEEP], day[schema.MINUTES], day[schema.STEPS] = sleep, minutes, steps
    day[schema.DISTANCE] = steps * math.look_up(_STRIDE, workout) * share
    day[schema.CALORIES] = (
        c.kcal_per_step * steps
        + c.kcal_per_minute * minutes
        + math.look_up(_KCAL, workout)
        + c.kcal_residual * unit[actions.A_CALORIES]
    )
    day[schema.WORKOUT], day[schema.LOCATION] = workout, location
    return Day(day, workout, location)
