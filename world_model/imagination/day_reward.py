"""The reward components of an imagined day, in MLX; the NumPy twin is `rewards.reward_loop`."""

from __future__ import annotations

import mlx.core as mx

from human_wm_env.person import rewards, schema
from world_model.imagination.draws import Columns

_MOOD = mx.array([[rewards.MOOD_VALUES[name]] for name in schema.categories(schema.MOOD)])
_MIDDLE = (rewards.SLEEP_LOW_HOURS + rewards.SLEEP_HIGH_HOURS) / 2.0
_PEAK = 1.0 + (rewards.SLEEP_HIGH_HOURS - _MIDDLE) / rewards.SLEEP_FALL_HOURS
_WEIGHTS = rewards.effort_weights()


def day_components(columns: Columns, usual_rate: mx.array, habit: mx.array) -> mx.array:
    """Return the reward components, (slots, 4), as in `rewards.COMPONENTS`.

    A category's effort is linear in the one-hot e, |e - h|^2 = 1 - 2 e h + |h|^2: the square of
    what was drawn straight through would have a gradient against whatever is picked.

    Args:
        columns: encoded features of a whole day, by index.
        usual_rate: (slots,), the person's usual heart rate, bpm.
        habit: (slots, ROW_WIDTH), their usual encoded actions.
    """
    rate, sleep = (
        columns[index][:, 0] * schema.continuous(index).scale + schema.continuous(index).centre
        for index in (schema.HEART_RATE, schema.SLEEP)
    )
    effort = mx.zeros_like(rate)
    for index in schema.ACTION_FEATURES:
        part = schema.ROW_SLICES[index]
        own, usual = columns[index], habit[:, part]
        if isinstance(schema.FEATURES[index], schema.Continuous):
            apart = (own - usual).square().sum(axis=1)
        else:
            apart = 1.0 - 2.0 * (own * usual).sum(axis=1) + usual.square().sum(axis=1)
        effort = effort + float(_WEIGHTS[part.start]) * apart
    shares = [
        (columns[schema.MOOD] @ _MOOD)[:, 0],
        (usual_rate - rate) / rewards.RECOVERY_SPAN_BPM + 0.5,
        _PEAK - mx.abs(sleep - _MIDDLE) / rewards.SLEEP_FALL_HOURS,
        1.0 - effort,
    ]
    return mx.clip(mx.stack(shares, axis=1), 0.0, 1.0)
