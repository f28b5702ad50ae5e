"""What latents do to a FiLM net: constant over an episode, laid out for its loops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Modulation:
    """A person's part in the nets, batch-first, biases included.

    Attributes:
        shift: float32 (slots, members, hidden), added to the first layer before it is rectified.
        gain: float32 (slots, members, hidden), the first layer is multiplied by after that.
        offset: float32 (slots, members, outputs), added to the outputs.
        blind: float32 (slots, members, states, outputs), added for each state of the day
            before that is not known; no states where there are no offsets.
    """

    shift: np.ndarray
    gain: np.ndarray
    offset: np.ndarray
    blind: np.ndarray


def slots_first(array: np.ndarray) -> np.ndarray:
    """Return (members, k, slots) as (slots, members, k), where it is in memory."""
    return array.transpose(2, 0, 1)


def slots_last(array: np.ndarray) -> np.ndarray:
    """Return the same (slots, members, outputs) with the slots side by side in memory."""
    return np.ascontiguousarray(array.transpose(1, 2, 0)).transpose(2, 0, 1)
