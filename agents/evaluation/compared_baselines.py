"""The agents that an evaluation has beside those it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gymnasium import spaces

from agents.baselines import HabitAgent, RandomAgent
from agents.env_config import NO_CONTEXT, SIMULATORS, EnvConfig, with_overrides
from agents.evaluation.settings import EvaluationConfig
from agents.nudge.planner import NudgeOracle, NudgeOracleConfig, NudgePlanner, NudgePlannerConfig
from agents.nudge.rules import NudgeRule, NudgeRuleConfig
from agents.planning.best_constant import search_best_constant
from agents.planning.dream_planner import ImaginingPlanner
from agents.planning.oracle_planner import OraclePlanner
from agents.protocol import Agent
from human_wm_env.errors import ConfigError
from human_wm_env.nudge.nudges import read_nudges
from human_wm_env.people.embedded import Dataset
from human_wm_env.settings import one_of


def make_baselines(
    worlds: Mapping[str, EnvConfig], config: EvaluationConfig, dataset: Dataset | None
) -> dict[str, Agent]:
    """Return the baselines of an evaluation by name; the best constant day is searched.

    Raises:
        ConfigError: a baseline that these worlds do not have.
    """
    first = next(iter(worlds.values()))
    if first.nudged:
        return _nudging_baselines(first, worlds, config)
    makers: dict[str, Callable[[], Agent]] = {
        "random": lambda: RandomAgent(config.seed),
        "habit": HabitAgent,
        "best_constant": lambda: _best_constant(worlds, config, dataset),
        "planner": lambda: _planner(worlds, config),
        "oracle": lambda: OraclePlanner(config.oracle, first.reward_weights),
    }
    return {name: makers[name]() for name in config.baselines}


def _nudging_baselines(
    first: EnvConfig, worlds: Mapping[str, EnvConfig], config: EvaluationConfig
) -> dict[str, Agent]:
    """Return baselines where people are nudged: habit is to send nothing."""
    if "best_constant" in config.baselines:
        raise ConfigError(
            f"no best_constant among the baselines of {first.id}",
            f"{config.baselines}",
            "Give evaluation.baselines=[random,habit], and fixed rules as agents (nudge_rule).",
        )
    count, weights = len(read_nudges(first.nudges).names), first.reward_weights
    model = _dream_model(worlds)
    makers: dict[str, Callable[[], Agent]] = {
        "random": lambda: RandomAgent(config.seed, spaces.Discrete(count)),
        "habit": lambda: NudgeRule(NudgeRuleConfig(), 0),
        "planner": lambda: NudgePlanner(NudgePlannerConfig(config.planner, model), weights),
        "oracle": lambda: NudgeOracle(NudgeOracleConfig(config.oracle), weights),
    }
    return {name: makers[name]() for name in config.baselines}


def _planner(worlds: Mapping[str, EnvConfig], config: EvaluationConfig) -> Agent:
    first = next(iter(worlds.values()))
    return ImaginingPlanner(
        config.planner,
        world_model=_dream_model(worlds),
        reward_weights=first.reward_weights,
    )


def _dream_model(worlds: Mapping[str, EnvConfig]) -> str | None:
    """Return the world model of the first dream."""
    dreams = [world for world in worlds.values() if world.id not in SIMULATORS.values()]
    return dreams[0].world_model if dreams else None


def _best_constant(
    worlds: Mapping[str, EnvConfig], config: EvaluationConfig, dataset: Dataset | None
) -> Agent:
    where = one_of(config.search_world or list(worlds)[-1], worlds, "a search_world")
    world = with_overrides(worlds[where], {"split": config.search_split, **NO_CONTEXT})
    return search_best_constant(world, config.search, dataset=dataset)
