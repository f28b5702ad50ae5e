"""The weighted sum of reward components, in a compiled loop."""

from __future__ import annotations

import numpy as np

from human_wm_env.compiled import compiled


@compiled
def weigh(
    components: np.ndarray,
    weights: np.ndarray,
    uncertainty: np.ndarray,
    pessimism: float,
    copied: np.ndarray,
    paid: np.ndarray,
) -> None:
    """Copy the components and write reward and penalty.

    Args:
        components: float32 (components, slots).
        weights: float64 (components,).
        uncertainty: float (slots,).
        pessimism: penalty per unit of uncertainty.
        copied: float32 (components, slots), to be written.
        paid: float64 (2, slots), to be written: the reward, and the penalty it holds.
    """
    for slot in range(paid.shape[1]):
        total = 0.0
        for component in range(len(weights)):
            share = components[component, slot]
            copied[component, slot] = share
            total += weights[component] * share
        penalty = pessimism * uncertainty[slot] if pessimism > 0.0 else 0.0
        paid[0, slot] = total - penalty
        paid[1, slot] = penalty
