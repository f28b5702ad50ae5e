"""Compare agents with baselines, in the dream and in the simulator, in pairs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from agents.env_config import EnvConfig
from agents.evaluation.evaluate import (
    EvaluationConfig,
    add_agent,
    load_agents,
    starts_of,
    with_baselines,
)
from agents.evaluation.foresight import run_replay, summarise_foresight
from agents.evaluation.log_estimates import estimate_agents, judged_by_logs
from agents.evaluation.off_policy import OffPolicyConfig
from agents.evaluation.paired import Episodes, Results, run_paired
from agents.evaluation.scores import headroom
from agents.evaluation.table import interval_text, log_rows, summarise, table_rows
from agents.evaluation.transfer import compare_worlds
from agents.protocol import Agent
from agents.sb3.unsafe_zip import load_sb3_zip
from agents.starts import Starts, draw_starts
from human_wm_cli.console import print_report, run_script, say
from human_wm_cli.run import RunConfig, RunFolder
from human_wm_env.errors import ConfigError

FIT_WINDOWS = 8  # of each person that Q is fitted to
TRUTH = "simulator"


@dataclass(frozen=True)
class EvaluateAgentConfig:
    """Settings of the command.

    Attributes:
        agents: folders of runs of `humanwm train`, or of saved agents.
        dream: the dream; null leaves it out.
        second_opinion: checkpoint of a world model that was trained on other people with
            another seed: the dream, as it dreams it, is one more world. null leaves it out.
        simulator: the real world of the benchmark; null leaves it out.
        evaluation: what is compared on whom.
        off_policy: settings of the estimates from the log alone, such as {updates: 4000}; null
            leaves them out. Agents with a memory or chance in them are not estimated.
        sb3_zips: models that stable-baselines3 saved itself, by algorithm: {ppo: model.zip},
            or {ppo: [one.zip, other.zip]}.
        trust_sb3_zip: load them although they can run code.
        run: the folder of the run.
        json: print one JSON object instead of a table.
    """

    agents: list[str] = field(default_factory=list)
    dream: EnvConfig | None = field(default=None, metadata={"group": "env"})
    second_opinion: str | None = None
    simulator: EnvConfig | None = field(default=None, metadata={"group": "env"})
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    off_policy: OffPolicyConfig | None = None
    sb3_zips: dict[str, Any] = field(default_factory=dict)
    trust_sb3_zip: bool = False
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False

    def __post_init__(self) -> None:
        if self.second_opinion is not None and self.dream is None:
            raise ConfigError(
                "a dream beside its second_opinion",
                "dream=null",
                "Leave dream out, or give the checkpoint as dream.world_model.",
            )

    def worlds(self) -> dict[str, EnvConfig]:
        """Return the worlds that take part, the truth last."""
        named: dict[str, EnvConfig | None] = {"dream": self.dream, TRUTH: self.simulator}
        if self.dream is not None and self.second_opinion is not None:
            opinion = replace(self.dream, world_model=self.second_opinion)
            named = {"dream": self.dream, "second opinion": opinion, TRUTH: self.simulator}
        return {name: world for name, world in named.items() if world is not None}


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        results: results[world][agent].
        replayed: by agent, in the replay; empty where it was not asked for.
        estimates: by agent, from the log alone, as plain numbers; likewise.
    """

    results: Results
    replayed: dict[str, Episodes]
    estimates: dict[str, dict[str, Any]]


def chosen_agents(config: EvaluateAgentConfig) -> dict[str, Agent]:
    """Load the agents that a configuration names.

    Raises:
        ConfigError: two of them have one name, or a file is no text.
    """
    agents = load_agents(config.agents)
    for algorithm, given in config.sb3_zips.items():
        for file in given if isinstance(given, list) else [given]:
            if not isinstance(file, str):
                raise ConfigError(
                    f"a .zip or a list of them for sb3_zips.{algorithm}",
                    repr(file),
                    "Write sb3_zips={ppo: model.zip} or {ppo: [one.zip, other.zip]}.",
                )
            agent = load_sb3_zip(file, algorithm, trust=config.trust_sb3_zip)
            add_agent(agents, Path(file).stem, agent, file)
    return agents


def run_evaluation(
    config: EvaluateAgentConfig,
    agents: Mapping[str, Agent] | None = None,
    *,
    dataset: Any = None,
) -> Evaluation:
    """Run agents and baselines everywhere; a progress bar goes to stderr.

    Args:
        config: what is compared where.
        agents: by name, in place of those of the configuration.
        dataset: a data set object in place of the worlds' `dataset`.
    """
    chosen = chosen_agents(config) if agents is None else agents
    worlds, settings = config.worlds(), config.evaluation
    starts = starts_of(worlds, settings, dataset=dataset)
    everyone = with_baselines(chosen, worlds, settings, dataset=dataset)
    places = len(worlds) + settings.replay
    with tqdm(
        total=places * len(everyone), unit="agent", file=sys.stderr, desc="evaluation"
    ) as bar:
        run = {"max_slots": settings.max_slots, "dataset": dataset, "progress": bar.update}
        results = run_paired(everyone, worlds, starts, **run)
        first = next(iter(worlds.values()))
        replayed = run_replay(everyone, first, starts, **run) if settings.replay else {}
    return Evaluation(results, replayed, _estimates(config, everyone, starts, dataset))


