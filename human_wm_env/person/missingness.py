"""Missingness that is fitted to a person's log: whole days and single features, in runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.compiled import compiled, inlined
from human_wm_env.errors import ConfigError
from human_wm_env.person import schema

UNIFORMS = 1 + schema.FEATURE_COUNT
Masking = str | float
PSEUDO_DAYS = 2.0  # weight of the prior in each fitted probability


@dataclass(slots=True)
class MaskChain:
    """A two-state chain for whole days and one for each feature.

    Attributes:
        opening: float32 (slots, 11), probability that a gap opens: day first, then features.
        staying: float32 (slots, 11), probability that a gap goes on.
        lost: bool (slots, 11), whether each was lost on the last day.
    """

    opening: np.ndarray
    staying: np.ndarray
    lost: np.ndarray


def check_masking(masking: Masking) -> Masking:
    """Return the setting if it is "person", "none" or a rate in [0, 1)."""
    is_rate = isinstance(masking, int | float) and not isinstance(masking, bool)
    if masking in ("person", "none") or (is_rate and 0.0 <= float(masking) < 1.0):
        return masking
    raise ConfigError(
        'masking "person", "none" or a rate in [0, 1)',
        repr(masking),
        '"person" loses cells as the person\'s log does.',
    )


def fit_chain(observed: np.ndarray) -> MaskChain:
    """Fit the chain of one person to the mask of their history.

    Args:
        observed: bool (days, 10).

    Returns:
        A batch of one.
    """
    counts = np.zeros((6, UNIFORMS), dtype=np.intp)
    last = np.empty(UNIFORMS, dtype=bool)
    # One layout, whatever the log's: others are compiled again.
    _count_gaps(np.array(observed, dtype=bool, order="C"), counts, last)
    lost, countable, was, was_not, stayed, opened = counts
    share = lost / np.maximum(countable, 1)
    opening = (opened + PSEUDO_DAYS * share) / (was_not + PSEUDO_DAYS)
    staying = (stayed + PSEUDO_DAYS * share) / (was + PSEUDO_DAYS)
    return MaskChain(opening[None].astype(np.float32), staying[None].astype(np.float32), last[None])


@compiled
def _count_gaps(observed: np.ndarray, counts: np.ndarray, last: np.ndarray) -> None:
    """Count a history's gaps: of whole days first, then of the features.

    Args:
        observed: bool (days, 10).
        counts: int (6, 11), zeros: days lost, days that count, and of the pairs of days on end
            those that began lost, began observed, stayed lost, and opened a gap.
        last: bool (11,), to be written: whether each was lost on the last day that tells.
    """
    for column in range(len(last)):
        last[column] = False
    any_observed = False  # of yesterday: whether it shows any of the features
    for day in range(observed.shape[0]):
        day_lost = True
        for feature in range(observed.shape[1]):
            day_lost = day_lost and not observed[day, feature]
        for column in range(len(last)):
            # A feature's own gaps are counted on days that were not lost entirely.
            if column > 0 and day_lost:
                continue
            lost = day_lost if column == 0 else not observed[day, column - 1]
            counts[0, column] += lost
            counts[1, column] += 1
            if day > 0 and (column == 0 or any_observed):
                if last[column]:
                    counts[2, column] += 1
                    counts[4, column] += lost
                else:
                    counts[3, column] += 1
                    counts[5, column] += lost
            last[column] = lost
        any_observed = not day_lost


def fixed_rate(rate: float) -> MaskChain:
    """Return a chain that loses every cell independently with one rate; a batch of one."""
    probability = np.full((1, UNIFORMS), rate, dtype=np.float32)
    probability[:, 0] = 0.0
    return MaskChain(probability, probability, np.zeros((1, UNIFORMS), dtype=bool))


def next_mask(chain: MaskChain, uniform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw today's mask.

    Args:
        chain: with yesterday's losses.
        uniform: float (slots, UNIFORMS), in [0, 1).

    Returns:
        observed bool (slots, 10), and today's losses bool (slots, 11).
    """
    observed = np.empty((schema.FEATURE_COUNT, len(uniform)), dtype=bool)
    lost = np.empty((UNIFORMS, len(uniform)), dtype=bool)
    lose_loop(chain.lost.T, chain.staying.T, chain.opening.T, uniform.T, lost, observed)
    return observed.T, lost.T


@inlined
def lose_loop(
    before: np.ndarray,
    staying: np.ndarray,
    opening: np.ndarray,
    uniform: np.ndarray,
    lost: np.ndarray,
    observed: np.ndarray,
) -> None:
    """Draw a day's gaps; all are (11, slots), but for what is observed, (10, slots)."""
    for row in range(lost.shape[0]):
        for slot in range(lost.shape[1]):
            stays, opens = staying[row, slot], opening[row, slot]
            likely = stays if before[row, slot] else opens
            lost[row, slot] = likely > uniform[row, slot]
    for row in range(observed.shape[0]):
        for slot in range(lost.shape[1]):
            observed[row, slot] = not (lost[row + 1, slot] | lost[0, slot])
