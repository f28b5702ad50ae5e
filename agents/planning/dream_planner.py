"""A planner without training: it imagines the person's futures and searches the best days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal, Self, cast

import numpy as np

from agents.planning.model_predictive_control import Planner, PlannerConfig
from agents.planning.plan_returns import with_fresh_noise
from agents.protocol import Arrays, Manifest, Plain
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.person.history import History
from human_wm_env.random_streams import Stream
from human_wm_env.runtime.world_model import load_world_model
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.person_state import PersonState
from human_wm_env.worlds.person_world import PersonWorld
from human_wm_env.worlds.starts import PersonStart


@dataclass(frozen=True)
class ImaginingPlannerConfig:
    """Settings of the planner that imagines; its dream is that of `env`.

    Attributes:
        planner: the search budget.
        world_model: checkpoint folder to plan with; None takes that of the environment.
        temperature: of the dream that is planned in.
    """

    planner: PlannerConfig = field(default_factory=PlannerConfig)
    world_model: str | None = None
    temperature: float = 1.0
    algorithm: Literal["planner"] = "planner"


class ImaginingPlanner(Planner):
    """Plans in the dream of each person's posterior, encoded again with every new day.

    It knows what an agent may know: the masked log before the start, the masked days since,
    the weekday, the forecast, and the reward. It judges plans on posterior draws, each with
    latents and noise of its own.

    Args:
        config: the search budget.
        world_model: checkpoint folder; None is the bundled one.
        temperature: of the dream that is planned in.
        reward_weights, pessimism: see `Planner`.
    """

    kind = "planner"

    def __init__(
        self,
        config: PlannerConfig | None = None,
        *,
        world_model: str | None = None,
        temperature: float = 1.0,
        reward_weights: Mapping[str, float] | None = None,
        pessimism: float = 0.0,
    ) -> None:
        super().__init__("planner", config or PlannerConfig(), reward_weights, pessimism)
        self.world_model = world_model
        self.temperature = temperature
        self._histories: list[History] = []
        self._decision = 0

    def world_of(self, env: VectorEnv) -> PersonWorld:
        """Return a dream that is as long as a plan."""
        judged = cast(PersonWorld, env.world)
        return DreamWorld(
            load_world_model(self.world_model),
            judged.dataset,
            split="all",
            horizon=self.config.days,
            adherence=judged.adherence,
            temperature=self.temperature,
            weather="chain",
            masking="none",
            uncertainty=self.pessimism > 0.0,
        )

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return its settings; it has no weights of its own."""
        names = ("world_model", "temperature", "reward_weights", "pessimism")
        settings = {name: getattr(self, name) for name in names}
        return {"config": asdict(self.config), **settings}, {}

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the planner that `to_manifest` described."""
        return cls(**cls.settings_of(manifest))

    @staticmethod
    def settings_of(manifest: Manifest) -> Plain:
        """Return the arguments that `to_manifest` described."""
        return {
            "config": PlannerConfig.from_manifest(manifest["config"]),
            "world_model": manifest["world_model"],
            "temperature": float(manifest["temperature"]),
            "reward_weights": manifest["reward_weights"],
            "pessimism": float(manifest["pessimism"]),
        }

    def knows(self, env_id: str) -> bool:
        """Return True: people with a log are all it needs."""
        return True

    def reset(self, slots: int) -> None:
        """Forget plans and people."""
        super().reset(slots)
        self._histories, self._decision = [], 0

    def imagine(self, env: VectorEnv, days: int, rng: np.random.Generator) -> PersonState:
        """Return posterior draws as of the day before the one to be decided."""
        now = env.state
        if not self._histories:
            self._histories = [self.world.history_of(start) for start in env.starts]
        else:
            self._histories = [
                history.followed_by(now.row[[slot]], now.observed[[slot]])
                for slot, history in enumerate(self._histories)
            ]
        slots, draws = len(self._histories), self.config.draws
        self._decision += 1
        starts, streams = [], []
        for slot, history in enumerate(self._histories):
            start = PersonStart(-1, history.days, 0, history)
            for draw in range(draws):
                key = (self.config.seed, slot * draws + draw, self._decision)
                starts.append(start)
                streams.append(Stream(key, key))
        state, _ = self.world.reset(starts, streams)
        of_slot = np.repeat(np.arange(slots), draws)
        known = now.forecast[of_slot]
        state = replace(
            state,
            forecast=np.where(known >= 0, known, state.forecast),
            baseline=replace(
                now.baseline,
                heart_rate=now.baseline.heart_rate[of_slot],
                habit=now.baseline.habit[of_slot],
            ),
        )
        return with_fresh_noise(state, self.world, slots, days, rng)
