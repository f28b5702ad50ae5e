"""Plan by imagining: search the days to come in a world, act out the first, plan again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from agents.action_layout import PERSON_ACTIONS
from agents.env_config import NO_CONTEXT
from agents.planning.cross_entropy import CrossEntropyConfig, PlanDistribution, search_plans
from agents.planning.plan_returns import imagined_returns
from agents.protocol import Manifest, Overrides
from human_wm_env.envs.scalarize import ScalarReward
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError, ResetNeededError
from human_wm_env.worlds.person_state import PersonState
from human_wm_env.worlds.person_world import PersonWorld


@dataclass(frozen=True)
class PlannerConfig:
    """The search budget of a planner.

    A decision costs iterations * candidates * draws * days imagined days; the first one of
    an episode costs `first_iterations` in their place.

    Attributes:
        days: how far a plan looks ahead, never beyond the end of the episode.
        pieces: actions in a plan: the first days have one each, the last one is kept.
        draws: futures that each plan is judged on, the same for all plans of a person.
        first_iterations: rounds of the first search of an episode, which begins broad.
        search: of one decision.
        narrow_std: standard deviation around yesterday's plan that later searches begin with.
        seed: of the plans and the futures.
    """

    days: int = 8
    pieces: int = 2
    draws: int = 8
    first_iterations: int = 12
    search: CrossEntropyConfig = field(default_factory=lambda: CrossEntropyConfig(iterations=3))
    narrow_std: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("days", "pieces", "draws", "first_iterations"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} >= 1", f"{getattr(self, name)}", "Raise it.")
        if self.narrow_std <= 0.0:
            raise ConfigError("narrow_std > 0", f"{self.narrow_std}", "Raise it.")

    @classmethod
    def from_manifest(cls, settings: Manifest) -> PlannerConfig:
        """Return the configuration that was written down with `asdict`."""
        return cls(**{**settings, "search": CrossEntropyConfig(**settings["search"])})


class Planner(ABC):
    """Searches in a world of its own, whose states it begins anew for every decision.

    Args:
        name: what to call the agent.
        config: the search budget.
        reward_weights: overrides of single component weights, as the environment has them.
        pessimism: penalty per unit of uncertainty in imagined returns.
    """

    def __init__(
        self,
        name: str,
        config: PlannerConfig,
        reward_weights: Mapping[str, float] | None = None,
        pessimism: float = 0.0,
    ) -> None:
        self.name = name
        self.env_overrides: Overrides = NO_CONTEXT
        self.config = config
        self.reward_weights = reward_weights
        self.pessimism = pessimism
        self._env: VectorEnv | None = None
        self._plans: np.ndarray | None = None
        self._rng = np.random.default_rng(config.seed)

    @abstractmethod
    def knows(self, env_id: str) -> bool:
        """Say whether it can act in an environment."""

    @abstractmethod
    def imagine(self, env: VectorEnv, days: int, rng: np.random.Generator) -> PersonState:
        """Return states to plan from, (slots * draws): what the planner knows before the day."""

    @abstractmethod
    def world_of(self, env: VectorEnv) -> PersonWorld:
        """Return the world to plan in."""

    def enter(self, env: VectorEnv) -> None:
        """Get to know the environment whose people are planned for."""
        self._env = env
        self.world = self.world_of(env)
        self._reward = ScalarReward(self.world, self.reward_weights, self.pessimism)

    def reset(self, slots: int) -> None:
        """Forget the plans of the last episodes; the search begins the same way again."""
        self._plans = None
        self._rng = np.random.default_rng(self.config.seed)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Search, and return the first day of the plans.

        Raises:
            ResetNeededError: the planner has entered no environment.
        """
        if self._env is None:
            raise ResetNeededError(
                "enter(env) before act()", "no environment", "Planners act for its people."
            )
        return self.search(observations)

    @property
    def entered(self) -> VectorEnv:
        """The environment whose people are planned for."""
        assert self._env is not None, "`act` refuses to search before `enter`"
        return self._env

    def days_ahead(self) -> int:
        """Return how many days a plan is judged on: not beyond the end of the episode."""
        left = int((self.entered.world.horizon - self.entered.state.elapsed).min())
        return max(1, min(self.config.days, left))

    def search(self, observations: np.ndarray) -> np.ndarray:
        """Search plans, and return their first days, float32 (slots, 7)."""
        config, slots, days = self.config, len(observations), self.days_ahead()
        state = self.imagine(self.entered, days, self._rng)

        def objective(plans: np.ndarray) -> np.ndarray:
            return imagined_returns(self.world, self._reward, state, plans, days)

        if self._plans is None:
            begin = PlanDistribution.broad(slots, config.pieces, config.search.std, PERSON_ACTIONS)
            search = replace(config.search, iterations=config.first_iterations)
        else:
            begin = PlanDistribution.around(self._plans, config.narrow_std, PERSON_ACTIONS)
            search = config.search
        plans = search_plans(objective, begin, search, self._rng)
        self._plans = np.concatenate([plans[:, 1:], plans[:, -1:]], axis=1)
        return plans[:, 0]
