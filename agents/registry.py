"""Every agent that can be asked for by name: settings, training, and the class that is saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from agents.actor.actor_agent import ActorAgent
from agents.backprop.settings import BackpropConfig
from agents.baselines import ConstantAgent, HabitAgent, HabitConfig, RandomAgent, RandomConfig
from agents.distillation.settings import DistilledConfig
from agents.env_config import AnyEnvConfig, EnvConfig
from agents.evolution.cma_es import days_of, train_cma_es
from agents.evolution.controller import ControllerAgent
from agents.evolution.hyperparameters import CMAESConfig
from agents.nudge.planner import (
    NudgeOracle,
    NudgeOracleConfig,
    NudgePlanner,
    NudgePlannerConfig,
    make_oracle,
    make_planner,
)
from agents.nudge.rules import NudgeRule, NudgeRuleConfig, make_rule
from agents.nudge.thompson import ThompsonAgent, ThompsonConfig, train_thompson
from agents.planning.best_constant import (
    BestConstantConfig,
    last_round_days,
    search_best_constant,
)
from agents.planning.dream_planner import ImaginingPlanner, ImaginingPlannerConfig
from agents.planning.oracle_planner import OracleConfig, OraclePlanner
from agents.planning.residual_planner import (
    ResidualPlanner,
    ResidualPlannerConfig,
    load_actor,
)
from agents.protocol import Agent, SavableAgent
from agents.sb3.algorithms import RECIPES, Recipe
from agents.sb3.hyperparameters import SB3Config
from agents.sb3.policy import PolicyAgent
from agents.sb3.training import train_sb3
from agents.training_session import Session
from agents.training_state import Settings
from agents.transformer.agent import CONFIGS as TRANSFORMERS
from agents.transformer.agent import TransformerAgent
from agents.transformer.settings import ReinforceConfig
from agents.transformer.training import train_transformer
from human_wm_env.errors import ConfigError
from human_wm_env.settings import one_of


class AgentConfig(Settings, Protocol):
    """Settings of one algorithm, which they name."""

    @property
    def algorithm(self) -> str:
        """A name out of ALGORITHMS."""
        ...


Config = TypeVar("Config")
World = TypeVar("World", bound=AnyEnvConfig)


@dataclass(frozen=True)
class Algorithm(Generic[Config, World]):
    """One way to get an agent.

    Attributes:
        config: dataclass of its settings; its field `algorithm` is the name.
        train: makes the agent in an environment.
        agent: the class of what it makes, which knows how it is saved and loaded.
        days: the days that it simulates there; 0 where it needs none.
        resumable: whether it keeps a state that a session can go on from.
        measured: whether it keeps states and is measured by the days that it has simulated, as
            often as the session says.
        any_world: whether it learns in worlds that are not of people, too.
        unit: what `days` counts.
    """

    config: type[Config]
    train: Callable[[Config, World, Session], Agent]
    agent: type[SavableAgent]
    days: Callable[[Config, World], int] = field(default=lambda config, env: 0)
    resumable: bool = False
    measured: bool = True
    any_world: bool = False
    unit: str = "day"


AnyAlgorithm = Algorithm[Any, Any]


def _sb3(recipe: Recipe) -> AnyAlgorithm:
    def days(config: SB3Config, env: AnyEnvConfig) -> int:
        return config.whole_steps

    train = partial(train_sb3, recipe)
    return Algorithm(recipe.config, train, PolicyAgent, days, resumable=True, any_world=True)


def _transformer(config: type[ReinforceConfig]) -> AnyAlgorithm:
    def updates(config: ReinforceConfig, env: AnyEnvConfig) -> int:
        return config.steps

    return Algorithm(
        *(config, train_transformer, TransformerAgent, updates),
        resumable=True,
        measured=False,
        any_world=True,
        unit="update",
    )


def _backprop(config: BackpropConfig, env: AnyEnvConfig, session: Session) -> Agent:
    from agents.backprop.training import train_backprop  # of MLX, which acting does not need

    return train_backprop(config, env, session)


def _distilled(config: DistilledConfig, env: EnvConfig, session: Session) -> Agent:
    from agents.distillation.training import train_distilled

    return train_distilled(config, env, session)


def _days_of_rounds(config: DistilledConfig, env: EnvConfig) -> int:
    return config.rounds * config.episodes * env.horizon


def _days_of_updates(config: BackpropConfig, env: AnyEnvConfig) -> int:
    return config.steps * config.slots * env.horizon


def _days_of_a_round(config: BestConstantConfig, env: EnvConfig) -> int:
    return config.search.candidates * config.search.episodes * env.horizon


def _search_days(config: BestConstantConfig, env: EnvConfig) -> int:
    rounds = config.search.iterations * _days_of_a_round(config, env)
    return rounds + last_round_days(config.search, env)


def _search(config: BestConstantConfig, env: EnvConfig, session: Session) -> Agent:
    days = _days_of_a_round(config, env)
    found = search_best_constant(
        env, config.search, lambda rounds: session.report(rounds * days), dataset=session.dataset
    )
    session.report(last_round_days(config.search, env))
    return found


def _random(config: RandomConfig, env: EnvConfig, session: Session) -> Agent:
    return RandomAgent(config.seed)


def _habit(config: HabitConfig, env: EnvConfig, session: Session) -> Agent:
    return HabitAgent()


def _planner(config: ImaginingPlannerConfig, env: EnvConfig, session: Session) -> Agent:
    return ImaginingPlanner(
        config.planner,
        world_model=config.world_model or env.world_model,
        temperature=config.temperature,
        reward_weights=env.reward_weights,
        pessimism=env.pessimism,
    )


def _residual(config: ResidualPlannerConfig, env: EnvConfig, session: Session) -> Agent:
    return ResidualPlanner(
        load_actor(config.actor),
        config.planner,
        world_model=config.world_model or env.world_model,
        temperature=config.temperature,
        reward_weights=env.reward_weights,
        pessimism=env.pessimism,
    )


def _oracle(config: OracleConfig, env: EnvConfig, session: Session) -> Agent:
    return OraclePlanner(config.planner, env.reward_weights)


ALGORITHMS: dict[str, AnyAlgorithm] = {
    **{name: _sb3(recipe) for name, recipe in RECIPES.items()},
    **{name: _transformer(config) for name, config in TRANSFORMERS.items()},
    "cma_es": Algorithm(
        CMAESConfig, train_cma_es, ControllerAgent, days_of, resumable=True, any_world=True
    ),
    "backprop": Algorithm(
        *(BackpropConfig, _backprop, ActorAgent, _days_of_updates),
        resumable=True,
        any_world=True,
    ),
    "distilled": Algorithm(
        DistilledConfig, _distilled, ActorAgent, _days_of_rounds, resumable=True
    ),
    "best_constant": Algorithm(
        BestConstantConfig, _search, ConstantAgent, _search_days, measured=False
    ),
    "random": Algorithm(RandomConfig, _random, RandomAgent, measured=False),
    "habit": Algorithm(HabitConfig, _habit, HabitAgent, measured=False),
    "planner": Algorithm(ImaginingPlannerConfig, _planner, ImaginingPlanner, measured=False),
    "residual_planner": Algorithm(
        ResidualPlannerConfig, _residual, ResidualPlanner, measured=False
    ),
    "oracle": Algorithm(OracleConfig, _oracle, OraclePlanner, measured=False),
    "thompson": Algorithm(
        ThompsonConfig,
        train_thompson,
        ThompsonAgent,
        lambda config, env: config.days * config.slots,
        resumable=True,
        any_world=True,
    ),
    "nudge_rule": Algorithm(NudgeRuleConfig, make_rule, NudgeRule, measured=False),
    "nudge_planner": Algorithm(NudgePlannerConfig, make_planner, NudgePlanner, measured=False),
    "nudge_oracle": Algorithm(NudgeOracleConfig, make_oracle, NudgeOracle, measured=False),
}
# Classes that can be saved, by the kind in their manifests; of SB3 that is the algorithm.
SAVED: dict[str, type[SavableAgent]] = {
    getattr(each.agent, "kind", name): each.agent for name, each in ALGORITHMS.items()
}


def algorithm_named(name: str) -> AnyAlgorithm:
    """Return an algorithm.

    Raises:
        ConfigError: there is none of that name.
    """
    return ALGORITHMS[one_of(name, ALGORITHMS, "an algorithm")]


def as_savable(agent: Agent) -> SavableAgent | None:
    """Return the agent if it is of a class in SAVED, and no subclass of it."""
    kind = getattr(agent, "kind", None)
    return agent if type(agent) is SAVED.get(str(kind)) else None


def train_agent(config: AgentConfig, env: AnyEnvConfig, session: Session | None = None) -> Agent:
    """Get the agent that a configuration asks for.

    Args:
        config: settings of one of ALGORITHMS.
        env: where it is trained.
        session: curves, progress, state; None does without.

    Raises:
        ConfigError: the algorithm needs people, and the world is another.
    """
    algorithm = algorithm_named(config.algorithm)
    if not algorithm.any_world and not isinstance(env, EnvConfig):
        able = ", ".join(name for name, each in ALGORITHMS.items() if each.any_world)
        raise ConfigError(f"an EnvConfig for {config.algorithm}", f"{env}", f"Others take: {able}.")
    return algorithm.train(config, env, session or Session())
