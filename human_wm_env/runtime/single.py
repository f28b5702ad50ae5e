"""One person's day in plain floats: what `stepping` and `world_model` do for a batch.

For a batch of one most of a step would be NumPy's calls, not its arithmetic. Only the
products with the weights stay with NumPy; tests compare both ways.
"""

from __future__ import annotations

from math import exp, log1p, sqrt

import numpy as np

from human_wm_env import schema
from human_wm_env.columns import Day
from human_wm_env.runtime import memory, stepping
from human_wm_env.runtime.heads import MIN_SCALE, HeadLayout, mixture_columns

_HEART = schema.continuous(schema.HEART_RATE)
_NUMBERS = [
    (feature.centre, feature.scale)
    for feature in (schema.continuous(index) for index in range(schema.HEART_RATE))
]
_HEART_COLUMN = schema.ROW_SLICES[schema.HEART_RATE].start
_MOODS = schema.ROW_SLICES[schema.MOOD]
_NO_LABELS = [0.0] * (_MOODS.start - _HEART_COLUMN - 1)
_WORKOUT, _WEATHER, _LOCATION = (
    schema.ROW_SLICES[index].start - _HEART_COLUMN - 1
    for index in (schema.WORKOUT, schema.WEATHER, schema.LOCATION)
)
_AVERAGES, _FLOOR = memory.AVERAGES, memory.WEIGHT_FLOOR
_WEEKDAYS = [tuple(pair) for pair in stepping.WEEKDAYS.T.tolist()]


def transition_inputs(
    sums: np.ndarray, weekday: int, encoded_before: np.ndarray, day: Day, weather: int
) -> np.ndarray:
    """Return `stepping.begin_inputs` and `set_actions` of one person, whose yesterday is known.

    Args:
        sums: float32 (1, SUMS_WIDTH), the memory at wake-up.
        weekday: of today, -1 if unknown.
        encoded_before: float32 (1, ROW_WIDTH), yesterday.
        day: today's actions.
        weather: today's, known.

    Returns:
        float32 (TRANSITION_WIDTH, 1).
    """
    before, slow = encoded_before[0].tolist(), sums[0].tolist()
    weights = slow[_AVERAGES:]
    numbers = [
        (value - centre) / scale
        for value, (centre, scale) in zip(day.columns, _NUMBERS, strict=False)
    ]
    labels = _NO_LABELS.copy()
    labels[_WORKOUT + day.workout] = labels[_WEATHER + weather] = 1.0
    labels[_LOCATION + day.location] = 1.0
    averages = [
        total / (weight + _FLOOR) for total, weight in zip(slow[:_AVERAGES], weights, strict=True)
    ]
    column = [
        *numbers,
        before[_HEART_COLUMN],
        *labels,
        *before[_MOODS],
        1.0,
        1.0,
        *averages,
        *weights,
        *_WEEKDAYS[weekday],
        1.0,
    ]
    return np.array(column, dtype=np.float32)[:, None]


def respond(
    layout: HeadLayout,
    members: np.ndarray,
    mood_shift: list[tuple[list[float], list[float]]],
    temperature: float,
    normal: float,
    uniform: list[float],
) -> tuple[float, int, float]:
    """Draw the states of one person's day; see `WorldModelRuntime.respond`.

    Args:
        layout: of the states, with one Gaussian.
        members: float32 (members, 1, outputs).
        mood_shift: of each member, slopes and constants of the moods.
        temperature: tau of the dream, > 0.
        normal: of the heart rate.
        uniform: member, heart rate (unused), mood.

    Returns:
        Heart rate in bpm, mood, and the uncertainty.
    """
    outputs: list[list[float]] = members[:, 0].tolist()
    count = len(outputs)
    _, means, scales = mixture_columns(layout.parameters[schema.HEART_RATE], 1)
    moods = layout.parameters[schema.MOOD]
    told = []
    for own in outputs:
        weights = _weights(own[moods])
        total = sum(weights)
        told.append([own[means.start], *[weight / total for weight in weights]])
    rate_spread, *mood_spreads = [_deviation(column) for column in zip(*told, strict=True)]
    uncertainty = 0.5 * (rate_spread + sum(mood_spreads) / len(mood_spreads))

    member = min(int(uniform[0] * count), count - 1)
    own = outputs[member]
    raw = own[scales.start]
    scale = max(raw, 0.0) + log1p(exp(-abs(raw))) + MIN_SCALE
    rate = (own[means.start] + temperature * scale * normal) * _HEART.scale + _HEART.centre
    rate = min(max(rate, _HEART.low), _HEART.high)
    scaled = (rate - _HEART.centre) / _HEART.scale
    slopes, constants = mood_shift[member]
    logits = [
        (logit + scaled * slope + constant) / temperature
        for logit, slope, constant in zip(own[moods], slopes, constants, strict=True)
    ]
    weights = _weights(logits)
    point, mood, below = uniform[2] * sum(weights), 0, weights[0]
    while below <= point and mood < len(weights) - 1:
        mood += 1
        below += weights[mood]
    return rate, mood, uncertainty


def _weights(logits: list[float]) -> list[float]:
    highest = max(logits)
    return [exp(logit - highest) for logit in logits]


def _deviation(values: tuple[float, ...]) -> float:
    mean = sum(values) / len(values)
    apart = [value - mean for value in values]
    return sqrt(sum([one * one for one in apart]) / len(values))
