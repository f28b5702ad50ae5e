"""One evaluation from its configuration: saved agents and baselines in several worlds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.baselines import HabitAgent, RandomAgent
from agents.env_config import NO_CONTEXT, EnvConfig, with_overrides
from agents.evaluation.foresight import REPLAY_ID
from agents.evaluation.intervals import Bootstrap
from agents.evaluation.paired import Results, run_paired
from agents.planning.best_constant import SearchConfig, search_best_constant
from agents.planning.dream_planner import ImaginingPlanner
from agents.planning.mpc import PlannerConfig
from agents.planning.oracle_planner import SIMULATOR_ID, OraclePlanner
from agents.protocol import Agent
from agents.saving import MANIFEST, load_agent
from agents.starts import Starts, draw_starts
from human_wm_env.errors import ConfigError, did_you_mean

BASELINES = ("random", "habit", "best_constant", "planner", "oracle")
AGENT_FOLDER = "agent"  # inside a run's folder


@dataclass(frozen=True)
class EvaluationConfig:
    """What is compared on whom.

    The worlds' own `split`, `weather` and `pessimism` are not used: agents are judged on
    the people of `split` below, on the weather of the log, without pessimism.

    Attributes:
        baselines: out of random, habit, best_constant, planner and oracle. The two planners
            take minutes; with the oracle, scores are normalised (habit 0, oracle 100).
        split: whose people the agents are judged on.
        people: how many of them; None takes all.
        episodes_per_person: start days of each person.
        seed: of people, days, noise and the random agent.
        min_history_days: days of log before each start.
        bootstrap: settings of the intervals.
        max_slots: episodes that run side by side.
        search_world: where the best constant is searched, on `search_split`; None takes
            the last world given (the simulator, where there is one).
        search_split: people of the search, others than those of the comparison.
        search: settings of the search.
        planner: search budget of the planner that imagines; it plans in the first dream.
        oracle: search budget of the oracle planner.
        replay: also show how well agents foresee the logged days, apart from their returns.
    """

    baselines: list[str] = field(default_factory=lambda: list(BASELINES[:3]))
    split: str = "test"
    people: int | None = None
    episodes_per_person: int = 4
    seed: int = 0
    min_history_days: int = 14
    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    max_slots: int = 2000
    search_world: str | None = None
    search_split: str = "train"
    search: SearchConfig = field(default_factory=SearchConfig)
    planner: PlannerConfig = field(default_factory=PlannerConfig)
    oracle: PlannerConfig = field(default_factory=PlannerConfig)
    replay: bool = False

    def __post_init__(self) -> None:
        for name in self.baselines:
            if name not in BASELINES:
                raise ConfigError(
                    f"baselines out of {', '.join(BASELINES)}",
                    repr(name),
                    did_you_mean(name, BASELINES),
                )


def load_agents(folders: Sequence[Path | str]) -> dict[str, Agent]:
    """Load saved agents, named after their run.

    Args:
        folders: of saved agents, or of runs with a folder `agent` in them.

    Raises:
        CheckpointError: see `load_agent`.
        ConfigError: two agents would have the same name.
    """
    agents: dict[str, Agent] = {}
    for folder in folders:
        path = Path(folder)
        if not (path / MANIFEST).is_file() and (path / AGENT_FOLDER).is_dir():
            path = path / AGENT_FOLDER
        name = path.resolve().parent.name if path.name == AGENT_FOLDER else path.resolve().name
        add_agent(agents, name, load_agent(path), path)
    return agents


def evaluate_agents(
    agents: Mapping[str, Agent],
    worlds: Mapping[str, EnvConfig],
    config: EvaluationConfig,
    *,
    dataset: Any = None,
    progress: Callable[[int], object] | None = None,
) -> Results:
    """Run agents and baselines in every world on the same people, days and seeds.

    Args:
        agents: by name, as of `load_agents`.
        worlds: by name; they must share data set and horizon.
        config: what is compared on whom.
        dataset: a data set object in place of the worlds' `dataset`.
        progress: called with 1 after each agent in each world.

    Returns:
        results[world][agent]; `agents.evaluation.table` makes a table of it.

    Raises:
        ConfigError: see `starts_of` and `with_baselines`.
    """
    starts = starts_of(worlds, config, dataset=dataset)
    return run_paired(
        with_baselines(agents, worlds, config, dataset=dataset),
        worlds,
        starts,
        max_slots=config.max_slots,
        dataset=dataset,
        progress=progress,
    )


def starts_of(
    worlds: Mapping[str, EnvConfig], config: EvaluationConfig, *, dataset: Any = None
) -> Starts:
    """Draw the starts that everybody is judged on.

    Raises:
        ConfigError: no worlds, or worlds that cannot be paired.
    """
    _check_worlds(worlds)
    first = with_overrides(next(iter(worlds.values())), {"split": config.split})
    return draw_starts(
        first,
        people=config.people,
        episodes_per_person=config.episodes_per_person,
        seed=config.seed,
        min_history_days=config.min_history_days,
        dataset=dataset,
    )


def with_baselines(
    agents: Mapping[str, Agent],
    worlds: Mapping[str, EnvConfig],
    config: EvaluationConfig,
    *,
    dataset: Any = None,
) -> dict[str, Agent]:
    """Return agents and baselines by name; the best constant day is searched.

    Raises:
        ConfigError: nobody, or an agent with the name of a baseline.
    """
    for name in agents:
        if name in config.baselines:
            raise _second(name, "an agent beside the baseline", "Give the agent another name.")
    if not agents and not config.baselines:
        raise ConfigError("at least one agent or baseline", "none", "Name one.")
    return {**agents, **_baselines(worlds, config, dataset)}


def add_agent(agents: dict[str, Agent], name: str, agent: Agent, place: Path | str) -> None:
    """Add an agent under a name of its own.

    Raises:
        ConfigError: another one, or a baseline, has that name.
    """
    if name in agents or name in BASELINES:
        raise _second(name, str(place), "Rename one of them: names come from folders and files.")
    agents[name] = agent


def _second(name: str, place: str, remedy: str) -> ConfigError:
    return ConfigError("agents with names of their own", f"a second {name!r} ({place})", remedy)


def _check_worlds(worlds: Mapping[str, EnvConfig]) -> None:
    if not worlds:
        raise ConfigError("at least one world", "none", "Give the simulator, the dream, or both.")
    if any(world.id == REPLAY_ID for world in worlds.values()):
        raise ConfigError(
            "worlds that an agent can change",
            f"{REPLAY_ID}, where the log advances whatever it does",
            "Give evaluation.replay=true: its foresight is shown apart.",
        )
    for name in ("dataset", "horizon", "reward_weights"):
        values = {str(getattr(world, name)) for world in worlds.values()}
        if len(values) > 1:
            raise ConfigError(
                f"worlds with the same {name}, to be compared in pairs",
                f"{sorted(values)}",
                f"Set {name} alike in all worlds.",
            )


def _baselines(
    worlds: Mapping[str, EnvConfig], config: EvaluationConfig, dataset: Any
) -> dict[str, Agent]:
    makers: dict[str, Callable[[], Agent]] = {
        "random": lambda: RandomAgent(config.seed),
        "habit": HabitAgent,
        "best_constant": lambda: _best_constant(worlds, config, dataset),
        "planner": lambda: _planner(worlds, config),
        "oracle": lambda: OraclePlanner(config.oracle, next(iter(worlds.values())).reward_weights),
    }
    return {name: makers[name]() for name in config.baselines}


def _planner(worlds: Mapping[str, EnvConfig], config: EvaluationConfig) -> Agent:
    dreams = [world for world in worlds.values() if world.id != SIMULATOR_ID]
    first = next(iter(worlds.values()))
    return ImaginingPlanner(
        config.planner,
        world_model=dreams[0].world_model if dreams else None,
        reward_weights=first.reward_weights,
    )


def _best_constant(
    worlds: Mapping[str, EnvConfig], config: EvaluationConfig, dataset: Any
) -> Agent:
    where = config.search_world or list(worlds)[-1]
    if where not in worlds:
        raise ConfigError(
            f"a search_world out of {', '.join(worlds)}",
            repr(where),
            did_you_mean(where, worlds),
        )
    world = with_overrides(worlds[where], {"split": config.search_split, **NO_CONTEXT})
    return search_best_constant(world, config.search, dataset=dataset)
