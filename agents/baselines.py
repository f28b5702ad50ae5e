"""Agents that learn nothing: chance, one day for everybody, and a person's own habit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from human_wm_env.errors import ConfigError
from human_wm_env.person.actions import ACTION_WIDTH


class RandomAgent:
    """Chooses uniformly from the action space.

    Args:
        seed: a reset begins the same sequence again.
    """

    kind = "random"

    def __init__(self, seed: int = 0) -> None:
        self.name = "random"
        self.env_overrides: Mapping[str, Any] = {}
        self.seed = seed
        self._rng = np.random.default_rng(seed)

    def reset(self, slots: int) -> None:
        """Begin the sequence again."""
        self._rng = np.random.default_rng(self.seed)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Draw a day for every slot."""
        shape = (len(observations), ACTION_WIDTH)
        return self._rng.uniform(-1.0, 1.0, shape).astype(np.float32)


class ConstantAgent:
    """Gives everybody the same day, every day.

    Args:
        action: float (7,), clipped to [-1, 1].
        name: what to call it.

    Raises:
        ConfigError: the action has another shape, or is not finite.
    """

    kind = "constant"

    def __init__(self, action: np.ndarray, name: str = "constant") -> None:
        given = np.asarray(action, dtype=np.float32)
        if given.shape != (ACTION_WIDTH,) or not np.isfinite(given).all():
            raise ConfigError(
                f"a constant action of {ACTION_WIDTH} finite numbers",
                f"shape {given.shape}: {given}",
                "Give one number for each entry of the action space.",
            )
        self.name = name
        self.env_overrides: Mapping[str, Any] = {}
        self.action = np.clip(given, -1.0, 1.0)

    def reset(self, slots: int) -> None:
        """Nothing to do."""

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the constant for every slot."""
        return np.tile(self.action, (len(observations), 1))


class HabitAgent:
    """Lets people do as they always do: they never follow it (adherence 0)."""

    kind = "habit"

    def __init__(self) -> None:
        self.name = "habit"
        self.env_overrides: Mapping[str, Any] = {"adherence": 0.0}

    def reset(self, slots: int) -> None:
        """Nothing to do."""

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the typical day, which nobody will live."""
        return np.zeros((len(observations), ACTION_WIDTH), dtype=np.float32)
