"""Act by a policy net that stable-baselines3 trained."""

from __future__ import annotations

from dataclasses import asdict
from typing import Self

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.policies import BasePolicy

from agents.env_config import AnyEnvConfig, env_from_manifest
from agents.protocol import Arrays, Manifest, Overrides, Plain
from agents.sb3.algorithms import RECIPES, first_action, picks_of
from agents.sb3.hyperparameters import SB3Config
from agents.space_json import space_from_json, space_to_json
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
        config: SB3Config,
        env: AnyEnvConfig,
        *,
        deterministic: bool = True,
    ) -> None:
        self.name = self.kind = algorithm
        self.policy = policy
        self.config = config
        self.env = env
        self.deterministic = deterministic
        self.env_overrides: Overrides = env.context_settings()
        self._memory: tuple[np.ndarray, ...] | None = None
        self._begins = True
        self._noise = torch.Generator().manual_seed(config.seed)
        policy.set_training_mode(False)

    def reset(self, slots: int) -> None:
        """Forget the last episodes, and start the noise anew so that a repeated run repeats."""
        self._memory, self._begins = None, True
        self._noise.manual_seed(self.config.seed)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return the mean action, or a sample; those of a Box clipped into it.

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
        space = self.policy.action_space
        if not isinstance(space, spaces.Box):
            return actions + first_action(space)
        return np.clip(actions, space.low, space.high).astype(np.float32)

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return spaces, settings and weights.

        Raises:
            ConfigError: its nets are not those that its settings describe.
        """
        RECIPES[self.kind].require_rebuildable(self.policy, self.config)
        entries = {
            "observation_space": space_to_json(self.policy.observation_space),
            "action_space": space_to_json(self.policy.action_space),
            "config": asdict(self.config),
            "env": asdict(self.env),
            "deterministic": self.deterministic,
        }
        if picks := picks_of(self.policy):
            entries["picks"] = [list(pick) for pick in picks.items()]
        weights = self.policy.state_dict().items()
        return entries, {name: array.detach().contiguous().cpu().numpy() for name, array in weights}

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the agent that `to_manifest` described."""
        recipe = RECIPES[manifest["algorithm"]]
        config, env = recipe.config(**manifest["config"]), env_from_manifest(manifest["env"])
        seen, acted = (space_from_json(manifest[f"{name}_space"]) for name in SPACES)
        picks = {int(column): int(count) for column, count in manifest.get("picks", [])}
        policy = recipe.build_policy(seen, acted, config, picks)
        tensors = {name: torch.from_numpy(array) for name, array in weights.items()}
        policy.load_state_dict(tensors, strict=True)
        deterministic = bool(manifest["deterministic"])
        return cls(recipe.name, policy, config, env, deterministic=deterministic)


SPACES = ("observation", "action")
