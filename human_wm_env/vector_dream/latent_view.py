"""The real environment as a controller of the dream sees it: V and M read along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from human_wm_env.errors import CheckpointError
from human_wm_env.vector_dream.checkpoint import VectorCheckpoint, as_checkpoint
from human_wm_env.vector_dream.nets import LATENT_BOUND, VectorNets
from human_wm_env.worlds.action_batch import action_batch


class LatentReader:
    """Turns observations of many slots into [z, h], step by step.

    Args:
        checkpoint: V and M.
        slots: episodes side by side.
    """

    def __init__(self, checkpoint: VectorCheckpoint, slots: int) -> None:
        self._nets, self._task = VectorNets(checkpoint), checkpoint.task
        self._h = np.zeros((slots, checkpoint.architecture.memory), dtype=np.float32)
        self._z = np.zeros((slots, checkpoint.architecture.latent), dtype=np.float32)

    def read(self, observations: np.ndarray, began: np.ndarray) -> np.ndarray:
        """Return features (slots, latent + memory), float32.

        Args:
            observations: (slots, width), of the environment.
            began: bool (slots,), where a new episode begins: its memory is empty.
        """
        self._h[began] = 0.0
        self._z = self._nets.latents(observations)
        return np.concatenate([self._z, self._h], axis=1, dtype=np.float32)

    def acted(self, actions: np.ndarray) -> None:
        """Remember what a controller did on the features read last."""
        self._h = self._nets.remember(self._h, self._z, self._task.action.encode(actions))


class LatentView(gym.Wrapper[np.ndarray, np.ndarray, np.ndarray, np.ndarray]):
    """A real environment with the observations and actions of its dream.

    What is trained in `WorldModelDream-v0` acts here unchanged.

    Args:
        env: the environment that the world model is of.
        world_model: checkpoint folder, or the checkpoint.

    Raises:
        CheckpointError: it is of another environment.
    """

    def __init__(self, env: gym.Env[Any, Any], world_model: str | Path | VectorCheckpoint) -> None:
        super().__init__(env)
        checkpoint = as_checkpoint(world_model)
        check_same_env(checkpoint, env)
        self._reader, self._code = LatentReader(checkpoint, 1), checkpoint.task.action
        size = checkpoint.architecture
        bound = np.repeat([LATENT_BOUND, 1.0], [size.latent, size.memory]).astype(np.float32)
        self.observation_space = spaces.Box(-bound, bound, dtype=np.float32)
        self.action_space = self._code.space  # type: ignore[assignment]

    def reset(self, **settings: Any) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode with an empty memory."""
        observation, info = self.env.reset(**settings)
        return self._reader.read(observation[None], np.array([True]))[0], info

    def step(self, action: np.ndarray) -> tuple[np.ndarray, Any, bool, bool, dict[str, Any]]:
        """Act as in the dream."""
        batch = action_batch(self.action_space, action, None)
        self._reader.acted(batch)
        observation, *rest = self.env.step(self._code.to_env(batch)[0])
        return self._reader.read(observation[None], np.array([False]))[0], *rest


def check_same_env(checkpoint: VectorCheckpoint, env: gym.Env[Any, Any]) -> None:
    """Refuse an environment that a world model is not of, with a CheckpointError."""
    task = checkpoint.task
    found = env.spec.id if env.spec is not None else type(env).__name__
    if found != task.env_id or env.observation_space.shape != (task.observation_width,):
        raise CheckpointError(
            f"the environment of the world model, {task.env_id} with {task.kwargs}, "
            f"{task.observation_width} entries an observation",
            f"{found}, {env.observation_space.shape}",
            "Make that one, or give the checkpoint of this one.",
        )
