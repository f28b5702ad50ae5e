"""The settings of the distilled planner, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from agents.actor.net import ACTIVATIONS
from agents.planning.model_predictive_control import PlannerConfig
from human_wm_env.errors import ConfigError
from human_wm_env.settings import one_of


@dataclass(frozen=True)
class DistilledConfig:
    """Settings of DAgger on the planner that imagines.

    Attributes:
        rounds: of episodes; the planner acts in the first, the actor so far in those after it, and
            in all of them the planner labels each day with what it would do.
        episodes: of a round, side by side.
        planner: the search budget of the planner.
        passes: over all days so far, after each round; the planner's choices are noisy, and many
            passes learn their noise.
        batch_size: days of an update.
        width: of each hidden layer.
        layers: number of hidden layers.
        activation: of the hidden layers, tanh or softsign.
        learning_rate: the first one of each round; it falls to 0 along a cosine.
        weight_decay: of AdamW.
        amount_weight: of the squared error of the amounts, beside the cross-entropy of the picks.
        seed: of weights, people, days and noise.
    """

    rounds: int = 3
    episodes: int = 150
    planner: PlannerConfig = field(default_factory=PlannerConfig)
    passes: int = 10
    batch_size: int = 256
    width: int = 128
    layers: int = 3
    activation: str = "softsign"
    learning_rate: float = 2e-3
    weight_decay: float = 1.0
    amount_weight: float = 4.0
    seed: int = 0
    algorithm: Literal["distilled"] = "distilled"

    def __post_init__(self) -> None:
        for name in ("rounds", "episodes", "passes", "batch_size", "width", "layers"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} >= 1", f"{getattr(self, name)}", "Raise it.")
        one_of(self.activation, tuple(ACTIVATIONS), "activation")
        if not self.weight_decay >= 0.0:
            raise ConfigError("weight_decay >= 0", f"{self.weight_decay}", "0 is none.")
        for name in ("learning_rate", "amount_weight"):
            if not getattr(self, name) > 0.0:
                raise ConfigError(f"{name} > 0", f"{getattr(self, name)}", "Raise it.")
