"""Memory of slow quantities: exponentially weighted averages of what was observed.

A response that works through a hidden slow quantity (fitness, fatigue, sleep debt)
cannot be seen by a net that knows only yesterday. The averages are normalised by the
weight that was observed, so that a gap in the log neither drags them to zero nor
freezes them, and that weight is an input too: it says how far to trust the average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env import feasible, schema

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
    people, days = rows.shape[:2]
    seen = observed[..., SIGNAL_FEATURES].astype(np.float32)
    # Totals and weights move alike: one recursion for both, days first.
    both = np.stack([signals(rows, observed), seen], axis=-2).transpose(1, 0, 2, 3)
    moved = np.empty((days + 1, people, 2, len(TAUS_DAYS), SIGNALS), dtype=np.float32)
    moved[0] = 0.0
    lasting = None if valid is None or valid.all() else valid[..., None, None, None]
    for day in range(days):
        step = DECAY * moved[day]
        step += (1.0 - DECAY) * both[day, :, :, None, :]
        # Padding holds the memory.
        moved[day + 1] = step if lasting is None else np.where(lasting[:, day], step, moved[day])
    history = features(Memory(moved[:-1, :, 0], moved[:-1, :, 1])).transpose(1, 0, 2)
    return np.ascontiguousarray(history), Memory(moved[-1, :, 0], moved[-1, :, 1])