def _estimates(
    config: EvaluateAgentConfig, everyone: Mapping[str, Agent], starts: Starts, dataset: Any
) -> dict[str, dict[str, Any]]:
    """Estimate from the log alone; Q is fitted to the people of the search split."""
    if config.off_policy is None:
        return {}
    settings, env = config.evaluation, next(iter(config.worlds().values()))
    model = None if config.dream is None else config.dream.world_model
    able = {name: agent for name, agent in everyone.items() if judged_by_logs(agent, model)}
    if len(able) < len(everyone):
        say(f"not estimated from the log: {', '.join(sorted(everyone.keys() - able.keys()))}")
    fitted_to = draw_starts(
        replace(env, split=settings.search_split),
        people=None,
        episodes_per_person=FIT_WINDOWS,
        seed=settings.seed,
        min_history_days=settings.min_history_days,
        dataset=dataset,
    )
    return estimate_agents(
        able,
        env,
        starts,
        config.off_policy,
        fitted_to=fitted_to,
        world_model=model,
        bootstrap=settings.bootstrap,
        dataset=dataset,
        say=say,
    )


def evaluate(
    config: EvaluateAgentConfig,
    agents: Mapping[str, Agent] | None = None,
    *,
    dataset: Any = None,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Compare agents; see `run_evaluation`.

    Returns:
        summary[world][agent]; see `agents.evaluation.table.summarise`.
    """
    found = run_evaluation(config, agents, dataset=dataset)
    return summarise(found.results, config.evaluation.bootstrap)


def compare_with_truth(results: Results, config: EvaluateAgentConfig) -> dict[str, Any]:
    """Return inflation and rank correlation of each dream, where truth and habit took part."""
    truth = results.get(TRUTH, {})
    if "habit" not in truth:
        return {}
    return {
        world: compare_worlds(of_agents, truth, config.evaluation.bootstrap)
        for world, of_agents in results.items()
        if world != TRUTH
    }


def headroom_of(results: Results, config: EvaluateAgentConfig) -> dict[str, float] | None:
    """Return what personalising can gain, where constant, habit and oracle took part."""
    truth = results.get(TRUTH, {})
    if not {"best_constant", "habit", "oracle"} <= truth.keys():
        return None
    constant, habit, oracle = (truth[name] for name in ("best_constant", "habit", "oracle"))
    found = headroom(
        constant.returns, habit.returns, oracle.returns, habit.users, config.evaluation.bootstrap
    )
    return dict(vars(found))


def main(config: EvaluateAgentConfig) -> None:
    """Compare agents with random, habit and the best constant day, in pairs.

    Every agent meets the same people on the same days with the same noise. Intervals
    are bootstrapped over people. With evaluation=full the planners take part, and returns
    are also given as scores: habit 0, oracle planner 100. Example:
    humanwm evaluate agents="[runs/my_agent]" evaluation.people=20
    For logs without a simulator the log itself and another world model judge:
    humanwm evaluate agents="[runs/my_agent]" dream.dataset=logs.csv
    simulator=null off_policy.updates=4000 second_opinion=runs/other/checkpoint
    """
    agents = chosen_agents(config)  # a wrong folder fails before a run is created
    with RunFolder("evaluate_agent", config, config.run) as run:
        evaluation = run_evaluation(config, agents)
        results = evaluation.results
        summary = summarise(results, config.evaluation.bootstrap)
        foresight = summarise_foresight(evaluation.replayed, config.evaluation.bootstrap)
        transfer = compare_with_truth(results, config)
        room = headroom_of(results, config)
        found = {
            "worlds": summary,
            "transfer": transfer,
            "headroom": room,
            "replay": foresight,
            "off_policy": evaluation.estimates,
        }
        run.write_metrics(found)
    percent = round(100 * config.evaluation.bootstrap.confidence, 1)
    shown = TRUTH if TRUTH in summary else list(summary)[-1]
    print_report(
        table_rows(summary, TRUTH),
        json=config.json,
        title=f"Return of {config.worlds()[shown].horizon} days with {percent:g}% intervals over "
        f"people; differences and components in the {shown}",
        result={"run": run.path, **found},
    )
    if not config.json:
        _print_apart(foresight, evaluation.estimates, summary)
    for world, told in transfer.items():
        say(f"{world}: {_in_words(told)}")
    if room is not None:
        say(f"headroom: {room['mean']:.2f} [{room['low']:.2f}, {room['high']:.2f}]")


def _print_apart(
    foresight: Mapping[str, Mapping[str, Any]],
    estimates: Mapping[str, Mapping[str, Any]],
    summary: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> None:
    """Print what is no return in a world: foresight in the replay, estimates from the log."""
    if foresight:
        rows = [
            {"agent": name, **{key: interval_text(value, 3) for key, value in told.items()}}
            for name, told in foresight.items()
        ]
        title = "\nForesight in the replay of the log, in [0, 1] a day: not comparable with returns"
        print_report(rows, title=title)
    if estimates:
        title = "\nReturns estimated from the log alone, beside those in the worlds"
        print_report(log_rows(estimates, summary), title=title)


def _in_words(found: Mapping[str, Any]) -> str:
    ratio, rank = found["median_inflation"], found["rank_correlation"]
    told = "no gain to compare" if ratio is None else f"median inflation {ratio:.2f}"
    if rank is not None:
        told += f", rank correlation {rank['mean']:.2f} over {found['policies']} policies"
    return told


def run(words: Sequence[str]) -> None:
    """Run the command on the words of its command line."""
    run_script(main, EvaluateAgentConfig, "evaluate_agent", arguments=words)
