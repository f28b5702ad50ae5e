"""What everything that can act is: batched, and notified when new episodes begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from gymnasium import spaces

from human_wm_env.envs.vector_env import VectorEnv

Overrides = Mapping[str, Any]  # settings of `EnvConfig` by name
Plain = dict[str, Any]  # plain values by name, ready for JSON
Manifest = Mapping[str, Any]  # the same, read back
Space = spaces.Space[Any]
Arrays = Mapping[str, np.ndarray]


class Agent(Protocol):
    """Chooses one action for every slot.

    Attributes:
        name: what to call the agent in tables.
        env_overrides: settings of `EnvConfig` that the agent has to be run with, such as
            `{"adherence": 0.0}` for a person's own habit.
    """

    name: str
    env_overrides: Overrides

    def reset(self, slots: int) -> None:
        """Begin new episodes in all slots; a repeated run acts alike."""
        ...

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Choose the next action.

        Args:
            observations: float32 (slots, width).

        Returns:
            (slots, ...), of the action space; people take float32 (slots, 7) in [-1, 1].
        """
        ...


class SavableAgent(Agent, Protocol):
    """An agent that `saving` can write into a folder and read back.

    Attributes:
        kind: the name of its class, or of its algorithm, in manifests.
    """

    kind: str

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return all that it depends on: plain values, and weights by name."""
        ...

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the agent that `to_manifest` described."""
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
