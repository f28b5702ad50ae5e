"""The upper bound: a planner that knows the true traits and the simulator's equations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal, Self

import numpy as np

from agents.planning.model_predictive_control import Planner, PlannerConfig
from agents.planning.plan_returns import repeated, with_fresh_noise
from agents.protocol import Arrays, Manifest, Plain
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.registration import make_simulator
from human_wm_env.worlds.person_state import PersonState
from human_wm_env.worlds.person_world import PersonWorld
from human_wm_env.worlds.simulator import SimulatorWorld

SIMULATOR_ID = "HumanWMSim-v0"


@dataclass(frozen=True)
class OracleConfig:
    """Settings of the oracle planner.

    Attributes:
        planner: its search budget.
    """

    planner: PlannerConfig = field(default_factory=PlannerConfig)
    algorithm: Literal["oracle"] = "oracle"


class OraclePlanner(Planner):
    """Plans from the true hidden state of each person, in the simulator itself.

    It knows everything but the future: noise and weather to come are drawn anew.

    Args:
        config: the search budget.
        reward_weights: overrides of single component weights, as the environment has them.
    """

    kind = "oracle"

    def __init__(
        self,
        config: PlannerConfig | None = None,
        reward_weights: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__("oracle", config or PlannerConfig(), reward_weights)

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return its settings; it has no weights."""
        return {"config": asdict(self.config), "reward_weights": self.reward_weights}, {}

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the planner that `to_manifest` described."""
        return cls(PlannerConfig.from_manifest(manifest["config"]), manifest["reward_weights"])

    def knows(self, env_id: str) -> bool:
        """Say whether it is the simulator: the oracle knows no other truth."""
        return env_id == SIMULATOR_ID

    def world_of(self, env: VectorEnv) -> PersonWorld:
        """Return a simulator whose weather is drawn, whatever the judged one does."""
        if not isinstance(env.world, SimulatorWorld):
            raise ConfigError(
                "the simulator", type(env.world).__name__, "The oracle knows no other world."
            )
        return make_simulator(  # type: ignore[return-value]
            dataset=env.world.embedded,
            split="all",
            horizon=env.world.horizon,
            adherence=env.world.adherence,
            weather="chain",
            masking="none",
        )

    def imagine(self, env: VectorEnv, days: int, rng: np.random.Generator) -> PersonState:
        """Return the true states with futures of their own."""
        slots = len(env.state.day)
        # Only one day of noise is kept while copying: it is replaced anyway.
        bare = replace(env.state, normal=env.state.normal[:, :1], uniform=env.state.uniform[:, :1])
        copies = repeated(bare, self.config.draws)
        return with_fresh_noise(copies, self.world, slots, days, rng)
