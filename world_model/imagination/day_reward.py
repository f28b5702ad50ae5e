"""The reward components of an imagined day, in MLX; the NumPy twin is `rewards.reward_loop`."""

from __future__ import annotations

import mlx.core as mx
import numpy as np

from human_wm_env.person import rewards, schema

_MIDDLE = (rewards.SLEEP_LOW_HOURS + rewards.SLEEP_HIGH_HOURS) / 2.0
_PEAK = 1.0 + (rewards.SLEEP_HIGH_HOURS - _MIDDLE) / rewards.SLEEP_FALL_HOURS

# What a row gives the mood's share, the heart rate and the hours of sleep, all linear in it.
_OF_ROW = np.zeros((schema.ROW_WIDTH, 3), dtype=np.float32)
_OF_ROW[schema.ROW_SLICES[schema.MOOD], 0] = [
    rewards.MOOD_VALUES[name] for name in schema.categories(schema.MOOD)
]
_CENTRE = np.zeros(3, dtype=np.float32)
for _place, _feature in ((1, schema.HEART_RATE), (2, schema.SLEEP)):
    _OF_ROW[schema.ROW_SLICES[_feature], _place] = schema.continuous(_feature).scale
    _CENTRE[_place] = schema.continuous(_feature).centre

# Weights of effort: of an amount's squared distance to the habit, and of a category's.
_OF_AMOUNTS, _OF_CATEGORIES = np.zeros((2, schema.ROW_WIDTH), dtype=np.float32)
for _index in schema.ACTION_FEATURES:
    _part = schema.ROW_SLICES[_index]
    _weights = _OF_AMOUNTS if _index in schema.CONTINUOUS_FEATURES else _OF_CATEGORIES
    _weights[_part] = rewards.effort_weights()[_part]
# Each category's |e|^2 is 1.
_OF_PICKS = sum(
    float(_OF_CATEGORIES[part.start])
    for index, part in schema.ROW_SLICES.items()
    if index in schema.ACTION_FEATURES
)


def day_components(row: mx.array, usual_rate: mx.array, habit: mx.array) -> mx.array:
    """Return the reward components, (slots, 4), as in `rewards.COMPONENTS`.

    A category's effort is linear in the one-hot e, |e - h|^2 = 1 - 2 e h + |h|^2: the square of
    what was drawn straight through would have a gradient against whatever is picked.

    Args:
        row: (slots, ROW_WIDTH), an encoded day, masked nowhere.
        usual_rate: (slots,), the person's usual heart rate, bpm.
        habit: (slots, ROW_WIDTH), their usual encoded actions; 0 where a column is no action's.
    """
    mood, rate, sleep = mx.split(row @ mx.array(_OF_ROW) + mx.array(_CENTRE), 3, axis=1)
    categories = mx.array(_OF_CATEGORIES)
    effort = (
        (row - habit).square() @ mx.array(_OF_AMOUNTS)
        - (row * habit) @ (2.0 * categories)
        + (habit.square() @ categories + _OF_PICKS)
    )
    shares = [
        mood,
        (usual_rate[:, None] - rate) / rewards.RECOVERY_SPAN_BPM + 0.5,
        _PEAK - mx.abs(sleep - _MIDDLE) / rewards.SLEEP_FALL_HOURS,
        1.0 - effort[:, None],
    ]
    return mx.clip(mx.concatenate(shares, axis=1), 0.0, 1.0)
