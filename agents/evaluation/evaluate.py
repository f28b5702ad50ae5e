"""One evaluation from its configuration: saved agents and baselines in several worlds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from gymnasium import spaces

from agents.baselines import HabitAgent, RandomAgent
from agents.env_config import NO_CONTEXT, SIMULATORS, EnvConfig, with_overrides
from agents.episode_starts import Starts, draw_starts
from agents.evaluation.advice import beside_constant
from agents.evaluation.bootstrap_intervals import Bootstrap, Interval
from agents.evaluation.inflation import compare_worlds
from agents.evaluation.off_policy import OffPolicyConfig
from agents.evaluation.off_policy_agents import estimate_agents, judged_by_logs
from agents.evaluation.paired_runs import Results, run_paired
from agents.evaluation.replay_foresight import REPLAY_ID, run_replay, summarise_foresight
from agents.evaluation.scores import headroom
from agents.evaluation.summary_table import summarise, table_rows
from agents.nudge.planner import NudgeOracle, NudgeOracleConfig, NudgePlanner, NudgePlannerConfig
from agents.nudge.rules import NudgeRule, NudgeRuleConfig
from agents.planning.best_constant import SearchConfig, search_best_constant
from agents.planning.dream_planner import ImaginingPlanner
from agents.planning.model_predictive_control import PlannerConfig
from agents.planning.oracle_planner import OraclePlanner
from agents.protocol import Agent, Plain
from agents.rollout import Episodes
from agents.saved_folder import AGENT_FOLDER, folder_of
from agents.saving import load_agent
from human_wm_env.errors import ConfigError
from human_wm_env.notebook_html import html_table
from human_wm_env.nudge.nudges import read_nudges
from human_wm_env.people.embedded import Dataset
from human_wm_env.settings import one_of

BASELINES = ("random", "habit", "best_constant", "planner", "oracle")
TRUTH = "simulator"
FIT_WINDOWS = 8  # of each person that Q is fitted to


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
            one_of(name, BASELINES, "baselines")

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing without their baseline, and why."""
        needed = dict.fromkeys(("search", "search_world"), "best_constant")
        needed |= {"planner": "planner", "oracle": "oracle"}
        return {
            name: f"It is of the baseline {baseline}: name that in evaluation.baselines, too."
            for name, baseline in needed.items()
            if baseline not in self.baselines
        }


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
        path = folder_of(folder)
        name = path.resolve().parent.name if path.name == AGENT_FOLDER else path.resolve().name
        add_agent(agents, name, load_agent(path), path)
    return agents


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        results: results[world][agent].
        replayed: by agent, in the replay; empty where it was not asked for.
        estimates: by agent, from the log alone, as plain numbers; likewise.
        bootstrap: settings of the intervals.
    """

    results: Results
    replayed: dict[str, Episodes]
    estimates: dict[str, Plain]
    bootstrap: Bootstrap

    @cached_property
    def summary(self) -> dict[str, dict[str, Plain]]:
        """summary[world][agent], see `agents.evaluation.summary_table.summarise`."""
        return summarise(self.results, self.bootstrap)

    def _repr_html_(self) -> str:
        rows = table_rows(self.summary, TRUTH)
        return html_table(
            "Mean returns, and differences over people, with their intervals",
            list(rows[0]),
            [["-" if cell is None else str(cell) for cell in row.values()] for row in rows],
        )

    @cached_property
    def foresight(self) -> dict[str, Plain]:
        """How well agents foresee the logged days, see `summarise_foresight`."""
        return summarise_foresight(self.replayed, self.bootstrap)

    @cached_property
    def transfer(self) -> dict[str, Plain]:
        """Inflation and rank correlation of each dream, where truth and habit took part."""
        truth = self.results.get(TRUTH, {})
        if "habit" not in truth:
            return {}
        return {
            world: compare_worlds(of_agents, truth, self.bootstrap)
            for world, of_agents in self.results.items()
            if world != TRUTH
        }

    @cached_property
    def shown(self) -> str:
        """The world that is told of in detail: the simulator, or the last one."""
        return TRUTH if TRUTH in self.results else list(self.results)[-1]

    @cached_property
    def beside_constant(self) -> dict[str, Interval]:
        """How much more than the best constant day agents earn in the world `shown`."""
        return beside_constant(self.results[self.shown], self.bootstrap)

    @cached_property
    def headroom(self) -> Interval | None:
        """What personalising can gain, where constant, habit and oracle took part."""
        truth = self.results.get(TRUTH, {})
        if not {"best_constant", "habit", "oracle"} <= truth.keys():
            return None
        constant, habit, oracle = (truth[name] for name in ("best_constant", "habit", "oracle"))
        return headroom(
            constant.returns, habit.returns, oracle.returns, habit.users, self.bootstrap
        )


def evaluate(
    agents: Mapping[str, Agent],
    worlds: Mapping[str, EnvConfig],
    config: EvaluationConfig | None = None,
    *,
    off_policy: OffPolicyConfig | None = None,
    dataset: Dataset | None = None,
    progress: Callable[[int], object] | None = None,
    say: Callable[[str], object] = lambda line: None,
) -> Evaluation:
    """Run agents and baselines in every world on the same people, days and seeds.

    Args:
        agents: by name, as of `load_agents`.
        worlds: by name, the real one called "simulator"; they must share data set and horizon.
        config: what is compared on whom; None takes the defaults.
        off_policy: settings of the estimates from the log alone; None leaves them out. Agents
            with a memory or chance in them are not estimated.
        dataset: a data set object in place of the worlds' `dataset`.
        progress: called with 1 after each agent in each world, and in the replay.
        say: gets a line for each agent that is estimated from the log.

    Raises:
        ConfigError: see `starts_of` and `with_baselines`.
    """
    config = config or EvaluationConfig()
    starts = starts_of(worlds, config, dataset=dataset)
    compared = with_baselines(agents, worlds, config, dataset=dataset)
    results = run_paired(
        compared,
        worlds,
        starts,
        max_slots=config.max_slots,
        dataset=dataset,
        progress=progress,
    )
    replayed = {}
    if config.replay:
        replayed = run_replay(
            compared,
            next(iter(worlds.values())),
            starts,
            max_slots=config.max_slots,
            dataset=dataset,
            progress=progress,
        )
    estimates = {}
    if off_policy is not None:
        estimates = _estimates(compared, worlds, config, off_policy, starts, dataset, say)
    return Evaluation(results, replayed, estimates, config.bootstrap)


def _estimates(
    compared: Mapping[str, Agent],
    worlds: Mapping[str, EnvConfig],
    config: EvaluationConfig,
    off_policy: OffPolicyConfig,
    starts: Starts,
    dataset: Dataset | None,
    say: Callable[[str], object],
) -> dict[str, Plain]:
    """Estimate from the log alone; Q is fitted to the people of the search split."""
    first = next(iter(worlds.values()))
    model = worlds["dream"].world_model if "dream" in worlds else None
    able = {name: agent for name, agent in compared.items() if judged_by_logs(agent, model)}
    if len(able) < len(compared):
        say(f"not estimated from the log: {', '.join(sorted(compared.keys() - able.keys()))}")
    fitted_to = draw_starts(
        with_overrides(first, {"split": config.search_split}),
        people=None,
        episodes_per_person=FIT_WINDOWS,
        seed=config.seed,
        min_history_days=config.min_history_days,
        dataset=dataset,
    )
    return estimate_agents(
        able,
        first,
        starts,
        off_policy,
        fitted_to=fitted_to,
        world_model=model,
        bootstrap=config.bootstrap,
        dataset=dataset,
        say=say,
    )


def starts_of(
    worlds: Mapping[str, EnvConfig], config: EvaluationConfig, *, dataset: Dataset | None = None
) -> Starts:
    """Draw the starts that all agents are judged on.

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
    dataset: Dataset | None = None,
) -> dict[str, Agent]:
    """Return agents and baselines by name; the best constant day is searched.

    Raises:
        ConfigError: no agents at all, or an agent with the name of a baseline.
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
    worlds: Mapping[str, EnvConfig], config: EvaluationConfig, dataset: Dataset | None
) -> dict[str, Agent]:
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
