"""The benchmark of agents: trained in the dream, judged in reality. Stop it and go on at will."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

import one_thread  # noqa: F401 (before NumPy)
from agents.cma_es import CMAESConfig
from agents.constant_search import SearchConfig
from agents.env_config import EnvConfig
from agents.evaluation.benchmark import Contestant, contestants
from agents.evaluation.benchmark_report import BenchmarkResults, report
from agents.evaluation.figures import score_figure, sweep_figure, transfer_figure
from agents.evaluation.intervals import Bootstrap
from agents.evaluation.logged import cut_windows
from agents.evaluation.off_policy import OffPolicyConfig, as_plain, evaluate_off_policy
from agents.evaluation.paired import Episodes
from agents.evaluation.store import EpisodeStore, plain_name
from agents.evaluation.untrained_model import write_untrained_model
from agents.mixtures import policies_of_all_qualities
from agents.oracle_planner import OraclePlanner
from agents.planner import PlannerConfig
from agents.ppo import PPOConfig
from agents.protocol import Agent
from agents.registry import train_agent
from agents.saving import MANIFEST, load_agent, save_agent
from agents.session import Session
from agents.starts import draw_starts
from agents.untrained import BestConstantConfig
from agents_page import PAGE, agents_page
from human_wm_env.envs.registration import resolve_dataset
from human_wm_env.people.embedded import EmbeddedPeople
from report import print_report, run_script, say
from run_folder import RunConfig, RunFolder

NAME = "benchmark_agents"
KEPT = "training_state"  # trained agents and episodes; `run.overwrite=true` removes it


@dataclass(frozen=True)
class BenchmarkAgentsConfig:
    """Settings of the script.

    Attributes:
        dream: the dream, as agents without the person context see it.
        simulator: the real world of the benchmark.
        second_opinion: checkpoint of a world model trained on other people with another seed;
            null leaves it out.
        ppo, cma_es: how they are trained.
        seeds: training seeds of PPO and CMA-ES.
        others: further algorithms, trained with their defaults and one seed each.
        temperatures: of the dreams that PPO is trained in.
        pessimisms: likewise.
        adherences: likewise, and of the worlds that those agents are judged in.
        exploit_seeds: seeds of the exploit search, for PPO and CMA-ES each.
        off_policy: settings of the estimates from the log; null leaves them out.
        search: of the best constant.
        planner, oracle: search budgets.
        people: of the test split; null takes all.
        episodes_per_person: start days of each.
        seed: of people, days and noise; another one than that of the trainings.
        bootstrap: settings of the intervals.
        run: the folder of the run; with run.resume=true what is there is not run again.
        json: print one JSON object instead of a table.
    """

    dream: EnvConfig = field(metadata={"group": "env"})
    simulator: EnvConfig = field(metadata={"group": "env"})
    second_opinion: str | None = None
    ppo: PPOConfig = field(default_factory=PPOConfig)
    cma_es: CMAESConfig = field(default_factory=CMAESConfig)
    seeds: int = 5
    others: list[str] = field(default_factory=lambda: ["a2c", "sac", "td3", "recurrent_ppo"])
    temperatures: list[float] = field(default_factory=lambda: [0.25, 0.5, 1.0, 1.5, 2.0])
    pessimisms: list[float] = field(default_factory=lambda: [0.5, 2.0])
    adherences: list[float] = field(default_factory=lambda: [0.7, 0.4])
    exploit_seeds: int = 2
    off_policy: OffPolicyConfig | None = field(default_factory=OffPolicyConfig)
    search: SearchConfig = field(default_factory=SearchConfig)
    planner: PlannerConfig = field(default_factory=PlannerConfig)
    oracle: PlannerConfig = field(default_factory=PlannerConfig)
    people: int | None = None
    episodes_per_person: int = 2
    seed: int = 11
    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False


class Workshop:
    """Trains each agent once and runs it once in each world; keeps both on disk.

    Args:
        config: of the benchmark.
        folder: where agents and episodes are kept.
        dataset: a data set object in place of the worlds' own.
    """

    def __init__(self, config: BenchmarkAgentsConfig, folder: Path, dataset: Any = None) -> None:
        self.config, self.folder, self.dataset = config, folder, dataset
        judged = replace(config.simulator, split="test")
        self.starts = draw_starts(
            judged,
            people=config.people,
            episodes_per_person=config.episodes_per_person,
            seed=config.seed,
            dataset=dataset,
        )
        self._store = EpisodeStore(folder / "episodes", self.starts, dataset=dataset)

    def agent(self, contestant: Contestant) -> Agent:
        """Return a trained agent: loaded, gone on with, or trained."""
        folder = self.folder / "agents" / plain_name(contestant.name)
        if not (folder / MANIFEST).is_file():
            session = Session(
                state_folder=self.folder / "trainings" / plain_name(contestant.name),
                resume=True,
                checkpoint_days=50_000,
                dataset=self.dataset,
            )
            save_agent(train_agent(contestant.config, contestant.env, session), folder)
        return load_agent(folder)

    def episodes(self, world: str, env: EnvConfig, name: str, make: Callable[[], Agent]) -> Any:
        """Return the episodes of an agent in a world."""
        return self._store.episodes(world, env, name, make)


def run_benchmark(
    config: BenchmarkAgentsConfig, run: RunFolder, *, dataset: Any = None
) -> BenchmarkResults:
    """Train and judge everybody; returns the episodes of all."""
    workshop = Workshop(config, run.path / KEPT, dataset)
    untrained = run.path / KEPT / "untrained_model"
    if not (untrained / "manifest.json").is_file():
        write_untrained_model(untrained, like=config.dream.world_model)
    entrants = contestants(config, str(untrained))
    found: dict[str, dict[str, Episodes]] = {}
    worlds = {"dream": config.dream, "simulator": config.simulator}
    if config.second_opinion is not None:
        opinion = replace(config.dream, world_model=config.second_opinion)
        worlds["second opinion"] = opinion

    def judge(world: str, env: EnvConfig, name: str, make: Callable[[], Agent]) -> None:
        found.setdefault(world, {})[name] = workshop.episodes(world, env, name, make)

    zoo = policies_of_all_qualities(workshop.agent(_best(config)))
    oracle = OraclePlanner(config.oracle, config.simulator.reward_weights)
    with tqdm(total=len(entrants) + len(zoo) + 1, unit="agent", file=sys.stderr) as bar:
        judge("simulator", config.simulator, "oracle", lambda: oracle)
        bar.update(1)
        for name, agent in zoo.items():
            for world, env in worlds.items():
                judge(world, env, name, lambda agent=agent: agent)  # type: ignore[misc]
            bar.update(1)
        for entrant in entrants:
            bar.set_description(entrant.name)
            for world, env in entrant.judged_in(worlds).items():
                judge(world, env, entrant.name, lambda e=entrant: workshop.agent(e))  # type: ignore[misc]
                if world not in worlds:  # a world of its own: its habit is needed there
                    judge(world, env, "habit", lambda: zoo["habit"])
            bar.update(1)
    return BenchmarkResults(entrants, found)


def estimate_from_log(
    config: BenchmarkAgentsConfig, results: BenchmarkResults, run: RunFolder, dataset: Any = None
) -> dict[str, Any]:
    """Return off-policy estimates of a few agents, beside the truth; kept once made."""
    assert config.off_policy is not None
    file = run.path / KEPT / "off_policy.json"
    if file.is_file():
        return dict(json.loads(file.read_text(encoding="utf-8")))
    data = resolve_dataset(config.simulator.dataset if dataset is None else dataset)
    logs = data.dataset if isinstance(data, EmbeddedPeople) else data
    workshop = Workshop(config, run.path / KEPT, dataset)
    of_train = draw_starts(
        replace(config.simulator, split="train"),
        people=None,
        episodes_per_person=8,
        seed=config.seed,
        dataset=dataset,
    )
    days = config.simulator.horizon
    windows, fitted_to = (
        cut_windows(logs, starts, days, world_model=config.dream.world_model)
        for starts in (workshop.starts, of_train)
    )
    zoo = policies_of_all_qualities(workshop.agent(_best(config)))
    chosen: dict[str, Agent] = {name: zoo[name] for name in ("typical day", "best_constant")}
    for entrant in results.contestants:
        if entrant.group in ("ppo dream", "ppo dream context") and entrant.name.endswith("1"):
            chosen[entrant.name] = workshop.agent(entrant)
    estimates = {}
    for name, agent in chosen.items():
        say(f"off-policy estimate of {name}")
        estimate = evaluate_off_policy(
            agent,
            logs,
            windows,
            config.off_policy,
            fitted_to=fitted_to,
            world_model=config.dream.world_model,
            bootstrap=config.bootstrap,
        )
        means = {
            world: float(of[name].returns.mean())
            for world, of in results.episodes.items()
            if name in of
        }
        estimates[name] = {**as_plain(estimate), "returns": means}
    file.write_text(json.dumps(estimates, indent=2), encoding="utf-8")
    return estimates


def _best(config: BenchmarkAgentsConfig) -> Contestant:
    return Contestant(
        "best_constant", "best_constant", BestConstantConfig(config.search), config.simulator
    )


def draw_figures(found: dict[str, Any], results: BenchmarkResults, run: RunFolder) -> None:
    """Save the figures of the report."""
    import matplotlib.pyplot as plt

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
        figure.savefig(run.figure_path(name), dpi=150)
        plt.close(figure)


def main(config: BenchmarkAgentsConfig) -> None:
    """Train all agents, judge them in dream and simulator, and make the table and figures.

    Everything that was trained or judged is kept in the run's folder: start it again with
    run.name=NAME run.resume=true and it goes on where it stopped. A smaller run:
    python scripts/benchmark_agents.py seeds=1 people=20 others="[]" ppo.steps=15000
    """
    with RunFolder(NAME, config, config.run) as run:
        results = run_benchmark(config, run)
        found = report(results, config.bootstrap)
        if config.off_policy is not None:
            found["off_policy"] = estimate_from_log(config, results, run)
        draw_figures(found, results, run)
        run.write_metrics(found)
        page = run.path / PAGE
        page.write_text(agents_page(found), encoding="utf-8")
    rows = [_row(row) for row in found["table"]]
    print_report(
        rows,
        json=config.json,
        title="Return in the simulator, score (habit 0, oracle planner 100), and inflation",
        result={"run": run.path, **found},
    )
    for name, value in found["verdicts"].items():
        say(f"{name}: {value}")
    say(f"The same and more as a page: {page}")


def _row(row: dict[str, Any]) -> dict[str, Any]:
    def text(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return f"{value['mean']:.2f} [{value['low']:.2f}, {value['high']:.2f}]"

    shown = ("agent", "runs", "return", "score", "iqm", "dream return", "inflation")
    return {name: text(row.get(name)) for name in shown} | row["components"]


if __name__ == "__main__":
    run_script(main, BenchmarkAgentsConfig, NAME)
