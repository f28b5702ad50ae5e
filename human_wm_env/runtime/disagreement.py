"""How much the members of the ensemble disagree about a day: the uncertainty of a step.

The mean over the states of standard deviations over the members: of what they expect of a number
(in scales), and of the shares of a category (averaged over the categories).
"""

from __future__ import annotations

import numpy as np

from human_wm_env.compiled import compiled, inlined
from human_wm_env.runtime.sampling import divide_by_sum, expected, exponentials, take_highest_off


@compiled
def _add_spread(expected: np.ndarray, weight: float, disagreement: np.ndarray) -> None:
    """Add the weighted standard deviation over members of what they expect, (members, slots)."""
    count, slots = expected.shape
    share, weigh = np.float32(1.0 / count), np.float32(weight)
    mean, square = np.zeros(slots, dtype=np.float32), np.zeros(slots, dtype=np.float32)
    for member in range(count):
        for slot in range(slots):
            mean[slot] += share * expected[member, slot]
    for member in range(count):
        for slot in range(slots):
            apart = expected[member, slot] - mean[slot]
            square[slot] += apart * apart
    for slot in range(slots):
        disagreement[slot] += weigh * np.sqrt(share * square[slot])


@inlined
def disagree_loop(members: np.ndarray, plan: np.ndarray, disagreement: np.ndarray) -> None:
    """Say how much the members disagree.

    Args:
        members: float32 (members, outputs, slots).
        plan: of the states' HeadLayout.
        disagreement: float32 (slots,), zeros, to be written.
    """
    count, outputs, slots = members.shape
    numbers = np.empty((count, slots), dtype=np.float32)
    column = np.empty(outputs, dtype=np.float32)
    for state in range(len(plan)):
        first, last = plan[state, 1], plan[state, 2]
        categories, weight = plan[state, 4], 1.0 / len(plan)
        if categories == 0:
            components = (last - first) // 3
            for member in range(count):
                for slot in range(slots):
                    if components == 1:
                        numbers[member, slot] = members[member, first + 1, slot]
                    else:
                        for place in range(last - first):
                            column[place] = members[member, first + place, slot]
                        numbers[member, slot] = expected(column, 0, components)
            _add_spread(numbers, weight, disagreement)
            continue
        shares = np.empty((categories, count * slots), dtype=np.float32)
        for place in range(categories):
            for member in range(count):
                for slot in range(slots):
                    shares[place, member * slots + slot] = members[member, first + place, slot]
        take_highest_off(shares)
        exponentials(shares.reshape(-1))
        divide_by_sum(shares)
        for place in range(categories):
            _add_spread(shares[place].reshape(count, slots), weight / categories, disagreement)
