"""The days that slots of a VectorEnv have lived, in a compiled loop."""

from __future__ import annotations

import numpy as np

from human_wm_env.compiled import compiled


@compiled
def count_day(elapsed: np.ndarray, horizon: int, terminated: np.ndarray, ends: np.ndarray) -> bool:
    """Count one more day, and say whether any episode is over.

    Args:
        elapsed: int (slots,), days since the start; one is added.
        horizon: days of an episode.
        terminated: bool (slots,).
        ends: bool (2, slots), to be written: truncated, and over for either reason.
    """
    some_over = False
    for slot in range(len(elapsed)):
        elapsed[slot] += 1
        truncated = elapsed[slot] >= horizon
        ends[0, slot] = truncated
        ends[1, slot] = truncated or terminated[slot]
        some_over |= ends[1, slot]
    return some_over
