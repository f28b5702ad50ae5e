"""One evaluation from its configuration: saved agents and baselines in several worlds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from agents.env_config import EnvConfig, with_overrides
from agents.episode_starts import Starts, draw_starts
from agents.evaluation.advice import beside_constant
from agents.evaluation.bootstrap_intervals import Bootstrap, Interval
from agents.evaluation.compared_baselines import make_baselines
from agents.evaluation.inflation import compare_worlds
from agents.evaluation.off_policy import OffPolicyConfig
from agents.evaluation.off_policy_agents import estimate_agents, judged_by_logs
from agents.evaluation.paired_runs import Results, run_paired
from agents.evaluation.replay_foresight import REPLAY_ID, run_replay, summarise_foresight
from agents.evaluation.scores import headroom
from agents.evaluation.settings import BASELINES, EvaluationConfig
from agents.evaluation.summary_table import summarise, table_rows
from agents.protocol import Agent, Plain
from agents.rollout import Episodes
from agents.saved_folder import AGENT_FOLDER, folder_of
from agents.saving import load_agent
from human_wm_env.errors import ConfigError
from human_wm_env.notebook_html import html_table
from human_wm_env.people.embedded import Dataset
from human_wm_env.settings import mapping_of

TRUTH = "simulator"
FIT_WINDOWS = 8  # of each person that Q is fitted to


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
        ConfigError: agents or worlds of other types; see `starts_of` and `with_baselines`.
    """
    for name, agent in mapping_of(agents, "agents").items():
        if not callable(getattr(agent, "act", None)):
            raise ConfigError(
                "agents that act", f"{name!r}: {agent!r}", "Read a folder with load_agent."
            )
    for name, world in mapping_of(worlds, "worlds").items():
        if not isinstance(world, EnvConfig):
            raise ConfigError(
                "an EnvConfig for each world", f"{name!r}: {world!r}", "Say EnvConfig(ID)."
            )
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
    return {**agents, **make_baselines(worlds, config, dataset)}


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
