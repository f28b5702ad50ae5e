"""What tells one algorithm of stable-baselines3 from another; the rest is shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.utils import FloatSchedule, LinearSchedule
from torch import nn


@dataclass(frozen=True)
class Recipe:
    """How one algorithm is made.

    Attributes:
        name: of the algorithm, in manifests and tables.
        config: dataclass of its settings, a subclass of SB3Config.
        algorithm: the class of stable-baselines3 or sb3-contrib.
        policy: alias of the policy class.
        arguments: what the algorithm takes beside those that all share.
        policy_arguments: what the policy takes.
        head: the layer whose bias is the mean action of an observation of zeros.
        squashed: whether that layer's output goes through tanh.
    """

    name: str
    config: type
    algorithm: Any
    policy: str
    arguments: Callable[[Any], Mapping[str, Any]]
    policy_arguments: Callable[[Any], Mapping[str, Any]]
    head: Callable[[Any], nn.Linear]
    squashed: bool

    def make(self, config: Any, venv: Any) -> BaseAlgorithm:
        """Return the algorithm, untrained, on an environment."""
        rate = LinearSchedule(config.learning_rate, 0.0, 1.0) if config.linear_decay else None
        made: BaseAlgorithm = self.algorithm(
            policy=self.policy,
            env=venv,
            learning_rate=rate or config.learning_rate,
            gamma=config.gamma,
            stats_window_size=config.slots,
            policy_kwargs=dict(self.policy_arguments(config)),
            seed=config.seed,
            device="cpu",
            **self.arguments(config),
        )
        return made

    def build_policy(
        self, observations: spaces.Space[Any], actions: spaces.Space[Any], config: Any
    ) -> BasePolicy:
        """Return untrained nets of the shapes that a configuration asks for."""
        policy_class: Any = self.algorithm.policy_aliases[self.policy]
        schedule = FloatSchedule(config.learning_rate)
        built: BasePolicy = policy_class(
            observations, actions, schedule, **self.policy_arguments(config)
        )
        return built

    def begin_at(self, policy: Any, action: np.ndarray) -> None:
        """Move the mean of an untrained policy to an action, nearly whatever it observes."""
        head = self.head(policy)
        mean = np.arctanh(np.clip(action, -0.98, 0.98)) if self.squashed else action
        with torch.no_grad():
            if self.squashed:  # PPO's last layer begins small, theirs does not
                head.weight.mul_(0.01)
            head.bias.copy_(torch.from_numpy(np.asarray(mean, dtype=np.float32)))
        target: Any = getattr(policy, "actor_target", None)  # TD3 has one
        if target is not None:
            target.load_state_dict(policy.actor.state_dict())
