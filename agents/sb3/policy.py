"""Act by a policy net that stable-baselines3 trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.policies import BasePolicy

from agents.env_config import EnvConfig
from human_wm_env.errors import ConfigError


class PolicyAgent:
    """Acts by the mean of a policy, or by samples of it; recurrent ones keep their state.

    Args:
        algorithm: what trained it: "ppo", "sac" and so on.
        policy: the nets.
        config: what it was trained with.
        env: where it was trained.
        deterministic: act by the mean, not by a sample.
    """

    def __init__(
        self,
        algorithm: str,
        policy: BasePolicy,
        config: Any,
        env: EnvConfig,
        *,
        deterministic: bool = True,
    ) -> None:
        self.name = self.kind = algorithm
        self.policy = policy
        self.config = config
        self.env = env
        self.deterministic = deterministic
        self.env_overrides: Mapping[str, Any] = env.context_settings()
        self._memory: Any = None
        self._begins = True
        self._noise = torch.Generator().manual_seed(config.seed)
        policy.set_training_mode(False)

    def reset(self, slots: int) -> None:
        """Forget the last episodes, and start the noise anew so that a repeated run repeats."""
        self._memory, self._begins = None, True
        self._noise.manual_seed(self.config.seed)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the mean action, or a sample, clipped to [-1, 1].

        Raises:
            ConfigError: the observations are not as wide as those of the training.
        """
        width = self.policy.observation_space.shape
        if observations.shape[1:] != width:
            raise ConfigError(
                f"observations of shape {width}, as in training in {self.env.id}",
                f"shape {observations.shape[1:]}",
                "Make the environment with the agent's env_overrides (person_context).",
            )
        begins = np.full(len(observations), self._begins)
        # SB3 samples from Torch's global generator: lend it ours.
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self._noise.get_state())
            actions, self._memory = self.policy.predict(
                observations, self._memory, begins, deterministic=self.deterministic
            )
            self._noise.set_state(torch.get_rng_state())
        self._begins = False
        return np.clip(actions, -1.0, 1.0).astype(np.float32)
