"""Memory of slow quantities: exponentially weighted averages of what was observed.

A response that works through a hidden slow quantity (fitness, fatigue, sleep debt)
cannot be seen by a net that knows only yesterday. The averages are normalised by the
weight that was observed, so that a gap in the log neither drags them to zero nor
freezes them, and that weight is an input too: it says how far to trust the average.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from human_wm_env.person import feasible, schema

TAUS_DAYS = (3.0, 7.0, 42.0)  # sleep debt; fatigue and fitness (Banister et al. 1975)
SIGNAL_FEATURES = (schema.STEPS, schema.MINUTES, schema.SLEEP, schema.WORKOUT)
SIGNALS = len(SIGNAL_FEATURES)
AVERAGES = SIGNALS * len(TAUS_DAYS)
# Fast averages minus the slowest vary little (within-person SD about 0.3): scaled up.
CONTRASTS = AVERAGES - SIGNALS
CONTRAST_SCALE = 3.0
WIDTH = 2 * AVERAGES + CONTRASTS
# The level of a 42-day average is who the person is, which z_b has to carry: given it,
# the policy net would read the style off the memory, z_b would stay empty, and an
# imagined person's style would drift with their days. The policy gets the rest.
POLICY_PART = slice(AVERAGES, WIDTH)
WORKOUT_SCALE_KCAL = 150.0
WEIGHT_FLOOR = 0.02  # one day seen through 42 days weighs 0.024
DECAY = np.exp(-1.0 / np.array(TAUS_DAYS, dtype=np.float32))[:, None]  # (taus, 1)
WORKOUT_TABLE = (
    np.array([feasible.WORKOUT_KCAL[w] for w in feasible.WORKOUT_NAMES], dtype=np.float32)
    / WORKOUT_SCALE_KCAL
)


@dataclass(frozen=True)
class Memory:
    """Running sums, batch-first.

    Attributes:
        total: float32 (people, taus, signals), weighted sum of what was observed.
        weight: float32 (people, taus, signals), weight that was observed, in [0, 1].
    """

    total: np.ndarray
    weight: np.ndarray


def empty(people: int) -> Memory:
    """Return the memory of people nothing is known of."""
    zeros = np.zeros((people, len(TAUS_DAYS), SIGNALS), dtype=np.float32)
    return Memory(zeros, zeros)


def signals(rows: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return scaled steps, minutes, sleep and workout energy, 0 where masked.

    Args:
        rows: float32 (..., 10), raw rows.
        observed: bool (..., 10).

    Returns:
        float32 (..., SIGNALS).
    """
    result = np.empty((*rows.shape[:-1], SIGNALS), dtype=np.float32)
    for column, index in enumerate(SIGNAL_FEATURES):
        feature, values = schema.FEATURES[index], rows[..., index]
        if isinstance(feature, schema.Continuous):
            scaled = (values - feature.centre) / feature.scale
        else:
            scaled = WORKOUT_TABLE[np.maximum(values, 0.0).astype(np.intp)]
        result[..., column] = np.where(observed[..., index], scaled, 0.0)
    return result


def remember(memory: Memory, rows: np.ndarray, observed: np.ndarray) -> Memory:
    """Move the memory on by one day.

    Args:
        memory: of the days before.
        rows: float32 (people, 10), the day that ends.
        observed: bool (people, 10).
    """
    seen = observed[:, SIGNAL_FEATURES].astype(np.float32)[:, None, :]
    today = signals(rows, observed)[:, None, :]
    return Memory(
        DECAY * memory.total + (1.0 - DECAY) * today,
        DECAY * memory.weight + (1.0 - DECAY) * seen,
    )


def features(memory: Memory) -> np.ndarray:
    """Return net inputs: averages, contrasts (fast minus slowest), and weights.

    Returns:
        float32 (..., WIDTH), with the batch shape of the memory.
    """
    average = memory.total / (memory.weight + np.float32(WEIGHT_FLOOR))
    contrast = np.float32(CONTRAST_SCALE) * (average[..., :-1, :] - average[..., -1:, :])
    parts = [average, contrast, memory.weight]
    flat = [part.reshape(*part.shape[:-2], -1) for part in parts]
    return np.concatenate(flat, axis=-1)


