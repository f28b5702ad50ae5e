"""What is trained for the ablation: worlds, and what each configuration switches on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agents.env_config import GymEnvConfig
from agents.protocol import Plain
from agents.transformer.agent import CONFIGS
from agents.transformer.settings import PlanningConfig, ReinforceConfig


@dataclass(frozen=True)
class Task:
    """One world of the ablation.

    Attributes:
        env_id: of the world.
        updates: of a training.
        settings: of the agent, by name; others are its defaults.
        algorithm: "reinforce" or "transformer_ppo".
        arguments: of the world in training.
        elsewhere: arguments out of the training's distribution, by what they are called.
        seeded: an argument that is the seed of the training, such as which sequence it is.
        planning_depth: steps that the planning configuration looks ahead.
        true_depth: steps of the upper bound that replans with the true transition.
    """

    env_id: str
    updates: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    algorithm: str = "reinforce"
    arguments: Plain = field(default_factory=dict)
    elsewhere: Mapping[str, Plain] = field(default_factory=dict)
    seeded: str | None = None
    planning_depth: int = 1
    true_depth: int = 1

    def env(self, seed: int, arguments: Plain | None = None) -> GymEnvConfig:
        """Return the world of a training, or another one of its kind.

        Args:
            seed: of the training.
            arguments: in place of those of the training, by name.
        """
        seeded = {} if self.seeded is None else {self.seeded: seed}
        return GymEnvConfig(self.env_id, {**self.arguments, **seeded, **(arguments or {})})

    def config(self, configuration: str, seed: int) -> ReinforceConfig:
        """Return the settings of a training."""
        base = CONFIGS[self.algorithm](steps=self.updates, seed=seed, keep_every=0)
        settings: dict[str, Any] = {**self.settings, **CONFIGURATIONS[configuration]}
        return replace(base, **settings)

    def planning(self) -> PlanningConfig:
        """Return how the planning configuration acts."""
        return PlanningConfig(depth=self.planning_depth)


# What is trained, beside the task's own settings. PLANNED acts by the nets of HEAD.
NO_HEAD, HEAD, REWARDED, PLANNED = "no head", "head", "head, rewarded", "head, planning"
CONFIGURATIONS: dict[str, dict[str, float]] = {
    NO_HEAD: {"world_model_coef": 0.0},
    HEAD: {},
    REWARDED: {"prediction_weight": 0.3},
}
