"""Worse versions of an agent: followed now and then, or with noise on what it chooses."""

from __future__ import annotations

import numpy as np

from agents.baselines import ConstantAgent, HabitAgent, RandomAgent
from agents.protocol import Agent, Overrides
from human_wm_env.errors import ConfigError
from human_wm_env.person.actions import action_space


class DilutedAgent:
    """An agent that the person follows with a probability, else their own habit.

    Args:
        agent: acts by observations alone.
        adherence: in [0, 1].
    """

    def __init__(self, agent: Agent, adherence: float) -> None:
        if not 0.0 <= adherence <= 1.0:
            raise ConfigError("adherence in [0, 1]", f"{adherence}", "0 is the habit.")
        self.name = f"{agent.name}, followed {adherence:.0%}"
        self.agent = agent
        self.env_overrides: Overrides = {**agent.env_overrides, "adherence": adherence}

    def reset(self, slots: int) -> None:
        """Reset the agent."""
        self.agent.reset(slots)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return what the agent chooses."""
        return self.agent.act(observations)


class NoisyAgent:
    """An agent with Gaussian noise on its actions.

    Args:
        agent: acts by observations alone.
        std: of the noise.
        seed: a reset begins the same noise again.
    """

    def __init__(self, agent: Agent, std: float, seed: int = 0) -> None:
        self.name = f"{agent.name}, noise {std:g}"
        self.agent = agent
        self.env_overrides: Overrides = agent.env_overrides
        self.std, self.seed = std, seed
        self._rng = np.random.default_rng(seed)

    def reset(self, slots: int) -> None:
        """Reset the agent, and begin the noise again."""
        self.agent.reset(slots)
        self._rng = np.random.default_rng(self.seed)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return what the agent chooses, with noise, clipped."""
        actions = self.agent.act(observations)
        noise = self._rng.standard_normal(actions.shape)
        return np.clip(actions + self.std * noise, -1.0, 1.0).astype(np.float32)


def policies_of_all_qualities(
    best: Agent, *, constants: int = 8, seed: int = 0
) -> dict[str, Agent]:
    """Return policies from bad to good, for the rank correlation of two worlds.

    Args:
        best: a good agent that acts by observations alone, such as the best constant.
        constants: random constants.
        seed: of the constants and the noise.

    Returns:
        Habit, random, the typical day, random constants, and `best` diluted and with noise:
        11 + `constants` policies.
    """
    rng, space = np.random.default_rng(seed), action_space()
    found: dict[str, Agent] = {
        "habit": HabitAgent(),
        "random": RandomAgent(seed),
        "typical day": ConstantAgent(np.zeros(space.shape), "typical day"),
        best.name: best,
    }
    for adherence in (0.25, 0.5, 0.75):
        diluted = DilutedAgent(best, adherence)
        found[diluted.name] = diluted
    for std in (0.1, 0.25, 0.5, 1.0):
        noisy = NoisyAgent(best, std, seed)
        found[noisy.name] = noisy
    for number in range(constants):
        action = rng.uniform(space.low, space.high)
        name = f"constant {number + 1}"
        found[name] = ConstantAgent(action, name)
    return found
