"""Replan with the true transition: what perfect predictions would be worth."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from agents.protocol import Overrides
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.worlds.world import take

SOONER = 0.99  # discount, so that the same reward is taken the sooner, the better


class TruePlanner:
    """Tries every sequence of the next actions in the world itself, hidden rule and all.

    An upper bound: no agent that has to find out the rule can do as well.

    Args:
        depth: actions of a sequence, >= 1.
    """

    def __init__(self, depth: int) -> None:
        if depth < 1:
            raise ConfigError("depth >= 1", f"{depth}", "Raise it.")
        self.name = "true_planner"
        self.env_overrides: Overrides = {}
        self.depth = depth
        self._env: VectorEnv | None = None

    def knows(self, env_id: str) -> bool:
        """Every world that can be stepped from any state."""
        return True

    def enter(self, env: VectorEnv) -> None:
        """Get to know the environment.

        Raises:
            ConfigError: it has no choices to try.
        """
        if not isinstance(env, VectorEnv) or not isinstance(
            env.single_action_space, spaces.Discrete
        ):
            raise ConfigError(
                "a VectorEnv over a World with Discrete actions", f"{env}", "Plan by the head."
            )
        self._env = env

    def reset(self, slots: int) -> None:
        """Nothing is remembered."""

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the first action of the best sequence of each slot."""
        assert self._env is not None
        world, space = self._env.world, self._env.single_action_space
        assert isinstance(space, spaces.Discrete)
        slots, count = len(observations), int(space.n)
        futures = count**self.depth
        sequences = np.stack(
            np.unravel_index(np.arange(futures), (count,) * self.depth), axis=1
        ) + int(space.start)
        state: Any = take(self._env.state, np.repeat(np.arange(slots), futures))
        weights = np.array([world.default_weights[name] for name in world.component_names])
        total = np.zeros(slots * futures)
        for step in range(self.depth):
            after = world.step(state, np.tile(sequences[:, step], slots))
            state, total = after.state, total + SOONER**step * (after.components @ weights)
        return np.asarray(sequences[total.reshape(slots, futures).argmax(axis=1), 0])
