"""What the nets are given while stepping: the inputs of `inputs.py`, fewer and in an easier order.

In a dream the day's actions are known, contrasts of memory averages are linear in the
averages, and the columns of an encoded row can stay where they are. So the first layer's
weights are folded once: the same products, with three quarters of the inputs, and inputs
that are written in compiled loops.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.model import inputs, memory
from human_wm_env.model.memory import Memory
from human_wm_env.person import schema
from human_wm_env.person.actions import Day

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
# The memory of a dream: totals, then weights, side by side.
SUMS_WIDTH = 2 * memory.AVERAGES
_TOTALS = slice(0, memory.AVERAGES)


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


def begin_inputs(
    sums: np.ndarray, encoded_before: np.ndarray, known_before: np.ndarray, weekday: np.ndarray
) -> np.ndarray:
    """Return the transition net's inputs with yesterday's row, (TRANSITION_WIDTH, slots).

    Args:
        sums: float32 (slots, SUMS_WIDTH), the memory at wake-up.
        encoded_before: float32 (slots, ROW_WIDTH), yesterday, zero where not known.
        known_before: bool (slots, 10), what is known of it.
        weekday: int (slots,), of today, -1 if unknown.
    """
    result = np.empty((TRANSITION_WIDTH, len(weekday)), dtype=np.float32)
    begin_loop(sums.T, encoded_before.T, known_before.T, weekday, result)
    return result


def policy_inputs(
    known_before: np.ndarray,
    begun: np.ndarray,
    weather: np.ndarray,
) -> np.ndarray:
    """Return what the policy net is given, float32 (slots, POLICY_WIDTH).

    Args:
        known_before: bool (slots, 10), what is known of yesterday.
        begun: from `begin_inputs`.
        weather: int (slots,), today's.
    """
    result = np.empty((POLICY_WIDTH, len(weather)), dtype=np.float32)
    result[: schema.ROW_WIDTH] = begun[: schema.ROW_WIDTH]
    result[_ROW_KNOWN] = known_before.T
    result[_POLICY_CONTEXT] = begun[_CONTEXT]
    result[_WEATHER] = _WEATHERS[:, None] == weather
    return result.T


def set_actions(encoded: np.ndarray, day: Day, weather: np.ndarray) -> None:
    """Write what is decided of a day, encoded; the states are left as they are.

    Args:
        encoded: float32 (at least ROW_WIDTH, slots), columns.
        day: its actions are within the schema's bounds.
        weather: int (slots,), known.
    """
    set_actions_loop(encoded, day.columns, day.workout, day.location, weather)


def set_states(encoded: np.ndarray, heart_rate: np.ndarray, mood: np.ndarray) -> None:
    """Write the states of a day into its encoded row.

    Args:
        encoded: float32 (at least ROW_WIDTH, slots), columns.
        heart_rate: float32 (slots,), bpm.
        mood: int (slots,).
    """
    set_states_loop(encoded, heart_rate, mood)


def remember(sums: np.ndarray, encoded: np.ndarray) -> np.ndarray:
    """Move the memory on by a day that is known completely; see `memory.remember`.

    Args:
        sums: float32 (slots, SUMS_WIDTH).
        encoded: float32 (at least ROW_WIDTH, slots), columns of the day that ends.
    """
    moved = np.empty((SUMS_WIDTH, len(sums)), dtype=np.float32)
    remember_loop(sums.T, encoded, moved)
    return moved.T


def sums_of(state: Memory) -> np.ndarray:
    """Return a memory as float32 (slots, SUMS_WIDTH)."""
    slots = len(state.total)
    return np.concatenate([state.total.reshape(slots, -1), state.weight.reshape(slots, -1)], axis=1)


def memory_of(sums: np.ndarray) -> Memory:
    """Return what `sums_of` was given."""
    shape = (len(sums), len(memory.TAUS_DAYS), memory.SIGNALS)
    return Memory(sums[:, _TOTALS].reshape(shape), sums[:, _WEIGHTS].reshape(shape))


_WEATHERS = np.arange(len(inputs.WEATHER_COLUMNS))


def _make_begin() -> Callable[..., None]:
    """Return the loop of `begin_inputs`; its constants are locals, see `compiled`."""
    averages, known_at, at = memory.AVERAGES, _STATES_KNOWN.start, _CONTEXT.start
    weekday_at, one_at = at + _WEEKDAY.start, _CONTEXT.stop - 1
    floor, states = np.float32(memory.WEIGHT_FLOOR), inputs.STATE_ORDER
    weekdays = schema.weekday_features(np.array([*range(schema.DAYS_PER_WEEK), -1]))

    @compiled
    def begin(
        sums: np.ndarray,
        encoded: np.ndarray,
        known: np.ndarray,
        weekday: np.ndarray,
        out: np.ndarray,
    ) -> None:
        for row in range(encoded.shape[0]):
            for slot in range(out.shape[1]):
                out[row, slot] = encoded[row, slot]
        for slot in range(out.shape[1]):
            for place, state in enumerate(states):
                out[known_at + place, slot] = known[state, slot]
            out[weekday_at, slot] = weekdays[weekday[slot], 0]
            out[weekday_at + 1, slot] = weekdays[weekday[slot], 1]
            out[one_at, slot] = 1.0
        for row in range(averages):
            for slot in range(out.shape[1]):
                weight = sums[averages + row, slot]
                out[at + row, slot] = sums[row, slot] / (weight + floor)
                out[at + averages + row, slot] = weight

    return begin


def _make_set_actions() -> Callable[..., None]:
    """Return the loop of `set_actions`."""
    # The schema's order begins with the numbers that are decided, and ends with the mood.
    numbers = schema.HEART_RATE
    features = [schema.continuous(index) for index in range(numbers)]
    centres = np.array([feature.centre for feature in features], dtype=np.float32)
    scales = np.array([feature.scale for feature in features], dtype=np.float32)
    at = {index: part.start for index, part in schema.ROW_SLICES.items()}
    first, last = at[schema.HEART_RATE] + 1, at[schema.MOOD]
    at_workout, at_weather, at_location = (
        at[index] for index in (schema.WORKOUT, schema.WEATHER, schema.LOCATION)
    )

    @compiled
    def write(
        encoded: np.ndarray,
        day: np.ndarray,
        workout: np.ndarray,
        location: np.ndarray,
        weather: np.ndarray,
    ) -> None:
        for row in range(numbers):
            for slot in range(encoded.shape[1]):
                encoded[row, slot] = (day[row, slot] - centres[row]) / scales[row]
        for row in range(first, last):
            for slot in range(encoded.shape[1]):
                encoded[row, slot] = 0.0
        for slot in range(encoded.shape[1]):
            encoded[at_workout + workout[slot], slot] = 1.0
            encoded[at_weather + weather[slot], slot] = 1.0
            encoded[at_location + location[slot], slot] = 1.0

    return write


def _make_set_states() -> Callable[..., None]:
    """Return the loop of `set_states`."""
    rate_at, mood_at = (schema.ROW_SLICES[i].start for i in (schema.HEART_RATE, schema.MOOD))
    moods, feature = schema.FEATURES[schema.MOOD].width, schema.continuous(schema.HEART_RATE)
    centre, scale = np.float32(feature.centre), np.float32(feature.scale)

    @compiled
    def write(encoded: np.ndarray, heart_rate: np.ndarray, mood: np.ndarray) -> None:
        for slot in range(encoded.shape[1]):
            encoded[rate_at, slot] = (heart_rate[slot] - centre) / scale
            for which in range(moods):
                encoded[mood_at + which, slot] = which == mood[slot]

    return write


def _make_remember() -> Callable[..., None]:
    """Return the loop that moves the memory on, as `memory.remember` does."""
    averages, signals, taus = memory.AVERAGES, memory.SIGNALS, len(memory.TAUS_DAYS)
    decay = np.ascontiguousarray(memory.DECAY[:, 0])
    share = np.float32(1.0) - decay
    # Columns of the encoded row, one for a number, one for each category of the workout.
    parts = [schema.ROW_SLICES[index] for index in memory.SIGNAL_FEATURES]
    first = np.array([part.start for part in parts])
    width = np.array([part.stop - part.start for part in parts])
    worth = np.ones((signals, width.max()), dtype=np.float32)
    worth[memory.SIGNAL_FEATURES.index(schema.WORKOUT)] = memory.WORKOUT_TABLE

    @compiled
    def move(sums: np.ndarray, encoded: np.ndarray, moved: np.ndarray) -> None:
        # Slots are innermost: a processor takes eight at once.
        slots = moved.shape[1]
        today = np.empty(slots, dtype=np.float32)
        for signal in range(signals):
            for slot in range(slots):
                today[slot] = 0.0
            for column in range(width[signal]):
                for slot in range(slots):
                    today[slot] += worth[signal, column] * encoded[first[signal] + column, slot]
            for tau in range(taus):
                row = tau * signals + signal
                for slot in range(slots):
                    moved[row, slot] = decay[tau] * sums[row, slot] + share[tau] * today[slot]
                row += averages
                for slot in range(slots):
                    moved[row, slot] = decay[tau] * sums[row, slot] + share[tau]

    return move


begin_loop, set_actions_loop = _make_begin(), _make_set_actions()
set_states_loop, remember_loop = _make_set_states(), _make_remember()
