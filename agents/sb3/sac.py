"""SAC of stable-baselines3 (Haarnoja et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stable_baselines3 import SAC

from agents.sb3.config import OffPolicyConfig, hidden_layers
from agents.sb3.recipe import Recipe


@dataclass(frozen=True)
class SACConfig(OffPolicyConfig):
    """Settings of SAC; those that are not named here are in `OffPolicyConfig`.

    Attributes:
        log_std_init: of the policy's first standard deviation.
        first_entropy: first weight of the entropy, which is then learned.
        target_entropy: per action dimension; SB3's own is -1.
    """

    log_std_init: float = -2.0
    first_entropy: float = 0.05
    target_entropy: float = -1.0
    algorithm: Literal["sac"] = "sac"


def _arguments(config: SACConfig) -> dict[str, object]:
    names = ("buffer_size", "learning_starts", "batch_size", "gradient_steps", "tau")
    return {
        **{name: getattr(config, name) for name in names},
        "ent_coef": f"auto_{config.first_entropy}",
        "target_entropy": 7.0 * config.target_entropy,
    }


RECIPE = Recipe(
    name="sac",
    config=SACConfig,
    algorithm=SAC,
    policy="MlpPolicy",
    arguments=_arguments,
    policy_arguments=lambda c: {**hidden_layers(c), "log_std_init": c.log_std_init},
    head=lambda policy: policy.actor.mu,
    squashed=True,
)
