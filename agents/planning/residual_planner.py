"""A planner that corrects a trained actor: a short search around what the actor would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Self

import numpy as np
from gymnasium import spaces

from agents.action_layout import ActionLayout
from agents.actor.actor_agent import ActorAgent
from agents.planning.cross_entropy import CrossEntropyConfig, PlanDistribution, search_plans
from agents.planning.dream_planner import ImaginingPlanner
from agents.planning.model_predictive_control import PlannerConfig
from agents.planning.plan_returns import returns_of
from agents.protocol import Arrays, Manifest, Plain
from agents.saved_folder import folder_of, read_manifest, read_weights
from human_wm_env.errors import ConfigError
from human_wm_env.person import observations

ACTORS = ("backprop", "distilled")
# A correction of 1 moves an amount by half of its range, and a logit by this.
LOGIT_REACH = 4.0
_LEFT = observations.PARTS["horizon_left"]


def _budget() -> PlannerConfig:
    search = CrossEntropyConfig(iterations=1, candidates=32, elite=6, std=0.15, momentum=0.5)
    return PlannerConfig(pieces=1, first_iterations=1, search=search, narrow_std=0.15)


@dataclass(frozen=True)
class ResidualPlannerConfig:
    """Settings of the planner that corrects an actor; its dream is that of `env`.

    Attributes:
        actor: folder of an actor (agent=backprop or agent=distilled), or of its run.
        planner: the search budget; a decision costs iterations * candidates * draws * days
            imagined days. `pieces` is 1: one correction holds for all days.
        world_model: checkpoint folder to plan with; None takes that of the environment.
        temperature: of the dream that is planned in.
    """

    actor: str = ""
    planner: PlannerConfig = field(default_factory=_budget)
    world_model: str | None = None
    temperature: float = 1.0
    algorithm: Literal["residual_planner"] = "residual_planner"

    def __post_init__(self) -> None:
        if self.planner.pieces != 1:
            raise ConfigError("planner.pieces=1", f"{self.planner.pieces}", "Leave it out.")


def load_actor(folder: str) -> ActorAgent:
    """Read the actor that is to be corrected.

    Raises:
        ConfigError: no folder is given, or its agent is no actor.
        CheckpointError: it cannot be read.
    """
    if not folder:
        raise ConfigError(
            "agent.actor, the folder of a trained actor", "none", "Train one by agent=backprop."
        )
    path = folder_of(folder)
    manifest = read_manifest(path)
    if manifest.get("algorithm") not in ACTORS:
        raise ConfigError(
            f"an actor out of {', '.join(ACTORS)} in {path}",
            repr(manifest.get("algorithm")),
            "Only their outputs are corrected.",
        )
    return ActorAgent.from_manifest(manifest, read_weights(path, manifest))


class ResidualPlanner(ImaginingPlanner):
    """Acts as the actor does, plus a correction that it searches in the person's futures.

    A correction is a number for each amount and each logit. It is judged by the returns of the
    corrected actor over the days of the budget; and kept from day to day, so that one round of
    search a day is enough.

    Args:
        actor: who is corrected.
        config: the search budget.
        world_model, temperature, reward_weights, pessimism: see `ImaginingPlanner`.
    """

    kind = "residual_planner"

    def __init__(
        self,
        actor: ActorAgent,
        config: PlannerConfig | None = None,
        *,
        world_model: str | None = None,
        temperature: float = 1.0,
        reward_weights: Mapping[str, float] | None = None,
        pessimism: float = 0.0,
    ) -> None:
        super().__init__(
            config or _budget(),
            world_model=world_model,
            temperature=temperature,
            reward_weights=reward_weights,
            pessimism=pessimism,
        )
        self.name, self.actor = self.kind, actor
        self.env_overrides = actor.env_overrides
        head = actor.head
        self._layout = ActionLayout(spaces.Box(-1.0, 1.0, (head.outputs,), np.float32))
        self._reach = np.repeat(
            np.array([1.0, LOGIT_REACH], dtype=np.float32),
            [head.amounts, head.outputs - head.amounts],
        )

    def search(self, observed: np.ndarray) -> np.ndarray:
        """Search a correction for each slot, and return what the actor does with it."""
        config, actor = self.config, self.actor
        days = self.days_ahead()
        state = self.imagine(self.entered, days, self._rng)
        per_day = 1.0 / self.entered.world.horizon

        def objective(plans: np.ndarray) -> np.ndarray:
            corrections = plans[:, :, 0] * self._reach

            def choose(part: slice, day: int, draws: int, seen: np.ndarray | None) -> np.ndarray:
                # The first day is the same for all draws, and seen as it is.
                own = np.repeat(observed[part], plans.shape[1], axis=0)
                times = 1 if seen is None else draws
                if seen is not None:
                    own = np.repeat(own, draws, axis=0)
                    left = own[:, _LEFT] - day * per_day
                    own[:, : observations.WIDTH] = seen
                    own[:, _LEFT] = left
                moved = np.repeat(corrections[part].reshape(len(own) // times, -1), times, axis=0)
                acted = actor.head.act(actor.outputs(own), moved)
                return np.repeat(acted, draws // times, axis=0)

            return returns_of(self.world, self._reward, state, plans.shape[:2], days, choose)

        kept = self._plans
        rounds = config.search.iterations
        if kept is None:
            kept = np.zeros((len(observed), 1, actor.head.outputs), dtype=np.float32)
            rounds = config.first_iterations
        std = config.search.std if self._plans is None else config.narrow_std
        begin = PlanDistribution.around(kept, std, self._layout)
        self._plans = search_plans(
            objective, begin, replace(config.search, iterations=rounds), self._rng
        )
        return actor.head.act(actor.outputs(observed), self._plans[:, 0] * self._reach)

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return settings, and the actor."""
        settings, _ = super().to_manifest()
        actor, weights = self.actor.to_manifest()
        return {**settings, "actor": {"algorithm": self.actor.kind, **actor}}, weights

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the planner that `to_manifest` described."""
        return cls(
            ActorAgent.from_manifest(manifest["actor"], weights), **cls.settings_of(manifest)
        )
