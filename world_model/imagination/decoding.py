"""The action codec in MLX: amounts in [-1, 1] and picked categories to a feasible day."""

from __future__ import annotations

import mlx.core as mx

from human_wm_env.person import feasible, schema
from world_model.imagination.draws import Columns

#: what the columns of amounts mean, and the categories that are picked, in the order of an action
AMOUNTS = tuple(i for i in schema.ACTION_FEATURES if i in schema.CONTINUOUS_FEATURES)
PICKS = tuple(i for i in schema.ACTION_FEATURES if i in schema.CATEGORICAL_FEATURES)
schema.check_order(
    (
        *(schema.SLEEP, schema.MINUTES, schema.STEPS, schema.DISTANCE, schema.CALORIES),
        *(schema.WORKOUT, schema.LOCATION),
    ),
    "action",
)
_CENTRES, _SCALES = (
    mx.array([getattr(schema.continuous(i), name) for i in AMOUNTS], dtype=mx.float32)
    for name in ("centre", "scale")
)
_STRIDE = mx.array(feasible.STRIDE_TABLE)[:, None]
_KCAL = mx.array(feasible.KCAL_TABLE)[:, None]


def decode_action(amounts: mx.array, picks: tuple[mx.array, ...]) -> Columns:
    """Return the encoded actions of feasible days; the NumPy twin is `actions.decode_loop`.

    Args:
        amounts: (slots, amounts) in [-1, 1], columns as in AMOUNTS.
        picks: one-hot (slots, categories) each, as in PICKS.
    """
    # One split in place of slices: the gradient of each slice would be a whole array of zeros.
    unit = dict(zip(AMOUNTS, mx.split(amounts, len(AMOUNTS), axis=1), strict=True))
    picked = dict(zip(PICKS, picks, strict=True))
    workout = picked[schema.WORKOUT]
    night, active, walked = (
        schema.continuous(i) for i in (schema.SLEEP, schema.MINUTES, schema.STEPS)
    )
    sleep = _between(unit[schema.SLEEP], night.low, night.centre, night.high)
    awake = (feasible.HOURS_PER_DAY - sleep) * feasible.MINUTES_PER_HOUR
    most = mx.minimum(awake, active.high)
    minutes = _between(unit[schema.MINUTES], 0.0, active.centre, most)
    most = mx.minimum(feasible.MAX_CADENCE * minutes + feasible.INCIDENTAL_STEPS, walked.high)
    steps = _between(unit[schema.STEPS], 0.0, feasible.TYPICAL_CADENCE * minutes, most)
    share = 1.0 + feasible.DISTANCE_RESIDUAL_SHARE * unit[schema.DISTANCE]
    moving = feasible.KCAL_PER_STEP * steps + feasible.KCAL_PER_MINUTE * minutes
    residual = feasible.CALORIES_RESIDUAL_KCAL * unit[schema.CALORIES]
    raw = {
        schema.SLEEP: sleep,
        schema.MINUTES: minutes,
        schema.STEPS: steps,
        schema.DISTANCE: feasible.STRIDE_KM * steps * (workout @ _STRIDE) * share,
        schema.CALORIES: feasible.BASAL_KCAL + moving + workout @ _KCAL + residual,
    }
    scaled = (mx.concatenate([raw[i] for i in AMOUNTS], axis=1) - _CENTRES) / _SCALES
    return {**dict(zip(AMOUNTS, mx.split(scaled, len(AMOUNTS), axis=1), strict=True)), **picked}


def _between(
    unit: mx.array, low: float, centre: float | mx.array, high: float | mx.array
) -> mx.array:
    """Map -1 / 0 / 1 to low / centre / high, linear between."""
    return centre + unit * mx.where(unit < 0.0, mx.array(centre - low), mx.array(high - centre))
