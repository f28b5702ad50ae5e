"""Controllers of all qualities on what a dream shows, to compare dream and reality."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from gymnasium import spaces

from agents.env_config import GymEnvConfig
from agents.evolution.controller import ControllerAgent, ControllerShape
from agents.evolution.hyperparameters import CMAESConfig
from agents.protocol import Agent, Overrides
from agents.vector_tasks.policies import DREAM_ID, Mixture
from human_wm_env.vector_dream.checkpoint import VectorCheckpoint

RANDOM = "random"
CHANCES = (0.1, 0.25, 0.5, 0.75)
FEWEST, AT_RANDOM = 20, 10
LARGE_WEIGHTS = 3.0


class DilutedAgent:
    """An agent whose action gives way to a random one, now and then.

    Args:
        agent: acts on what the dream shows.
        space: of the actions.
        chance: probability, each step, of a random action.
        seed: a reset begins the same draws again.
        name: in tables; None says what it is made of.
    """

    def __init__(
        self,
        agent: Agent,
        space: spaces.Box | spaces.Discrete,
        chance: float,
        seed: int = 0,
        name: str | None = None,
    ) -> None:
        self.name = f"{agent.name}, {chance:.0%} random" if name is None else name
        self.env_overrides: Overrides = agent.env_overrides
        self._agent, self._space, self._chance, self._seed = agent, space, chance, seed
        self._mix = Mixture(space, chance, seed)

    def reset(self, slots: int) -> None:
        """Reset the agent, and begin the draws again."""
        self._agent.reset(slots)
        self._mix = Mixture(self._space, self._chance, self._seed)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the agent's action or a random one."""
        return self._mix(self._agent.act(observations))


def controllers_of_all_qualities(
    trained: Mapping[str, Agent], checkpoint: VectorCheckpoint, seed: int = 0
) -> dict[str, Agent]:
    """Return trained agents, worse versions of them, and controllers that nobody trained.

    Args:
        trained: at least one agent, by name.
        checkpoint: V and M that they read.
        seed: of the draws.

    Returns:
        By name, at least `FEWEST`: `RANDOM`, each agent and it with 10 to 75% random actions, and
        at least `AT_RANDOM` linear controllers on z with drawn weights.
    """
    size, space = checkpoint.architecture, checkpoint.task.action.space
    rng = np.random.default_rng(np.random.SeedSequence([seed, 73]))
    width = size.features
    env = GymEnvConfig(DREAM_ID)
    count = checkpoint.task.action.count
    shape = ControllerShape(
        size.latent, 0, checkpoint.task.action.width, discrete=count > 0, width=width
    )
    found: dict[str, Agent] = {}
    others = 1 + len(trained) * (1 + len(CHANCES))
    for number in range(max(AT_RANDOM, FEWEST - others)):
        weights = rng.normal(0.0, LARGE_WEIGHTS, shape.parameters)
        found[f"drawn {number + 1}"] = ControllerAgent(shape, weights, CMAESConfig(), env)
    found[RANDOM] = DilutedAgent(found["drawn 1"], space, 1.0, seed, RANDOM)
    for name, agent in trained.items():
        found[name] = agent
        for chance in CHANCES:
            diluted = DilutedAgent(agent, space, chance, seed)
            found[f"{name}, {chance:.0%} random"] = diluted
    return found
