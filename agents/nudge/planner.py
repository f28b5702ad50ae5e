"""Planners of nudges: what following each would bring is imagined, its schedule is searched."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self, cast

import numpy as np

from agents.env_config import NO_CONTEXT, SIMULATORS, EnvConfig
from agents.nudge.answers import DispositionPosterior
from agents.nudge.rules import require_nudged
from agents.nudge.schedules import Outlook, Schedules, expected_returns, next_nudge
from agents.planning.dream_planner import ImaginingPlanner
from agents.planning.model_predictive_control import Planner, PlannerConfig
from agents.planning.oracle_planner import OraclePlanner
from agents.planning.plan_returns import MOST_ROWS
from agents.protocol import Arrays, Manifest, Overrides, Plain
from agents.training_session import Session
from human_wm_env.envs.scalarize import ScalarReward
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError, ResetNeededError
from human_wm_env.nudge.compliance import ComplianceTraits, Receptivity
from human_wm_env.nudge.state import NudgeState
from human_wm_env.nudge.world import BURDEN, NudgeWorld, live
from human_wm_env.worlds.person_state import PersonState
from human_wm_env.worlds.world import take


def _budget() -> PlannerConfig:
    return PlannerConfig(days=8, draws=16)


@dataclass(frozen=True)
class NudgePlannerConfig:
    """Settings of the planner that imagines people by their logs.

    Attributes:
        planner: of its `days` and `draws`: how far effects of a nudge are followed, and in how
            many futures; a decision costs (1 + nudges) * days * draws imagined days.
        world_model: checkpoint folder to imagine with; None takes that of the environment.
    """

    planner: PlannerConfig = field(default_factory=_budget)
    world_model: str | None = None
    algorithm: Literal["nudge_planner"] = "nudge_planner"


@dataclass(frozen=True)
class NudgeOracleConfig:
    """Settings of the planner that knows the true people, their compliance among it.

    Attributes:
        planner: see `NudgePlannerConfig`.
    """

    planner: PlannerConfig = field(default_factory=_budget)
    algorithm: Literal["nudge_oracle"] = "nudge_oracle"


@dataclass(frozen=True)
class _People:
    """What planners of people read of an environment, of one whose people are nudged."""

    world: Any
    state: PersonState[Any]
    starts: list[Any]


class NudgePlanning(ABC):
    """Imagines each nudge followed today and none after it, and searches when to send which.

    What following adds is the difference to the same futures without it; that people comply,
    feel burdened and quit is taken in expectation, by the compliance model.

    Args:
        name: what to call the agent.
        imagine: imagines the people.
        reward_weights: overrides of single component weights, as the environment has them.
        pessimism: penalty per unit of uncertainty of what is imagined.
    """

    def __init__(
        self,
        name: str,
        imagine: Planner,
        reward_weights: Mapping[str, float] | None,
        pessimism: float = 0.0,
    ) -> None:
        self.name = name
        self.env_overrides: Overrides = NO_CONTEXT
        self.reward_weights, self.pessimism = reward_weights, pessimism
        self._imagining = imagine
        self._env: VectorEnv | None = None
        self._rng = np.random.default_rng(imagine.config.seed)

    @abstractmethod
    def log_odds(self, state: NudgeState) -> np.ndarray:
        """Return the log-odds of complying with each nudge when fresh, float (slots, nudges)."""

    @abstractmethod
    def quit_factor(self, state: NudgeState) -> np.ndarray:
        """Return the factors on the hazard of quitting, float (slots,)."""

    def knows(self, env_id: str) -> bool:
        """Say whether people are nudged there."""
        return EnvConfig(env_id).nudged

    def enter(self, env: VectorEnv) -> None:
        """Get to know the environment whose people are nudged."""
        if not isinstance(env.world, NudgeWorld):
            raise ConfigError(
                "an environment with nudges", type(env.world).__name__, "Take HumanWMNudge-v0."
            )
        self._env, self._world = env, env.world
        self._imagining.enter(cast(VectorEnv, _People(env.world.people, env.state, env.starts)))
        weights = dict(self.reward_weights or {})
        of_nudges = ScalarReward(env.world, weights, 0.0)
        self._burden_weight = float(of_nudges.weights[of_nudges.names.index(BURDEN)])
        weights.pop(BURDEN, None)
        self._reward = ScalarReward(self._imagining.world, weights, self.pessimism)

    def reset(self, slots: int) -> None:
        """Forget the last episodes; the futures are drawn the same way again."""
        self._imagining.reset(slots)
        self._rng = np.random.default_rng(self._imagining.config.seed)

    def act(self, observations: np.ndarray) -> np.ndarray:
        """Return what is best to be sent today.

        Raises:
            ResetNeededError: the planner has entered no environment.
        """
        if self._env is None:
            raise ResetNeededError(
                "enter(env) before act()", "no environment", "Planners act for its people."
            )
        state: NudgeState = self._env.state
        # Whoever has quit began anew, and is not judged any more.
        left = max(1, self._world.horizon - int(state.person.elapsed.max()))
        days = min(self._imagining.config.days, left)
        people = cast(VectorEnv, _People(self._world.people, state.person, self._env.starts))
        futures = self._imagining.imagine(people, days, self._rng)
        returns = self._returns(futures, len(observations), days)
        model, nudges = self._world.compliance, self._world.nudges
        open_to, odds = self._world.receptivity(state), self.log_odds(state)
        today = model.tiredness * np.outer(open_to.tired, nudges.demanding[1:])
        today = today + model.weather * np.outer(open_to.bad_weather, nudges.outdoors[1:])
        outlook = Outlook(
            burden=state.burden.astype(float),
            habituation=state.habituation.astype(float),
            log_odds=odds,
            log_odds_today=odds - today,
            quit_factor=self.quit_factor(state),
            gain=returns[:, 1:] - returns[:, :1],
            reward=returns[:, 0] / days,
        )
        schedules = Schedules.of(left)
        value = expected_returns(outlook, schedules, model, self._burden_weight)
        return next_nudge(value, schedules)

    def _returns(self, futures: PersonState[Any], slots: int, days: int) -> np.ndarray:
        """Return the return of each nudge followed on the first day, float (slots, 1 + nudges)."""
        actions = len(self._world.nudges.names)
        draws = len(futures.day) // slots
        total = np.empty((slots, actions))
        together = max(1, MOST_ROWS // (draws * actions))
        for begin in range(0, slots, together):
            part = np.arange(begin, min(begin + together, slots))
            mine = part[:, None, None] * draws + np.arange(draws)
            copies = take(futures, np.repeat(mine, actions, axis=1).ravel())
            first = np.tile(np.repeat(np.arange(actions), draws), len(part))
            rewarded = np.zeros(len(first))
            for day in range(days):
                followed = first if day == 0 else np.zeros_like(first)
                after = live(self._imagining.world, self._world.nudges, copies, followed)
                rewarded += self._reward.scalar(after.components, after.extras["uncertainty"])[0]
                copies = after.state
            total[part] = rewarded.reshape(len(part), actions, draws).mean(axis=2)
        return total


class NudgePlanner(NudgePlanning):
    """Knows the masked log, what was observed since, and the compliance of the population.

    Args:
        config: its settings.
        reward_weights, pessimism: see `NudgePlanning`.
    """

    kind = "nudge_planner"

    def __init__(
        self,
        config: NudgePlannerConfig,
        reward_weights: Mapping[str, float] | None = None,
        pessimism: float = 0.0,
    ) -> None:
        imagine = ImaginingPlanner(
            config.planner, world_model=config.world_model, pessimism=pessimism
        )
        super().__init__(self.kind, imagine, reward_weights, pessimism)
        self.config = config
        self._posterior: DispositionPosterior | None = None
        self._open_to: Receptivity | None = None

    def reset(self, slots: int) -> None:
        """Forget what was learned of people."""
        super().reset(slots)
        self._posterior = self._open_to = None

    def log_odds(self, state: NudgeState) -> np.ndarray:
        """Return what the population and the answers so far say, the same for all nudges."""
        model, nudges = self._world.compliance, self._world.nudges
        if self._posterior is None or self._open_to is None:
            self._posterior = DispositionPosterior(model, len(state.sent))
        else:
            # With no disposition and no liking the log-odds are what yesterday took away.
            nobody = ComplianceTraits(*(np.zeros_like(part) for part in vars(state.own).values()))
            less = -model.log_odds(nobody, self._open_to, nudges, state.sent)
            self._posterior.take_in(less, state.shown, state.complied)
        self._open_to = self._world.receptivity(state)
        return np.repeat(self._posterior.log_odds()[:, None], len(nudges), axis=1)

    def quit_factor(self, state: NudgeState) -> np.ndarray:
        """Return the population's mean factor."""
        return np.full(len(state.sent), np.exp(0.5 * self._world.compliance.quit_sd**2))

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return its settings; it has no weights of its own."""
        settings = {"reward_weights": self.reward_weights, "pessimism": self.pessimism}
        return {"config": asdict(self.config), **settings}, {}

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the planner that `to_manifest` described."""
        kept = dict(manifest["config"])
        kept["planner"] = PlannerConfig.from_manifest(kept["planner"])
        settings = NudgePlannerConfig(**kept)
        return cls(settings, manifest["reward_weights"], manifest.get("pessimism", 0.0))


