"""The reward of a day: named components in [0, 1], one code for all worlds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.compiled import compiled, inlined
from human_wm_env.errors import DataError
from human_wm_env.person import schema
from human_wm_env.person.history import History

COMPONENTS = ("mood", "recovery", "sleep", "effort")
DEFAULT_WEIGHTS = {"mood": 0.4, "recovery": 0.3, "sleep": 0.1, "effort": 0.2}
FORESIGHT = ("foresight",)

MOOD_VALUES = {"Happy": 1.0, "Neutral": 0.6, "Tired": 0.3, "Stressed": 0.0}
RECOVERY_SPAN_BPM = 20.0
# Recommended sleep for adults, 7 to 9 hours (Hirshkowitz et al. 2015).
SLEEP_LOW_HOURS, SLEEP_HIGH_HOURS, SLEEP_FALL_HOURS = 7.0, 9.0, 4.0
# A deviation of two of the schema's scales from one's habit is full effort.
EFFORT_SCALES = 2.0


def effort_weights() -> np.ndarray:
    """Weights that make a weighted sum of squares the mean squared scaled deviation."""
    weights = np.zeros(schema.ROW_WIDTH, dtype=np.float32)
    for index in schema.ACTION_FEATURES:
        is_continuous = isinstance(schema.FEATURES[index], schema.Continuous)
        # Half the squared distance of a one-hot day to the person's shares is in [0, 1].
        weights[schema.ROW_SLICES[index]] = 1.0 / EFFORT_SCALES**2 if is_continuous else 0.5
    return weights / np.float32(len(schema.ACTION_FEATURES))


@dataclass(frozen=True)
class Baseline:
    """What a person's logged history says is normal for them.

    Attributes:
        heart_rate: float32 (slots,), mean observed heart rate, bpm.
        habit: float32 (slots, ROW_WIDTH), mean encoded action, for a category the share of
            each choice; 0 where a column is no action's.
    """

    heart_rate: np.ndarray
    habit: np.ndarray


def baseline_of(history: History) -> Baseline:
    """Read the baseline off a history; a feature never observed takes the schema's centre.

    Returns:
        A batch of one.
    """
    habit = np.zeros(schema.ROW_WIDTH, dtype=np.float32)
    heart_rate = np.empty(1, dtype=np.float32)
    # One layout, whatever the history's: others are compiled again.
    rows = np.array(history.rows, dtype=np.float32, order="C")
    observed = np.array(history.observed, dtype=bool, order="C")
    if not _read_baseline(rows, observed, habit, heart_rate):
        raise DataError(
            "observed categories within the schema's",
            "a workout or location outside",
            "Build the log with LogDataset.from_arrays, which names the cell.",
        )
    return Baseline(heart_rate, habit[None])


_NUMBERS = np.array([i for i in schema.CONTINUOUS_FEATURES if i in schema.ACTION_FEATURES])
_LABELS = np.array([i for i in schema.CATEGORICAL_FEATURES if i in schema.ACTION_FEATURES])
_FIRST = np.array([schema.ROW_SLICES[i].start for i in range(schema.FEATURE_COUNT)])
_WIDTHS = np.array([feature.width for feature in schema.FEATURES])
_USUAL_RATE = schema.continuous(schema.HEART_RATE).centre


@compiled
def _read_baseline(
    rows: np.ndarray, observed: np.ndarray, habit: np.ndarray, heart_rate: np.ndarray
) -> bool:
    """Write habit, (ROW_WIDTH,), and heart rate, (1,); return whether all categories are known."""
    for index in _NUMBERS:
        low, high = schema.LOWS[index], schema.HIGHS[index]
        total, seen = 0.0, 0
        for day in range(rows.shape[0]):
            if observed[day, index]:
                value = min(max(rows[day, index], low), high)
                total += value - schema.CENTRES[index]
                seen += 1
        habit[_FIRST[index]] = total / max(seen, 1) / schema.SCALES[index]
    for index in _LABELS:
        seen = 0
        for day in range(rows.shape[0]):
            if observed[day, index]:
                label = int(rows[day, index])
                if label < 0 or label >= _WIDTHS[index]:
                    return False
                habit[_FIRST[index] + label] += 1.0
                seen += 1
        for column in range(_FIRST[index], _FIRST[index] + _WIDTHS[index]):
            habit[column] = habit[column] / seen if seen else 1.0 / _WIDTHS[index]
    total, seen = 0.0, 0
    for day in range(rows.shape[0]):
        if observed[day, schema.HEART_RATE]:
            total += rows[day, schema.HEART_RATE]
            seen += 1
    heart_rate[0] = total / seen if seen else _USUAL_RATE
    return True


def components(rows: np.ndarray, baseline: Baseline) -> np.ndarray:
    """Return the reward components of days.

    mood: Happy 1, Neutral .6, Tired .3, Stressed 0. recovery: .5 + (baseline - heart
    rate) / 20 bpm, clipped. sleep: 1 within 7-9 h, falling to 0 four hours outside.
    effort: 1 minus the mean squared scaled deviation of the executed action from the
    person's habitual one, clipped.

    Args:
        rows: float32 (slots, 10), complete raw rows.
        baseline: of the same slots, or of the one person that all days are of.

    Returns:
        float32 (slots, 4), columns as in COMPONENTS, each in [0, 1].

    Raises:
        DataError: a baseline of another number of slots.
    """
    if len(baseline.heart_rate) != len(rows):  # compiled loops check no bounds
        baseline = _repeated(baseline, len(rows))
    shares = np.empty((len(COMPONENTS), len(rows)), dtype=np.float32)
    encoded = np.ascontiguousarray(schema.encode_rows(rows).T)
    reward_loop(
        np.ascontiguousarray(rows.T), encoded, baseline.heart_rate, baseline.habit.T, shares
    )
    return shares.T


def _repeated(baseline: Baseline, slots: int) -> Baseline:
    """Return one person's baseline for each of their days."""
    if len(baseline.heart_rate) != 1:
        raise DataError(
            f"a baseline of one person, or of {slots} slots",
            f"one of {len(baseline.heart_rate)}",
            "Give each row the baseline of its person.",
        )
    return Baseline(np.repeat(baseline.heart_rate, slots), np.repeat(baseline.habit, slots, axis=0))


