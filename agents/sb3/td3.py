"""TD3 of stable-baselines3 (Fujimoto et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from stable_baselines3 import TD3
from stable_baselines3.common.noise import NormalActionNoise

from agents.sb3.config import OffPolicyConfig, hidden_layers
from agents.sb3.recipe import Recipe
from human_wm_env.person.actions import ACTION_WIDTH


@dataclass(frozen=True)
class TD3Config(OffPolicyConfig):
    """Settings of TD3; those that are not named here are in `OffPolicyConfig`.

    Attributes:
        noise: standard deviation of the exploration around each action.
        policy_delay, target_policy_noise, target_noise_clip: as in SB3.
    """

    noise: float = 0.2
    policy_delay: int = 2
    target_policy_noise: float = 0.1
    target_noise_clip: float = 0.3
    algorithm: Literal["td3"] = "td3"


def _arguments(config: TD3Config) -> dict[str, object]:
    names = ("buffer_size", "learning_starts", "batch_size", "gradient_steps", "tau")
    own = ("policy_delay", "target_policy_noise", "target_noise_clip")
    spread = np.full(ACTION_WIDTH, config.noise)
    return {
        **{name: getattr(config, name) for name in (*names, *own)},
        "action_noise": NormalActionNoise(np.zeros(ACTION_WIDTH), spread),
    }


RECIPE = Recipe(
    name="td3",
    config=TD3Config,
    algorithm=TD3,
    policy="MlpPolicy",
    arguments=_arguments,
    policy_arguments=hidden_layers,
    head=lambda policy: policy.actor.mu[-2],  # the last one is the tanh
    squashed=True,
)
