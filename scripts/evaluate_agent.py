"""Compare agents with baselines, in the dream and in the simulator, in pairs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

import one_thread  # noqa: F401 (before NumPy)
from agents.env_config import EnvConfig
from agents.evaluation.evaluate import EvaluationConfig, evaluate_agents, load_agents
from agents.evaluation.table import summarise, table_rows
from agents.protocol import Agent
from report import print_report, run_script
from run_folder import RunConfig, RunFolder

TRUTH = "simulator"


@dataclass(frozen=True)
class EvaluateAgentConfig:
    """Settings of the script.

    Attributes:
        agents: folders of runs of train_agent.py, or of saved agents.
        dream: the dream; null leaves it out.
        simulator: the real world of the benchmark; null leaves it out.
        evaluation: what is compared on whom.
        run: the folder of the run.
        json: print one JSON object instead of a table.
    """

    agents: list[str] = field(default_factory=list)
    dream: EnvConfig | None = field(default=None, metadata={"group": "env"})
    simulator: EnvConfig | None = field(default=None, metadata={"group": "env"})
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False

    def worlds(self) -> dict[str, EnvConfig]:
        """Return the worlds that take part, the truth last."""
        named = {"dream": self.dream, TRUTH: self.simulator}
        return {name: world for name, world in named.items() if world is not None}


def evaluate(
    config: EvaluateAgentConfig,
    agents: Mapping[str, Agent] | None = None,
    *,
    dataset: Any = None,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Compare agents; nothing is printed or written but a progress bar on stderr.

    Args:
        config: what is compared where.
        agents: by name, in place of those of `config.agents`.
        dataset: a data set object in place of the worlds' `dataset`.

    Returns:
        summary[world][agent]; see `agents.evaluation.table.summarise`.
    """
    chosen = load_agents(config.agents) if agents is None else agents
    worlds, settings = config.worlds(), config.evaluation
    runs = len(worlds) * (len(chosen) + len(settings.baselines))
    with tqdm(total=runs, unit="agent", file=sys.stderr, desc="evaluation") as bar:
        results = evaluate_agents(chosen, worlds, settings, dataset=dataset, progress=bar.update)
    return summarise(results, settings.bootstrap)


def main(config: EvaluateAgentConfig) -> None:
    """Compare agents with random, habit and the best constant day, in pairs.

    Every agent meets the same people on the same days with the same noise. Intervals
    are bootstrapped over people. Example:
    python scripts/evaluate_agent.py agents="[runs/my_agent]" evaluation.people=20
    """
    agents = load_agents(config.agents)  # a wrong folder fails before a run is created
    with RunFolder("evaluate_agent", config, config.run) as run:
        summary = evaluate(config, agents)
        run.write_metrics({"worlds": summary})
    percent = round(100 * config.evaluation.bootstrap.confidence, 1)
    shown = TRUTH if TRUTH in summary else list(summary)[-1]
    print_report(
        table_rows(summary, TRUTH),
        json=config.json,
        title=f"Return of {config.worlds()[shown].horizon} days with {percent:g}% intervals over "
        f"people; differences and components in the {shown}",
        result={"run": run.path, "worlds": summary},
    )


if __name__ == "__main__":
    run_script(main, EvaluateAgentConfig, "evaluate_agent")
