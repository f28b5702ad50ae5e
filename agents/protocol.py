"""What everything that can act is: batched, and told when new episodes begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from human_wm_env.envs.vector_env import VectorEnv


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


@runtime_checkable
class SituatedAgent(Protocol):
    """An agent that needs more than observations: a person's log, or (an oracle) the truth."""

    def knows(self, env_id: str) -> bool:
        """Say whether it can act in an environment."""
        ...

    def enter(self, env: VectorEnv) -> None:
        """Get to know the environment before `reset`; it is read, never stepped."""
        ...
