"""Compare agents with baselines, in the dream and in the simulator, in pairs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

import one_thread  # noqa: F401 (before NumPy)
from agents.env_config import EnvConfig
from agents.evaluation.evaluate import EvaluationConfig, evaluate_agents, load_agents
from agents.evaluation.paired import Results
from agents.evaluation.scores import headroom
from agents.evaluation.table import summarise, table_rows
from agents.evaluation.transfer import compare_worlds
from agents.protocol import Agent
from agents.unsafe_zip import load_sb3_zip
from report import print_report, run_script, say
from run_folder import RunConfig, RunFolder

TRUTH = "simulator"


@dataclass(frozen=True)
class EvaluateAgentConfig:
    """Settings of the script.

    Attributes:
        agents: folders of runs of train_agent.py, or of saved agents.
        dream: the dream; null leaves it out.
        second_opinion: another dream, by a world model that was trained on other people with
            another seed; null leaves it out.
        simulator: the real world of the benchmark; null leaves it out.
        evaluation: what is compared on whom.
        sb3_zips: models that stable-baselines3 saved itself, by algorithm: {ppo: model.zip}.
        trust_sb3_zip: load them although they can run code.
        run: the folder of the run.
        json: print one JSON object instead of a table.
    """

    agents: list[str] = field(default_factory=list)
    dream: EnvConfig | None = field(default=None, metadata={"group": "env"})
    second_opinion: EnvConfig | None = field(default=None, metadata={"group": "env"})
    simulator: EnvConfig | None = field(default=None, metadata={"group": "env"})
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    sb3_zips: dict[str, str] = field(default_factory=dict)
    trust_sb3_zip: bool = False
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False

    def worlds(self) -> dict[str, EnvConfig]:
        """Return the worlds that take part, the truth last."""
        named = {
            "dream": self.dream,
            "second opinion": self.second_opinion,
            TRUTH: self.simulator,
        }
        return {name: world for name, world in named.items() if world is not None}


def chosen_agents(config: EvaluateAgentConfig) -> dict[str, Agent]:
    """Load the agents that a configuration names."""
    agents = load_agents(config.agents)
    for algorithm, file in config.sb3_zips.items():
        agents[Path(file).stem] = load_sb3_zip(file, algorithm, trust=config.trust_sb3_zip)
    return agents


def run_evaluation(
    config: EvaluateAgentConfig,
    agents: Mapping[str, Agent] | None = None,
    *,
    dataset: Any = None,
) -> Results:
    """Run agents and baselines everywhere; a progress bar goes to stderr.

    Args:
        config: what is compared where.
        agents: by name, in place of those of the configuration.
        dataset: a data set object in place of the worlds' `dataset`.

    Returns:
        results[world][agent].
    """
    chosen = chosen_agents(config) if agents is None else agents
    worlds, settings = config.worlds(), config.evaluation
    runs = len(worlds) * (len(chosen) + len(settings.baselines))
    with tqdm(total=runs, unit="agent", file=sys.stderr, desc="evaluation") as bar:
        return evaluate_agents(chosen, worlds, settings, dataset=dataset, progress=bar.update)


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
    results = run_evaluation(config, agents, dataset=dataset)
    return summarise(results, config.evaluation.bootstrap)


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
    python scripts/evaluate_agent.py agents="[runs/my_agent]" evaluation.people=20
    """
    agents = chosen_agents(config)  # a wrong folder fails before a run is created
    with RunFolder("evaluate_agent", config, config.run) as run:
        results = run_evaluation(config, agents)
        summary = summarise(results, config.evaluation.bootstrap)
        transfer = compare_with_truth(results, config)
        room = headroom_of(results, config)
        found = {"worlds": summary, "transfer": transfer, "headroom": room}
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
    for world, told in transfer.items():
        say(f"{world}: {_in_words(told)}")
    if room is not None:
        say(f"headroom: {room['mean']:.2f} [{room['low']:.2f}, {room['high']:.2f}]")


def _in_words(found: Mapping[str, Any]) -> str:
    ratio, rank = found["median_inflation"], found["rank_correlation"]
    told = "no gain to compare" if ratio is None else f"median inflation {ratio:.2f}"
    if rank is not None:
        told += f", rank correlation {rank['mean']:.2f} over {found['policies']} policies"
    return told


if __name__ == "__main__":
    run_script(main, EvaluateAgentConfig, "evaluate_agent")
