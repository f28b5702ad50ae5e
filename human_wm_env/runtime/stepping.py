"""What the nets are given while stepping: the inputs of `inputs.py`, fewer and in an easier order.

In a dream the day's actions are known, contrasts of memory averages are linear in the
averages, and the columns of an encoded row can stay where they are. So the first layer's
weights are folded once: the same products, with three quarters of the inputs, and inputs
that are written in a few strokes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from human_wm_env import schema
from human_wm_env.columns import Day
from human_wm_env.runtime import inputs, memory
from human_wm_env.runtime.memory import Memory

# Averages, their weights, weekday, and 1 (which carries what is always there).
CONTEXT_WIDTH = 2 * memory.AVERAGES + inputs.WEEKDAY_WIDTH + 1
_AVERAGES = slice(0, memory.AVERAGES)
_WEIGHTS = slice(memory.AVERAGES, 2 * memory.AVERAGES)
_WEEKDAY = slice(2 * memory.AVERAGES, 2 * memory.AVERAGES + inputs.WEEKDAY_WIDTH)

# Transition: today's encoded row with YESTERDAY's states, which of those are known, context.
_STATES_KNOWN = slice(schema.ROW_WIDTH, schema.ROW_WIDTH + len(inputs.STATE_ORDER))
_CONTEXT = slice(_STATES_KNOWN.stop, _STATES_KNOWN.stop + CONTEXT_WIDTH)
TRANSITION_WIDTH = _CONTEXT.stop
# Policy: yesterday's encoded row, which of its cells are known, context, today's weather.
_ROW_KNOWN = slice(schema.ROW_WIDTH, schema.ROW_WIDTH + schema.FEATURE_COUNT)
_POLICY_CONTEXT = slice(_ROW_KNOWN.stop, _ROW_KNOWN.stop + CONTEXT_WIDTH)
_WEATHER = slice(_POLICY_CONTEXT.stop, _POLICY_CONTEXT.stop + len(inputs.WEATHER_COLUMNS))
POLICY_WIDTH = _WEATHER.stop
# Indexed by -1, where it is not known, both give their last column of zeros.
WEEKDAYS = np.ascontiguousarray(
    schema.weekday_features(np.array([*range(schema.DAYS_PER_WEEK), -1])).T
)
WEATHERS = np.eye(len(inputs.WEATHER_COLUMNS), len(inputs.WEATHER_COLUMNS) + 1, dtype=np.float32)

_STATES = list(inputs.STATE_ORDER)
_HEART = schema.continuous(schema.HEART_RATE)
_WEIGHT_FLOOR = np.float32(memory.WEIGHT_FLOOR)
_HEART_CENTRE, _HEART_SCALE = np.float32(_HEART.centre), np.float32(_HEART.scale)
_ONE_HOT = {
    index: np.eye(schema.FEATURES[index].width, dtype=np.float32)
    for index in schema.CATEGORICAL_FEATURES
}
_FIRST = {index: part.start for index, part in schema.ROW_SLICES.items()}
# The schema's order begins with the numbers that are decided, and ends with the mood.
_DECIDED_NUMBERS = schema.HEART_RATE
_DECIDED_LABELS = slice(_FIRST[schema.HEART_RATE] + 1, _FIRST[schema.MOOD])
_CENTRES = [schema.continuous(i).centre for i in range(_DECIDED_NUMBERS)]
_SCALES = [schema.continuous(i).scale for i in range(_DECIDED_NUMBERS)]
_CENTRE_COLUMN = np.array(_CENTRES, dtype=np.float32)[:, None]
_SCALE_COLUMN = np.array(_SCALES, dtype=np.float32)[:, None]


def fold_transition(weights: np.ndarray, *, use_memory: bool) -> np.ndarray:
    """Return first-layer weights for `transition_inputs`, (TRANSITION_WIDTH, k).

    Args:
        weights: float32 (inputs.TRANSITION_WIDTH, k), in the order of `inputs`.
        use_memory: False leaves the memory out (the Markov form).
    """
    take = _Taker(weights)
    folded = np.zeros((TRANSITION_WIDTH, weights.shape[1]), dtype=np.float32)
    folded[inputs.STATE_COLUMNS] = take(len(inputs.STATE_COLUMNS))
    folded[_STATES_KNOWN] = take(len(inputs.STATE_ORDER))
    folded[inputs.ACTION_COLUMNS] = take(len(inputs.ACTION_COLUMNS))
    context = folded[_CONTEXT]
    context[-1] = take(len(inputs.ACTION_ORDER)).sum(axis=0)  # the actions are always known
    averages, contrasts = take(memory.AVERAGES), take(memory.CONTRASTS)
    if use_memory:
        context[_AVERAGES] = averages + _of_averages(contrasts)
        context[_WEIGHTS] = take(memory.AVERAGES)
    else:
        take(memory.AVERAGES)
    context[_WEEKDAY] = take(inputs.WEEKDAY_WIDTH)
    folded[inputs.WEATHER_COLUMNS] = take(len(inputs.WEATHER_COLUMNS))
    return folded


def fold_policy(weights: np.ndarray, *, use_memory: bool) -> np.ndarray:
    """Return first-layer weights for `policy_inputs`, (POLICY_WIDTH, k); see `fold_transition`."""
    take = _Taker(weights)
    folded = np.zeros((POLICY_WIDTH, weights.shape[1]), dtype=np.float32)
    folded[: schema.ROW_WIDTH] = take(schema.ROW_WIDTH)
    folded[_ROW_KNOWN] = take(schema.FEATURE_COUNT)
    context = folded[_POLICY_CONTEXT]
    contrasts, seen = take(memory.CONTRASTS), take(memory.AVERAGES)
    if use_memory:
        context[_AVERAGES], context[_WEIGHTS] = _of_averages(contrasts), seen
    context[_WEEKDAY] = take(inputs.WEEKDAY_WIDTH)
    folded[_WEATHER] = take(len(inputs.WEATHER_COLUMNS))
    return folded


def _of_averages(contrasts: np.ndarray) -> np.ndarray:
    """Return the weights of the averages that do what weights of the contrasts do."""
    scaled = np.float32(memory.CONTRAST_SCALE) * contrasts
    slowest = -scaled.reshape(-1, memory.SIGNALS, scaled.shape[1]).sum(axis=0)
    return np.concatenate([scaled, slowest])


class _Taker:
    """Hands out consecutive rows of an array."""

    def __init__(self, rows: np.ndarray) -> None:
        self._rows, self._at = rows, 0

    def __call__(self, count: int) -> np.ndarray:
        self._at += count
        return self._rows[self._at - count : self._at]


def begin_inputs(sums: np.ndarray, known_before: np.ndarray | None, weekday: np.ndarray) -> Any:
    """Return the transition net's inputs with an empty row, (TRANSITION_WIDTH, slots).

    Args:
        sums: float32 (slots, SUMS_WIDTH), the memory at wake-up.
        known_before: bool (slots, 10), what is known of yesterday, or None for everything.
        weekday: int (slots,), of today, -1 if unknown.
    """
    result = np.empty((TRANSITION_WIDTH, len(weekday)), dtype=np.float32)
    result[_STATES_KNOWN] = 1.0 if known_before is None else known_before.T[_STATES]
    context, total, weight = result[_CONTEXT], sums.T[_TOTALS], sums.T[_WEIGHTS]
    averages = np.add(weight, _WEIGHT_FLOOR, out=context[_AVERAGES])
    np.divide(total, averages, out=averages)
    context[_WEIGHTS] = weight
    context[_WEEKDAY] = WEEKDAYS.take(weekday, axis=1)
    context[-1] = 1.0
    return result


def policy_inputs(
    encoded_before: np.ndarray,
    known_before: np.ndarray | None,
    begun: np.ndarray,
    weather: np.ndarray,
) -> np.ndarray:
    """Return what the policy net is given, float32 (slots, POLICY_WIDTH).

    Args:
        encoded_before: float32 (slots, ROW_WIDTH), yesterday, zero where not known.
        known_before: bool (slots, 10), or None for everything.
        begun: from `begin_inputs`, for the context.
        weather: int (slots,), today's.
    """
    result = np.empty((POLICY_WIDTH, len(weather)), dtype=np.float32)
    result[: schema.ROW_WIDTH] = encoded_before.T
    result[_ROW_KNOWN] = 1.0 if known_before is None else known_before.T
    result[_POLICY_CONTEXT] = begun[_CONTEXT]
    result[_WEATHER] = WEATHERS.take(weather, axis=1)
    return result.T


def set_actions(encoded: np.ndarray, day: Day, weather: np.ndarray) -> None:
    """Write what is decided of a day, encoded; the states are left as they are.

    Args:
        encoded: float32 (at least ROW_WIDTH, slots), columns.
        day: its actions are within the schema's bounds.
        weather: int (slots,), known.
    """
    if encoded.shape[1] == 1:
        scaled = zip(day.columns, _CENTRES, _SCALES, strict=False)
        encoded[:_DECIDED_NUMBERS, 0] = [(value - low) / scale for value, low, scale in scaled]
        encoded[_DECIDED_LABELS] = 0.0
        encoded[day.workout + _FIRST[schema.WORKOUT], 0] = 1.0
        encoded[weather + _FIRST[schema.WEATHER], 0] = 1.0
        encoded[day.location + _FIRST[schema.LOCATION], 0] = 1.0
        return
    numbers = encoded[:_DECIDED_NUMBERS]
    np.subtract(day.columns[:_DECIDED_NUMBERS], _CENTRE_COLUMN, out=numbers)
    numbers /= _SCALE_COLUMN
    _set_label(encoded, schema.WORKOUT, day.workout)
    _set_label(encoded, schema.WEATHER, weather)
    _set_label(encoded, schema.LOCATION, day.location)


def _set_label(encoded: np.ndarray, index: int, label: np.ndarray) -> None:
    """Write the category of each slot, known and int (slots,), one-hot."""
    # Clipping changes nothing, but lets `take` write where it is told to.
    _ONE_HOT[index].take(label, axis=1, out=encoded[schema.ROW_SLICES[index]], mode="clip")


def set_states(encoded: np.ndarray, heart_rate: np.ndarray, mood: np.ndarray) -> None:
    """Write the states of a day into its encoded row.

    Args:
        encoded: float32 (at least ROW_WIDTH, slots), columns.
        heart_rate: float32 (slots,), bpm.
        mood: int (slots,).
    """
    if len(mood) == 1:
        encoded[schema.ROW_SLICES[schema.MOOD]] = 0.0
        encoded[_FIRST[schema.HEART_RATE], 0] = (heart_rate.item() - _HEART.centre) / _HEART.scale
        encoded[_FIRST[schema.MOOD] + mood.item(), 0] = 1.0
        return
    scaled = np.subtract(heart_rate, _HEART_CENTRE, out=encoded[_FIRST[schema.HEART_RATE]])
    scaled /= _HEART_SCALE
    _set_label(encoded, schema.MOOD, mood)


# The memory of a dream: totals, then weights, side by side.
SUMS_WIDTH = 2 * memory.AVERAGES
_TOTALS = slice(0, memory.AVERAGES)


def sums_of(state: Memory) -> np.ndarray:
    """Return a memory as float32 (slots, SUMS_WIDTH)."""
    slots = len(state.total)
    return np.concatenate([state.total.reshape(slots, -1), state.weight.reshape(slots, -1)], axis=1)


def memory_of(sums: np.ndarray) -> Memory:
    """Return what `sums_of` was given."""
    shape = (len(sums), len(memory.TAUS_DAYS), memory.SIGNALS)
    return Memory(sums[:, _TOTALS].reshape(shape), sums[:, _WEIGHTS].reshape(shape))


def remember(sums: np.ndarray, transition_inputs: np.ndarray) -> np.ndarray:
    """Move the memory on by a day that is known completely; see `memory.remember`.

    Args:
        sums: float32 (slots, SUMS_WIDTH).
        transition_inputs: float32 (TRANSITION_WIDTH, slots), of the day that ends.
    """
    moved = _SUMS_DECAY * sums.T
    moved[_TOTALS] += _TOTALS_GAIN @ transition_inputs[_REMEMBERED]
    moved[_WEIGHTS] += _WEIGHTS_GAIN
    return moved.T


# What is remembered of a day are its numbers and its workout, the first columns of a row.
_REMEMBERED = slice(0, schema.ROW_SLICES[schema.WORKOUT].stop)


def _totals_gain() -> np.ndarray:
    """Return what a day's row adds to the totals, float32 (AVERAGES, columns)."""
    gain = np.zeros((len(memory.TAUS_DAYS), memory.SIGNALS, _REMEMBERED.stop), np.float32)
    share = 1.0 - memory.DECAY[:, 0]
    for signal, index in enumerate(memory.SIGNAL_FEATURES):
        values = memory.WORKOUT_TABLE if index == schema.WORKOUT else np.ones(1, np.float32)
        gain[:, signal, schema.ROW_SLICES[index]] = share[:, None] * values
    return gain.reshape(memory.AVERAGES, -1)


_TOTALS_GAIN = _totals_gain()
_WEIGHTS_GAIN = np.repeat(1.0 - memory.DECAY[:, 0], memory.SIGNALS)[:, None]
_SUMS_DECAY = np.tile(np.repeat(memory.DECAY[:, 0], memory.SIGNALS), 2)[:, None]
