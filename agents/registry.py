"""Every agent that can be asked for by name: its settings, and how it comes about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from agents import baseline_configs
from agents.env_config import EnvConfig
from agents.evolution import cma_es
from agents.planning.best_constant import last_round_days
from agents.protocol import Agent
from agents.sb3.algorithms import RECIPES
from agents.sb3.training import train_sb3
from agents.training_session import Session
from human_wm_env.errors import ConfigError, did_you_mean

Train = Callable[[Any, EnvConfig, Session], Agent]


@dataclass(frozen=True)
class Algorithm:
    """One way to get an agent.

    Attributes:
        config: dataclass of its settings; its field `algorithm` is the name.
        train: makes the agent in an environment.
        days: the days that it lives there; 0 where it needs none.
        resumable: whether it keeps a state that a session can go on from.
    """

    config: type
    train: Train
    days: Callable[[Any, EnvConfig], int] = lambda config, env: 0
    resumable: bool = False


def _search_days(config: Any, env: EnvConfig) -> int:
    search = config.search
    rounds = search.iterations * search.candidates * search.episodes * env.horizon
    return int(rounds) + last_round_days(search, env)


def _best_constant(config: Any, env: EnvConfig, session: Session) -> Agent:
    found = baseline_configs.make_best_constant(config, env, session)
    session.report(last_round_days(config.search, env))
    return found


ALGORITHMS: dict[str, Algorithm] = {
    **{
        name: Algorithm(
            recipe.config,
            partial(train_sb3, recipe),
            lambda config, env: config.whole_steps,
            resumable=True,
        )
        for name, recipe in RECIPES.items()
    },
    "cma_es": Algorithm(cma_es.CMAESConfig, cma_es.train_cma_es, cma_es.days_of, resumable=True),
    "best_constant": Algorithm(baseline_configs.BestConstantConfig, _best_constant, _search_days),
    "random": Algorithm(baseline_configs.RandomConfig, baseline_configs.make_random),
    "habit": Algorithm(baseline_configs.HabitConfig, baseline_configs.make_habit),
    "planner": Algorithm(baseline_configs.ImaginingPlannerConfig, baseline_configs.make_planner),
    "oracle": Algorithm(baseline_configs.OracleConfig, baseline_configs.make_oracle),
}


def algorithm_named(name: str) -> Algorithm:
    """Return an algorithm.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in ALGORITHMS:
        raise ConfigError(
            f"an algorithm out of {', '.join(ALGORITHMS)}",
            repr(name),
            did_you_mean(name, ALGORITHMS),
        )
    return ALGORITHMS[name]


def train_agent(config: Any, env: EnvConfig, session: Session | None = None) -> Agent:
    """Get the agent that a configuration asks for.

    Args:
        config: settings of one of ALGORITHMS.
        env: where it is trained.
        session: curves, progress, state; None does without.
    """
    return algorithm_named(config.algorithm).train(config, env, session or Session())
