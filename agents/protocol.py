"""What everything that can act is: batched, and told when new episodes begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np


class Agent(Protocol):
    """Chooses one day for every slot.

    Attributes:
        name: what to call the agent in tables.
        env_overrides: settings of `EnvConfig` that the agent has to be run with, such as
            `{"adherence": 0.0}` for a person's own habit.
    """

    name: str
    env_overrides: Mapping[str, Any]

    def reset(self, slots: int) -> None:
        """Begin new episodes in all slots; a repeated run acts alike."""
        ...

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Choose the day to come.

        Args:
            observations: float32 (slots, width).

        Returns:
            float32 (slots, 7) in [-1, 1].
        """
        ...
