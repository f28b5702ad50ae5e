"""What acts in the real environment: chance, or a controller that reads along with V and M."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from gymnasium import spaces

from agents.protocol import Agent
from human_wm_env.vector_dream.checkpoint import VectorCheckpoint
from human_wm_env.vector_dream.latent_view import LatentReader
from human_wm_env.vector_dream.task import ActionCode


class RealPolicy(Protocol):
    """Acts in many slots whose episodes end at different times."""

    def act(self, observations: np.ndarray, began: np.ndarray) -> np.ndarray:
        """Choose a controller's actions, see `ActionCode`.

        Args:
            observations: float32 (slots, width), of the environment.
            began: bool (slots,), where an episode begins.
        """
        ...


class ChancePolicy:
    """Acts uniformly at random.

    Args:
        code: of the actions.
        seed: of the draws.
    """

    def __init__(self, code: ActionCode, seed: int) -> None:
        self._space, self._rng = code.space, np.random.default_rng([seed, 61])

    def act(self, observations: np.ndarray, began: np.ndarray) -> np.ndarray:
        """Draw an action for every slot."""
        return draw_actions(self._space, len(observations), self._rng)


class LatentPolicy:
    """Acts as an agent that was trained in the dream.

    Args:
        agent: acts on [z, h].
        checkpoint: V and M.
        slots: episodes side by side.
        chance: probability, each step, of a random action instead: for collecting.
        seed: of these.
    """

    def __init__(
        self,
        agent: Agent,
        checkpoint: VectorCheckpoint,
        slots: int,
        *,
        chance: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._agent, self._reader = agent, LatentReader(checkpoint, slots)
        self._space, self._chance = checkpoint.task.action.space, chance
        self._rng = np.random.default_rng([seed, 67])
        agent.reset(slots)

    def act(self, observations: np.ndarray, began: np.ndarray) -> np.ndarray:
        """Read [z, h], act, and remember what was done."""
        actions = self._agent.act(self._reader.read(observations, began))
        if self._chance:
            at_random = self._rng.random(len(actions)) < self._chance
            drawn = draw_actions(self._space, len(actions), self._rng)
            actions = np.where(at_random.reshape(-1, *[1] * (actions.ndim - 1)), drawn, actions)
        self._reader.acted(actions)
        return actions


def draw_actions(
    space: spaces.Box | spaces.Discrete, slots: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw a controller's actions uniformly."""
    if isinstance(space, spaces.Discrete):
        return rng.integers(space.n, size=slots)
    return rng.uniform(-1.0, 1.0, (slots, *space.shape)).astype(np.float32)
