"""Settings of the agents that need no training, or only a search, so that they can be named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from agents.baselines import HabitAgent, RandomAgent
from agents.env_config import NO_CONTEXT, EnvConfig, with_overrides
from agents.planning.best_constant import SearchConfig, search_best_constant
from agents.planning.dream_planner import ImaginingPlanner
from agents.planning.model_predictive_control import PlannerConfig
from agents.planning.oracle_planner import OraclePlanner
from agents.protocol import Agent
from agents.training_session import Session


@dataclass(frozen=True)
class RandomConfig:
    """Settings of the random agent."""

    seed: int = 0
    algorithm: Literal["random"] = "random"


@dataclass(frozen=True)
class HabitConfig:
    """Settings of habit: none."""

    algorithm: Literal["habit"] = "habit"


@dataclass(frozen=True)
class BestConstantConfig:
    """Settings of the best constant day: those of its search."""

    search: SearchConfig = field(default_factory=SearchConfig)
    algorithm: Literal["best_constant"] = "best_constant"


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


@dataclass(frozen=True)
class OracleConfig:
    """Settings of the oracle planner: its search budget."""

    planner: PlannerConfig = field(default_factory=PlannerConfig)
    algorithm: Literal["oracle"] = "oracle"


def make_random(config: RandomConfig, env: EnvConfig, session: Session) -> Agent:
    """Return the random agent."""
    return RandomAgent(config.seed)


def make_habit(config: HabitConfig, env: EnvConfig, session: Session) -> Agent:
    """Return the habit."""
    return HabitAgent()


def make_best_constant(config: BestConstantConfig, env: EnvConfig, session: Session) -> Agent:
    """Search the best constant action of an environment."""
    blind = with_overrides(env, NO_CONTEXT)
    days = config.search.candidates * config.search.episodes * env.horizon
    return search_best_constant(
        blind, config.search, lambda rounds: session.report(rounds * days), dataset=session.dataset
    )


def make_planner(config: ImaginingPlannerConfig, env: EnvConfig, session: Session) -> Agent:
    """Return the planner that imagines, with the reward and pessimism of an environment."""
    return ImaginingPlanner(
        config.planner,
        world_model=config.world_model or env.world_model,
        temperature=config.temperature,
        reward_weights=env.reward_weights,
        pessimism=env.pessimism,
    )


def make_oracle(config: OracleConfig, env: EnvConfig, session: Session) -> Agent:
    """Return the oracle planner, with the reward of an environment."""
    return OraclePlanner(config.planner, env.reward_weights)