def run(
    rows: np.ndarray, observed: np.ndarray, valid: np.ndarray | None = None
) -> tuple[np.ndarray, Memory]:
    """Return the memory at the wake-up of every day, and after the last one.

    Args:
        rows: float32 (people, days, 10).
        observed: bool (people, days, 10).
        valid: bool (people, days), False on padding at the end, which changes nothing.

    Returns:
        float32 (people, days, WIDTH), of the days BEFORE each; and the final memory.
    """
    history, after = run_through(rows, observed)
    if valid is None or valid.all():
        return history, after(np.full(len(rows), rows.shape[1]))
    # Padding changes nothing: the memory stays that after the last valid day.
    last = after(valid.sum(axis=1))
    return np.where(valid[..., None], history, features(last)[:, None]), last


def run_through(
    rows: np.ndarray, observed: np.ndarray
) -> tuple[np.ndarray, Callable[[np.ndarray], Memory]]:
    """Return the memory at the wake-up of every day, and what gives it after so many days.

    Args:
        rows: float32 (people, days, 10).
        observed: bool (people, days, 10).

    Returns:
        float32 (people, days, WIDTH), of the days BEFORE each; and a function from int
        (people,), days that have passed, to the memory after them. With a single person any
        number of lengths may be asked for.
    """
    people, days = rows.shape[:2]
    taus, blocks = len(TAUS_DAYS), -(-days // _BLOCK)
    # Totals and weights move alike; each signal of each person is a row of days.
    today = np.zeros((2, SIGNALS, people, blocks * _BLOCK), dtype=np.float32)
    today[0, ..., :days] = signals(rows, observed).transpose(2, 0, 1)
    today[1, ..., :days] = observed[..., SIGNAL_FEATURES].transpose(2, 0, 1)
    # What the days of a block leave behind, at every wake-up in it and after it; then what
    # the blocks before left.
    moved = (today.reshape(-1, _BLOCK) @ _LEFT_BEHIND).reshape(-1, blocks, taus, _BLOCK + 1)
    for block in range(1, blocks):
        moved[:, block] += _FADED * moved[:, block - 1, :, -1:]
    by_day = np.moveaxis(moved[..., :-1], 2, 0).reshape(taus, 2, SIGNALS, people, -1)[..., :days]
    history = np.empty((people, days, WIDTH), dtype=np.float32)
    average = by_day[:, 0] / (by_day[:, 1] + np.float32(WEIGHT_FLOOR))
    contrast = np.float32(CONTRAST_SCALE) * (average[:-1] - average[-1])
    start = 0
    for part in (average, contrast, by_day[:, 1]):
        columns = part.reshape(-1, people, days)
        history[..., start : start + len(columns)] = columns.transpose(1, 2, 0)
        start += len(columns)
    kept = moved.reshape(2, SIGNALS, people, blocks, taus, _BLOCK + 1)

    def after(lengths: np.ndarray) -> Memory:
        last = np.minimum(lengths // _BLOCK, blocks - 1)
        who = np.arange(people) if people > 1 else np.zeros(len(lengths), dtype=int)
        found = kept[:, :, who, last, :, lengths - last * _BLOCK]
        total, weight = found.transpose(1, 0, 3, 2)  # from (lengths, 2, signals, taus)
        return Memory(np.ascontiguousarray(total), np.ascontiguousarray(weight))

    return history, after


_BLOCK = 32
_AGES = np.arange(_BLOCK + 1) - 1 - np.arange(_BLOCK)[:, None]  # (days, wake-ups)
_LEFT_BEHIND = np.concatenate(
    [
        np.where(_AGES >= 0, (1.0 - decay) * decay ** np.maximum(_AGES, 0), 0.0)
        for decay in DECAY[:, 0].astype(np.float64)
    ],
    axis=1,
).astype(np.float32)
_FADED = (DECAY.astype(np.float64) ** np.arange(_BLOCK + 1)).astype(np.float32)