_EFFORT_WEIGHTS = effort_weights().astype(np.float64)
_MOOD_VALUES = np.array([MOOD_VALUES[name] for name in schema.categories(schema.MOOD)])
_SLEEP_MIDDLE = (SLEEP_LOW_HOURS + SLEEP_HIGH_HOURS) / 2.0
# At most 1 within the recommended hours, which are those nearest to their middle.
_SLEEP_PEAK = 1.0 + (SLEEP_HIGH_HOURS - _SLEEP_MIDDLE) / SLEEP_FALL_HOURS


@inlined
def reward_loop(
    rows: np.ndarray,
    encoded: np.ndarray,
    usual_rate: np.ndarray,
    habit: np.ndarray,
    shares: np.ndarray,
) -> None:
    """Write the components, (4, slots); see `components`, of which the rows are columns here."""
    slots = shares.shape[1]
    effort = np.zeros(slots)
    for column in range(schema.ROW_WIDTH):
        for slot in range(slots):
            apart = float(encoded[column, slot] - habit[column, slot])
            effort[slot] += _EFFORT_WEIGHTS[column] * apart * apart
    for slot in range(slots):
        calmer = float(usual_rate[slot] - rows[schema.HEART_RATE, slot])
        away = abs(rows[schema.SLEEP, slot] - _SLEEP_MIDDLE)
        shares[0, slot] = _MOOD_VALUES[int(rows[schema.MOOD, slot])]
        shares[1, slot] = min(max(calmer / RECOVERY_SPAN_BPM + 0.5, 0.0), 1.0)
        shares[2, slot] = min(max(_SLEEP_PEAK - away / SLEEP_FALL_HOURS, 0.0), 1.0)
        shares[3, slot] = min(max(1.0 - effort[slot], 0.0), 1.0)


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
