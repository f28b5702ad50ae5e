"""RecurrentPPO of sb3-contrib: the masks make this a POMDP, an LSTM can remember."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sb3_contrib import RecurrentPPO

from agents.sb3.config import SB3Config, hidden_layers
from agents.sb3.ppo import check_batch, on_policy_arguments
from agents.sb3.recipe import Recipe


@dataclass(frozen=True)
class RecurrentPPOConfig(SB3Config):
    """Settings of RecurrentPPO; those that are not named here are in `SB3Config`.

    Attributes:
        n_steps, batch_size, n_epochs, gae_lambda, clip_range, ent_coef, vf_coef,
            max_grad_norm, log_std_init: as in `PPOConfig`.
        lstm_width: of the policy's memory, and of the value's.
    """

    n_steps: int = 30
    batch_size: int = 750
    n_epochs: int = 5
    gae_lambda: float = 0.9
    clip_range: float = 0.2
    ent_coef: float = 0.0
    vf_coef: float = 0.5
    max_grad_norm: float = 0.5
    log_std_init: float = -1.5
    lstm_width: int = 64
    algorithm: Literal["recurrent_ppo"] = "recurrent_ppo"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_positive("n_steps", "batch_size", "n_epochs", "lstm_width")
        check_batch(self.slots * self.n_steps, self.batch_size)

    @property
    def days_per_update(self) -> int:
        """Days lived in one rollout, over all slots."""
        return self.slots * self.n_steps


def _policy_arguments(config: RecurrentPPOConfig) -> dict[str, object]:
    return {
        **hidden_layers(config),
        "log_std_init": config.log_std_init,
        "lstm_hidden_size": config.lstm_width,
    }


RECIPE = Recipe(
    name="recurrent_ppo",
    config=RecurrentPPOConfig,
    algorithm=RecurrentPPO,
    policy="MlpLstmPolicy",
    arguments=on_policy_arguments,
    policy_arguments=_policy_arguments,
    head=lambda policy: policy.action_net,
    squashed=False,
)
