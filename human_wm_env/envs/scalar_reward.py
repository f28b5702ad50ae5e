"""From reward components to what the agent is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

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
        self._column = self.weights[:, None]
        self.pessimism = _finite(pessimism, "pessimism")
        if self.pessimism < 0.0:
            raise ConfigError("pessimism >= 0", f"{pessimism}", "0 turns it off.")

    def scalar(
        self, components: np.ndarray, uncertainty: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the reward and the penalty it holds, float64 (slots,) each.

        Args:
            components: float32 (slots, components).
            uncertainty: float32 (slots,).
        """
        # Component by component, so that a slot rounds alike in every batch size.
        total = np.add.reduce(self._column * components.T, axis=0)
        penalty = np.zeros(len(total))
        if self.pessimism:
            np.multiply(self.pessimism, uncertainty, out=penalty, dtype=np.float64)
            total -= penalty
        return total, penalty

    def one(self, components: Sequence[float], uncertainty: float) -> tuple[float, float]:
        """Return the reward and the penalty of a single slot, as Python floats."""
        penalty = self.pessimism * uncertainty
        total = 0.0
        for weight, component in zip(self._weights, components, strict=True):
            total += weight * component
        return total - penalty, penalty

    def named(self, components: np.ndarray) -> dict[str, np.ndarray]:
        """Return copies of the components by name, float32 (slots,) each."""
        return dict(zip(self.names, components.T.copy(), strict=True))


def _finite(value: float, name: str) -> float:
    """Return a setting as a finite float, or raise ConfigError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise ConfigError(f"{name} as a finite number", repr(value), "Give a number.")
    return number