class NudgeOracle(NudgePlanning):
    """Knows the true people and their compliance, in the simulator; but no noise to come.

    Args:
        config: its settings.
        reward_weights: see `NudgePlanning`.
    """

    kind = "nudge_oracle"

    def __init__(
        self, config: NudgeOracleConfig, reward_weights: Mapping[str, float] | None = None
    ) -> None:
        super().__init__(self.kind, OraclePlanner(config.planner), reward_weights)
        self.config = config

    def knows(self, env_id: str) -> bool:
        """Say whether it is the simulator: the oracle knows no other truth."""
        return EnvConfig(env_id).nudged and env_id in SIMULATORS.values()

    def log_odds(self, state: NudgeState) -> np.ndarray:
        """Return the true ones."""
        return (state.own.disposition[:, None] + state.own.liking).astype(float)

    def quit_factor(self, state: NudgeState) -> np.ndarray:
        """Return the true ones."""
        return state.own.quit_factor.astype(float)

    def to_manifest(self) -> tuple[Plain, Arrays]:
        """Return its settings; it has no weights."""
        return {"config": asdict(self.config), "reward_weights": self.reward_weights}, {}

    @classmethod
    def from_manifest(cls, manifest: Manifest, weights: Arrays) -> Self:
        """Return the oracle that `to_manifest` described."""
        planner = PlannerConfig.from_manifest(manifest["config"]["planner"])
        return cls(NudgeOracleConfig(planner), manifest["reward_weights"])


def make_planner(config: NudgePlannerConfig, env: EnvConfig, session: Session) -> NudgePlanner:
    """Return the planner for a world with nudges; it needs no training."""
    require_nudged(env, config.algorithm)
    config = replace(config, world_model=config.world_model or env.world_model)
    return NudgePlanner(config, env.reward_weights, env.pessimism)


def make_oracle(config: NudgeOracleConfig, env: EnvConfig, session: Session) -> NudgeOracle:
    """Return the oracle for a world with nudges."""
    require_nudged(env, config.algorithm)
    return NudgeOracle(config, env.reward_weights)
