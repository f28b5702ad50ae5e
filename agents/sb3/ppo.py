"""PPO of stable-baselines3 (Schulman et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from stable_baselines3 import PPO

from agents.sb3.config import SB3Config, hidden_layers
from agents.sb3.recipe import Recipe
from human_wm_env.errors import ConfigError


@dataclass(frozen=True)
class PPOConfig(SB3Config):
    """Settings of PPO; those that are not named here are in `SB3Config`.

    Attributes:
        n_steps: days of every slot in one rollout.
        batch_size: must divide slots * n_steps.
        n_epochs: passes over each rollout.
        gae_lambda, clip_range, ent_coef, vf_coef, max_grad_norm: as in SB3.
        log_std_init: log of the first standard deviation around the first mean action.
    """

    n_steps: int = 30
    batch_size: int = 750
    n_epochs: int = 10
    gae_lambda: float = 0.9
    clip_range: float = 0.2
    ent_coef: float = 0.0
    vf_coef: float = 0.5
    max_grad_norm: float = 0.5
    log_std_init: float = -0.8
    algorithm: Literal["ppo"] = "ppo"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_positive("n_steps", "batch_size", "n_epochs")
        check_batch(self.slots * self.n_steps, self.batch_size)

    @property
    def days_per_update(self) -> int:
        """Days lived in one rollout, over all slots."""
        return self.slots * self.n_steps


def check_batch(rollout: int, batch_size: int) -> None:
    """Raise ConfigError where batches do not fill a rollout."""
    if rollout % batch_size or batch_size < 2:
        raise ConfigError(
            f"a batch_size >= 2 that divides slots * n_steps = {rollout}",
            f"{batch_size}",
            "Choose a divisor, or other slots or n_steps.",
        )


def on_policy_arguments(config: Any) -> dict[str, Any]:
    """Return what PPO and RecurrentPPO take of their settings."""
    names = ("n_steps", "batch_size", "n_epochs", "gae_lambda", "clip_range", "ent_coef")
    return {name: getattr(config, name) for name in (*names, "vf_coef", "max_grad_norm")}


RECIPE = Recipe(
    name="ppo",
    config=PPOConfig,
    algorithm=PPO,
    policy="MlpPolicy",
    arguments=on_policy_arguments,
    policy_arguments=lambda c: {**hidden_layers(c), "log_std_init": c.log_std_init},
    head=lambda policy: policy.action_net,
    squashed=False,
)
