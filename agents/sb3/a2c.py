"""A2C of stable-baselines3 (Mnih et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stable_baselines3 import A2C

from agents.sb3.config import SB3Config, hidden_layers
from agents.sb3.recipe import Recipe


@dataclass(frozen=True)
class A2CConfig(SB3Config):
    """Settings of A2C; those that are not named here are in `SB3Config`.

    Attributes:
        n_steps: days of every slot between two updates.
        gae_lambda, ent_coef, vf_coef, max_grad_norm, normalize_advantage: as in SB3.
        log_std_init: log of the first standard deviation around the first mean action.
    """

    n_steps: int = 5
    gae_lambda: float = 0.9
    ent_coef: float = 0.0
    vf_coef: float = 0.5
    max_grad_norm: float = 0.5
    normalize_advantage: bool = True
    log_std_init: float = -1.5
    algorithm: Literal["a2c"] = "a2c"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_positive("n_steps")

    @property
    def days_per_update(self) -> int:
        """Days lived in one rollout, over all slots."""
        return self.slots * self.n_steps


_NAMES = ("n_steps", "gae_lambda", "ent_coef", "vf_coef", "max_grad_norm", "normalize_advantage")

RECIPE = Recipe(
    name="a2c",
    config=A2CConfig,
    algorithm=A2C,
    policy="MlpPolicy",
    arguments=lambda config: {name: getattr(config, name) for name in _NAMES},
    policy_arguments=lambda c: {**hidden_layers(c), "log_std_init": c.log_std_init},
    head=lambda policy: policy.action_net,
    squashed=False,
)
