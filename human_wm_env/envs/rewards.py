"""The reward of a lived day: named components in [0, 1], one code for all worlds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env import schema
from human_wm_env.dataset import History

COMPONENTS = ("mood", "recovery", "sleep", "effort")
DEFAULT_WEIGHTS = {"mood": 0.4, "recovery": 0.3, "sleep": 0.1, "effort": 0.2}
FORESIGHT = ("foresight",)

MOOD_VALUES = {"Happy": 1.0, "Neutral": 0.6, "Tired": 0.3, "Stressed": 0.0}
_MOOD_TABLE = np.array(
    [MOOD_VALUES[name] for name in schema.categories(schema.MOOD)], dtype=np.float32
)
RECOVERY_SPAN_BPM = 20.0
# Recommended sleep for adults, 7 to 9 hours (Hirshkowitz et al. 2015).
SLEEP_LOW_HOURS, SLEEP_HIGH_HOURS, SLEEP_FALL_HOURS = 7.0, 9.0, 4.0
# A deviation of two of the schema's scales from one's habit is full effort.
EFFORT_SCALES = 2.0

ACTION_SLICES = schema.encoded_slices(schema.ACTION_FEATURES)
ACTION_ENCODED_WIDTH = max(part.stop for part in ACTION_SLICES.values())
# Each action feature's columns of the encoded row, in the order of the action vector.
ACTION_COLUMNS = np.concatenate(
    [np.arange(schema.ROW_WIDTH)[schema.ROW_SLICES[i]] for i in schema.ACTION_FEATURES]
)


def _effort_weights() -> np.ndarray:
    """Weights that make a weighted sum of squares the mean squared scaled deviation."""
    weights = np.empty(ACTION_ENCODED_WIDTH, dtype=np.float32)
    for index, part in ACTION_SLICES.items():
        is_continuous = isinstance(schema.FEATURES[index], schema.Continuous)
        # Half the squared distance of a one-hot day to the person's shares is in [0, 1].
        weights[part] = 1.0 / EFFORT_SCALES**2 if is_continuous else 0.5
    return weights / len(schema.ACTION_FEATURES)


_EFFORT_WEIGHTS = _effort_weights()


@dataclass(frozen=True)
class Baseline:
    """What a person's logged history says is normal for them.

    Attributes:
        heart_rate: float32 (slots,), mean observed heart rate, bpm.
        habit: float32 (slots, ACTION_ENCODED_WIDTH), mean encoded action; for a category
            the share of each choice.
    """

    heart_rate: np.ndarray
    habit: np.ndarray


def baseline_of(history: History) -> Baseline:
    """Read the baseline off a history; a feature never observed takes the schema's centre.

    Returns:
        A batch of one.
    """
    encoded = schema.encode_rows(history.rows, history.observed)[:, ACTION_COLUMNS]
    habit = np.zeros(ACTION_ENCODED_WIDTH, dtype=np.float32)
    for index, part in ACTION_SLICES.items():
        seen = history.observed[:, index]
        if seen.any():
            habit[part] = encoded[seen, part].mean(axis=0)
        elif isinstance(schema.FEATURES[index], schema.Categorical):
            habit[part] = 1.0 / schema.FEATURES[index].width
    seen = history.observed[:, schema.HEART_RATE]
    rates = history.rows[seen, schema.HEART_RATE]
    centre = schema.continuous(schema.HEART_RATE).centre
    heart_rate = np.float32(rates.mean() if len(rates) else centre)
    return Baseline(np.array([heart_rate], dtype=np.float32), habit[None])


def components(rows: np.ndarray, baseline: Baseline) -> np.ndarray:
    """Return the reward components of lived days.

    mood: Happy 1, Neutral .6, Tired .3, Stressed 0. recovery: .5 + (baseline - heart
    rate) / 20 bpm, clipped. sleep: 1 within 7-9 h, falling to 0 four hours outside.
    effort: 1 minus the mean squared scaled deviation of the executed action from the
    person's habitual one, clipped.

    Args:
        rows: float32 (slots, 10), complete raw rows.
        baseline: of the same slots.

    Returns:
        float32 (slots, 4), columns as in COMPONENTS, each in [0, 1].
    """
    result = np.empty((len(rows), len(COMPONENTS)), dtype=np.float32)
    result[:, 0] = _MOOD_TABLE[rows[:, schema.MOOD].astype(np.intp)]
    calmer = baseline.heart_rate - rows[:, schema.HEART_RATE]
    result[:, 1] = 0.5 + calmer / RECOVERY_SPAN_BPM
    sleep = rows[:, schema.SLEEP]
    outside = np.maximum(SLEEP_LOW_HOURS - sleep, 0.0) + np.maximum(sleep - SLEEP_HIGH_HOURS, 0.0)
    result[:, 2] = 1.0 - outside / SLEEP_FALL_HOURS
    deviation = schema.encode_rows(rows)[:, ACTION_COLUMNS] - baseline.habit
    result[:, 3] = 1.0 - (deviation * deviation) @ _EFFORT_WEIGHTS
    return np.clip(result, 0.0, 1.0, out=result)


def foresight(foreseen: np.ndarray, logged: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return how well actions foresaw the logged ones on their observed cells.

    A continuous cell scores 1 minus its distance in units of two scales, not below 0; a
    category 1 if right, else 0. The mean over the observed action cells; 0 where none is.

    Args:
        foreseen: float32 (slots, 10), rows that the agent's actions decode to.
        logged: float32 (slots, 10), logged rows.
        observed: bool (slots, 10), mask of the logged rows.

    Returns:
        float32 (slots, 1).
    """
    score = np.zeros(len(logged), dtype=np.float32)
    count = np.zeros(len(logged), dtype=np.float32)
    for index in schema.ACTION_FEATURES:
        feature, seen = schema.FEATURES[index], observed[:, index]
        if isinstance(feature, schema.Continuous):
            distance = np.abs(foreseen[:, index] - logged[:, index]) / feature.scale
            cell = np.maximum(1.0 - distance / EFFORT_SCALES, 0.0)
        else:
            cell = foreseen[:, index] == logged[:, index]
        score += np.where(seen, cell, 0.0)
        count += seen
    return (score / np.maximum(count, 1.0))[:, None]
