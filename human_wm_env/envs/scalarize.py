"""From reward components to the reward of the agent: their weighted sum, less pessimism."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.errors import ConfigError, did_you_mean
from human_wm_env.settings import finite_number, mapping_of
from human_wm_env.worlds.world import AnyWorld


class ScalarReward:
    """Weight the components of a world, and subtract pessimism where it is asked for.

    Args:
        world: names the components and their default weights.
        weights: overrides of single weights; None takes the defaults.
        pessimism: penalty per unit of uncertainty, >= 0; for training only.
    """

    def __init__(
        self, world: AnyWorld, weights: Mapping[str, float] | None, pessimism: float
    ) -> None:
        merged = dict(world.default_weights)
        for name, weight in mapping_of(weights, "reward_weights").items():
            if name not in merged:
                raise ConfigError(
                    f"reward weights for {', '.join(merged)}",
                    repr(name),
                    did_you_mean(name, merged),
                )
            merged[name] = finite_number(weight, f"the reward weight of {name}")
        self.names = world.component_names
        self.weights = np.array([merged[name] for name in self.names], dtype=np.float64)
        self._weights: list[float] = self.weights.tolist()
        self.pessimism = finite_number(pessimism, "pessimism")
        if self.pessimism < 0.0:
            raise ConfigError("pessimism >= 0", f"{pessimism}", "0 turns it off.")

    def scalar(
        self, components: np.ndarray, uncertainty: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the reward, the penalty it holds, and a copy of the components.

        Args:
            components: float32 (slots, components).
            uncertainty: float32 (slots,).

        Returns:
            float64 (slots,) twice, and float32 (slots, components).
        """
        slots, count = components.shape
        copied, sums = np.empty((count, slots), dtype=np.float32), np.empty((2, slots))
        weighted_sum(components.T, self.weights, uncertainty, self.pessimism, copied, sums)
        return sums[0], sums[1], copied.T

    def one(self, components: Sequence[float], uncertainty: float) -> tuple[float, float]:
        """Return the reward and the penalty of a single slot, as Python floats."""
        penalty = self.pessimism * uncertainty
        total = 0.0
        for weight, component in zip(self._weights, components, strict=True):
            total += weight * component
        return total - penalty, penalty


@compiled
def weighted_sum(
    components: np.ndarray,
    weights: np.ndarray,
    uncertainty: np.ndarray,
    pessimism: float,
    copied: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Copy the components and write reward and penalty.

    Args:
        components: float32 (components, slots).
        weights: float64 (components,).
        uncertainty: float (slots,).
        pessimism: penalty per unit of uncertainty.
        copied: float32 (components, slots), to be written.
        sums: float64 (2, slots), to be written: the reward, and the penalty it holds.
    """
    for slot in range(sums.shape[1]):
        total = 0.0
        for component in range(len(weights)):
            share = components[component, slot]
            copied[component, slot] = share
            total += weights[component] * share
        penalty = pessimism * uncertainty[slot] if pessimism > 0.0 else 0.0
        sums[0, slot] = total - penalty
        sums[1, slot] = penalty
