"""The benchmark of agents: trained in the dream, judged in the simulator.

Stop it and go on at will.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from tqdm.auto import tqdm

from agents.evaluation.agent_benchmark import AgentBenchmark
from agents.evaluation.benchmark_entries import BenchmarkConfig
from agents.evaluation.benchmark_report import BenchmarkResults, report
from agents.evaluation.episode_cache import plain_name
from agents.evaluation.figures import score_figure, sweep_figure, transfer_figure
from agents.evaluation.summary_table import interval_text
from human_wm_cli.agents_page import agents_page
from human_wm_cli.console import Facts, Row, print_report, run_script, say
from human_wm_cli.gradients import differentiable
from human_wm_cli.run import PAGE, TRAINING_STATE, RunConfig, RunFolder

NAME = "benchmark_agents"


@dataclass(frozen=True)
class BenchmarkAgentsConfig(BenchmarkConfig):
    """Settings of the command, beside those of the benchmark.

    Attributes:
        run: the folder of the run; with run.resume=true what is there is not run again, where
            it was made of the same settings, models and people.
        json: print one JSON object instead of a table.
    """

    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False


def run_benchmark(benchmark: AgentBenchmark) -> BenchmarkResults:
    """Train and judge all agents; a progress bar goes to stderr."""
    with tqdm(total=benchmark.policies, unit="agent", disable=None) as bar:

        def show(name: str, done: int) -> None:
            bar.set_description(name)
            bar.update(done)

        return benchmark.run(show)


def draw_figures(found: Facts, results: BenchmarkResults, run: RunFolder) -> None:
    """Save the figures of the report."""
    figures = {"scores": score_figure({row["agent"]: row["score"] for row in found["table"]})}
    means = {
        world: {name: float(e.returns.mean()) for name, e in of.items()}
        for world, of in results.episodes.items()
    }
    for world in found["transfer"]:
        title = "every policy, dream against reality"
        figures[plain_name(f"transfer {world}")] = transfer_figure(
            means[world], means["simulator"], title
        )
    for setting, rows in found["sweeps"].items():
        if rows:
            figures[setting] = sweep_figure(rows, setting)
    for name, figure in figures.items():
        run.figure(name, figure, dpi=150)


def main(config: BenchmarkAgentsConfig) -> None:
    """Train all agents, judge them in dream and simulator, and make the table and figures.

    Everything that was trained or judged is kept in the run's folder: start it again with
    run.name=NAME run.resume=true and it goes on where it stopped. A smaller run:
    humanwm benchmark-agents seeds=1 people=20 others="[]" ppo.steps=15000
    """
    with RunFolder(NAME, config, config.run) as run:
        benchmark = AgentBenchmark(
            config, run.path / TRAINING_STATE, say=say, differentiable=differentiable
        )
        results = run_benchmark(benchmark)
        found = report(results, config.bootstrap)
        if config.off_policy is not None:
            found["off_policy"] = benchmark.estimate_from_log(results, config.off_policy)
        draw_figures(found, results, run)
        run.write_metrics(found)
        page = run.path / PAGE
        page.write_text(agents_page(found), encoding="utf-8")
        run.dashboard.text("verdict", agents_page(found))
        run.conclude({f"score/{row['agent']}": row["score"]["mean"] for row in found["table"]})
    rows = [_row(row) for row in found["table"]]
    print_report(
        rows,
        json=config.json,
        title="Return in the simulator, score (habit 0, oracle planner 100), and inflation",
        result={"run": run.path, **found},
    )
    for name, value in found["verdicts"].items():
        say(f"{name}: {interval_text(value) if isinstance(value, dict) else value}")
    say(f"The same and more as a page: {page}")


def _row(row: Facts) -> Row:
    shown = ("agent", "runs", "return", "score", "iqm", "dream return", "inflation")
    cells = {name: row.get(name) for name in shown}
    texts = {k: interval_text(v) if isinstance(v, dict) else v for k, v in cells.items()}
    return texts | row["components"]


run = partial(run_script, main, BenchmarkAgentsConfig, NAME)
