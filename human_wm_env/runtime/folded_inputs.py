"""What the nets are given while stepping: the inputs of `inputs.py`, fewer and in an easier order.

In a dream the day's actions are known, contrasts of memory averages are linear in the
averages, and the columns of an encoded row can stay where they are. So the first layer's
weights are folded once: the same products, with three quarters of the inputs, and inputs
that are written in compiled loops.
"""

from __future__ import annotations

import numpy as np

from human_wm_env.model import inputs, memory
from human_wm_env.model.memory import Memory
from human_wm_env.person import schema

# Averages, their weights, weekday, and 1 (which carries what is always there).
CONTEXT_WIDTH = 2 * memory.AVERAGES + inputs.WEEKDAY_WIDTH + 1
AVERAGES = slice(0, memory.AVERAGES)
WEIGHTS = slice(memory.AVERAGES, 2 * memory.AVERAGES)
WEEKDAY = slice(2 * memory.AVERAGES, 2 * memory.AVERAGES + inputs.WEEKDAY_WIDTH)

# Transition: today's encoded row with YESTERDAY's states, which of those are known, context.
STATES_KNOWN = slice(schema.ROW_WIDTH, schema.ROW_WIDTH + len(inputs.STATE_ORDER))
CONTEXT = slice(STATES_KNOWN.stop, STATES_KNOWN.stop + CONTEXT_WIDTH)
TRANSITION_WIDTH = CONTEXT.stop
# Policy: yesterday's encoded row, which of its cells are known, context, today's weather.
ROW_KNOWN = slice(schema.ROW_WIDTH, schema.ROW_WIDTH + schema.FEATURE_COUNT)
POLICY_CONTEXT = slice(ROW_KNOWN.stop, ROW_KNOWN.stop + CONTEXT_WIDTH)
WEATHER = slice(POLICY_CONTEXT.stop, POLICY_CONTEXT.stop + len(inputs.WEATHER_COLUMNS))
POLICY_WIDTH = WEATHER.stop
# The memory of a dream: totals, then weights, side by side.
SUMS_WIDTH = 2 * memory.AVERAGES
TOTALS = slice(0, memory.AVERAGES)


def fold_transition(weights: np.ndarray, *, use_memory: bool) -> np.ndarray:
    """Return first-layer weights for `transition_inputs`, (TRANSITION_WIDTH, k).

    Args:
        weights: float32 (inputs.TRANSITION_WIDTH, k), in the order of `inputs`.
        use_memory: False leaves the memory out (the Markov form).
    """
    take = _Taker(weights)
    folded = np.zeros((TRANSITION_WIDTH, weights.shape[1]), dtype=np.float32)
    folded[inputs.STATE_COLUMNS] = take(len(inputs.STATE_COLUMNS))
    folded[STATES_KNOWN] = take(len(inputs.STATE_ORDER))
    folded[inputs.ACTION_COLUMNS] = take(len(inputs.ACTION_COLUMNS))
    context = folded[CONTEXT]
    context[-1] = take(len(inputs.ACTION_ORDER)).sum(axis=0)  # the actions are always known
    averages, contrasts = take(memory.AVERAGES), take(memory.CONTRASTS)
    if use_memory:
        context[AVERAGES] = averages + _of_averages(contrasts)
        context[WEIGHTS] = take(memory.AVERAGES)
    else:
        take(memory.AVERAGES)
    context[WEEKDAY] = take(inputs.WEEKDAY_WIDTH)
    folded[inputs.WEATHER_COLUMNS] = take(len(inputs.WEATHER_COLUMNS))
    return folded


def fold_policy(weights: np.ndarray, *, use_memory: bool) -> np.ndarray:
    """Return first-layer weights for `policy_inputs`, (POLICY_WIDTH, k); see `fold_transition`."""
    take = _Taker(weights)
    folded = np.zeros((POLICY_WIDTH, weights.shape[1]), dtype=np.float32)
    folded[: schema.ROW_WIDTH] = take(schema.ROW_WIDTH)
    folded[ROW_KNOWN] = take(schema.FEATURE_COUNT)
    context = folded[POLICY_CONTEXT]
    contrasts, seen = take(memory.CONTRASTS), take(memory.AVERAGES)
    if use_memory:
        context[AVERAGES], context[WEIGHTS] = _of_averages(contrasts), seen
    context[WEEKDAY] = take(inputs.WEEKDAY_WIDTH)
    folded[WEATHER] = take(len(inputs.WEATHER_COLUMNS))
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


def sums_of(state: Memory) -> np.ndarray:
    """Return a memory as float32 (slots, SUMS_WIDTH)."""
    slots = len(state.total)
    return np.concatenate([state.total.reshape(slots, -1), state.weight.reshape(slots, -1)], axis=1)


def memory_of(sums: np.ndarray) -> Memory:
    """Return what `sums_of` was given."""
    shape = (len(sums), len(memory.TAUS_DAYS), memory.SIGNALS)
    return Memory(sums[:, TOTALS].reshape(shape), sums[:, WEIGHTS].reshape(shape))
