"""The settings of the distilled planner, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from agents.planning.model_predictive_control import PlannerConfig
from human_wm_env.errors import ConfigError


@dataclass(frozen=True)
class DistilledConfig:
    """Settings of DAgger on the planner that imagines.

    Attributes:
        rounds: of episodes; the planner acts in the first, the actor so far in those after it, and
            in all of them the planner labels each day with what it would do.
        episodes: of a round, side by side.
        planner: the search budget of the planner.
        passes: over all days so far, after each round.
        batch_size: days of an update.
        width: of each hidden layer.
        layers: number of hidden layers.
        learning_rate: the first one of each round; it falls to 0 along a cosine.
        amount_weight: of the squared error of the amounts, beside the cross-entropy of the picks.
        seed: of weights, people, days and noise.
    """

    rounds: int = 3
    episodes: int = 150
    planner: PlannerConfig = field(default_factory=PlannerConfig)
    passes: int = 30
    batch_size: int = 256
    width: int = 128
    layers: int = 2
    learning_rate: float = 3e-3
    amount_weight: float = 4.0
    seed: int = 0
    algorithm: Literal["distilled"] = "distilled"

    def __post_init__(self) -> None:
        for name in ("rounds", "episodes", "passes", "batch_size", "width", "layers"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} >= 1", f"{getattr(self, name)}", "Raise it.")
        for name in ("learning_rate", "amount_weight"):
            if not getattr(self, name) > 0.0:
                raise ConfigError(f"{name} > 0", f"{getattr(self, name)}", "Raise it.")
