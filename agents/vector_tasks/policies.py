"""What acts in the real environment: chance, an agent, or one that reads along with V and M."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from gymnasium import spaces

from agents.env_config import GymEnvConfig
from agents.evolution.controller import ControllerAgent
from agents.protocol import Agent
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.vector_dream.checkpoint import VectorCheckpoint, load_vector_checkpoint
from human_wm_env.vector_dream.latent_view import LatentReader
from human_wm_env.vector_dream.task import ActionCode, Task

DREAM_ID = "WorldModelDream-v0"


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


class AgentPolicy:
    """Acts as an agent that was trained in the real environment.

    Args:
        agent: acts on its observations, as it takes actions.
        task: the environment.
        slots: episodes side by side.
        chance: probability, each step, of a random action instead.
        seed: of these.
    """

    def __init__(
        self, agent: Agent, task: Task, slots: int, *, chance: float = 0.0, seed: int = 0
    ) -> None:
        self._agent, self._code = agent, task.action
        self._mix = Mixture(task.action.space, chance, seed)
        agent.reset(slots)

    def act(self, observations: np.ndarray, began: np.ndarray) -> np.ndarray:
        """Act on the observations."""
        return self._mix(self._code.from_env(self._agent.act(observations)))


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
        self._mix = Mixture(checkpoint.task.action.space, chance, seed)
        agent.reset(slots)

    def act(self, observations: np.ndarray, began: np.ndarray) -> np.ndarray:
        """Read [z, h], act, and remember what was done."""
        actions = self._mix(self._agent.act(self._reader.read(observations, began)))
        self._reader.acted(actions)
        return actions


class PerturbedPolicy:
    """Acts as controllers near a trained one: every episode has weights of its own.

    Args:
        agent: of CMA-ES, trained in the dream.
        checkpoint: V and M.
        slots: episodes side by side.
        noise: standard deviation of what is added to each weight, see `ControllerShape.act`.
        chance: probability, each step, of a random action instead.
        seed: of the draws.

    Source: Plappert et al. 2018, "Parameter space noise for exploration".
    """

    def __init__(
        self,
        agent: ControllerAgent,
        checkpoint: VectorCheckpoint,
        slots: int,
        *,
        noise: float,
        chance: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._agent, self._noise = agent, noise
        self._reader = LatentReader(checkpoint, slots)
        self._mix = Mixture(checkpoint.task.action.space, chance, seed)
        self._rng = np.random.default_rng([seed, 79])
        self._parameters = np.tile(agent.parameters, (slots, 1))

    def act(self, observations: np.ndarray, began: np.ndarray) -> np.ndarray:
        """Draw the weights of episodes that begin, read [z, h], act, and remember."""
        drawn = self._rng.standard_normal((int(began.sum()), self._parameters.shape[1]))
        self._parameters[began] = self._agent.parameters + self._noise * drawn
        seen = self._reader.read(observations, began)
        actions = self._mix(self._agent.shape.act(self._parameters, seen))
        self._reader.acted(actions)
        return actions


def policy_of(
    agent: Agent, task: Task, slots: int, *, chance: float = 0.0, seed: int = 0
) -> RealPolicy:
    """Return what acts as a trained agent does, wherever it was trained.

    Args:
        agent: trained in the environment or in a dream of it, whose folder it names.
        task: the environment.
        slots: episodes side by side.
        chance: probability, each step, of a random action instead.
        seed: of these.

    Raises:
        CheckpointError: the world model of its dream is gone, or of another environment.
        ConfigError: it was trained elsewhere.
    """
    env = getattr(agent, "env", None)
    name = getattr(env, "id", "")
    if isinstance(env, GymEnvConfig) and name.endswith(DREAM_ID):
        checkpoint = load_vector_checkpoint(env.arguments["world_model"])
        if checkpoint.task != task:
            raise CheckpointError(
                f"an agent of a dream of {task.env_id} with {task.kwargs}",
                f"one of {checkpoint.task.env_id} with {checkpoint.task.kwargs}",
                "Give the folder of another agent.",
            )
        return LatentPolicy(agent, checkpoint, slots, chance=chance, seed=seed)
    if name != task.env_id:
        raise ConfigError(
            f"an agent that was trained in {task.env_id} or in its dream",
            f"one of {name or 'no environment'}",
            "Give the folder of another agent.",
        )
    return AgentPolicy(agent, task, slots, chance=chance, seed=seed)


class Mixture:
    """Puts a random action in the place of a chosen one, now and then.

    Args:
        space: of the actions.
        chance: probability of a random one, each time.
        seed: of the draws.
    """

    def __init__(self, space: spaces.Box | spaces.Discrete, chance: float, seed: int) -> None:
        self._space, self._chance = space, chance
        self._rng = np.random.default_rng([seed, 67])

    def __call__(self, actions: np.ndarray) -> np.ndarray:
        """Return the actions, (slots, ...), some of them replaced."""
        if not self._chance:
            return actions
        at_random = self._rng.random(len(actions)) < self._chance
        drawn = draw_actions(self._space, len(actions), self._rng)
        return np.where(at_random.reshape(-1, *[1] * (actions.ndim - 1)), drawn, actions)


def draw_actions(
    space: spaces.Box | spaces.Discrete, slots: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw a controller's actions uniformly."""
    if isinstance(space, spaces.Discrete):
        return rng.integers(space.n, size=slots)
    return rng.uniform(-1.0, 1.0, (slots, *space.shape)).astype(np.float32)
