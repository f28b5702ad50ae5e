"""From reward components to what the agent is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from human_wm_env.envs.weighted_sum import weigh
from human_wm_env.errors import ConfigError, did_you_mean
from human_wm_env.worlds.world import World


class ScalarReward:
    """Weigh the components of a world, and subtract pessimism where it is asked for.

    Args:
        world: names the components and their default weights.
        weights: overrides of single weights; None takes the defaults.
        pessimism: penalty per unit of uncertainty, >= 0; for training only.
    """

    def __init__(self, world: World, weights: Mapping[str, float] | None, pessimism: float) -> None:
        merged = dict(world.default_weights)
        for name, weight in (weights or {}).items():
            if name not in merged:
                raise ConfigError(
                    f"reward weights for {', '.join(merged)}",
                    repr(name),
                    did_you_mean(name, merged),
                )
            merged[name] = _finite(weight, f"the reward weight of {name}")
        self.names = world.component_names
        self.weights = np.array([merged[name] for name in self.names], dtype=np.float64)
        self._weights: list[float] = self.weights.tolist()
        self.pessimism = _finite(pessimism, "pessimism")
        if self.pessimism < 0.0:
            raise ConfigError("pessimism >= 0", f"{pessimism}", "0 turns it off.")

    def scalar(
        self, components: np.ndarray, uncertainty: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """Return the reward, the penalty it holds, and copies of the components by name.

        Args:
            components: float32 (slots, components).
            uncertainty: float32 (slots,).

        Returns:
            float64 (slots,) twice, and float32 (slots,) for each component.
        """
        slots, count = components.shape
        copied, paid = np.empty((count, slots), dtype=np.float32), np.empty((2, slots))
        weigh(components.T, self.weights, uncertainty, self.pessimism, copied, paid)
        return paid[0], paid[1], dict(zip(self.names, copied, strict=True))

    def one(self, components: Sequence[float], uncertainty: float) -> tuple[float, float]:
        """Return the reward and the penalty of a single slot, as Python floats."""
        penalty = self.pessimism * uncertainty
        total = 0.0
        for weight, component in zip(self._weights, components, strict=True):
            total += weight * component
        return total - penalty, penalty


def _finite(value: float, name: str) -> float:
    """Return a setting as a finite float, or raise ConfigError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise ConfigError(f"{name} as a finite number", repr(value), "Give a number.")
    return number
