"""The benchmark of agents: trained in the dream, judged in reality. Stop it and go on at will."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from tqdm import tqdm

from agents import (
    Agent,
    BestConstantConfig,
    Bootstrap,
    CMAESConfig,
    EnvConfig,
    OffPolicyConfig,
    PlannerConfig,
    PPOConfig,
    SearchConfig,
)
from agents.episode_starts import draw_starts
from agents.evaluation.artifact_cache import ArtifactCache
from agents.evaluation.benchmark_entries import BenchmarkEntry, benchmark_entries
from agents.evaluation.benchmark_report import BenchmarkResults, report
from agents.evaluation.degraded_policies import policies_of_all_qualities
from agents.evaluation.episode_cache import is_made_of, plain_name, starts_digest
from agents.evaluation.figures import score_figure, sweep_figure, transfer_figure
from agents.evaluation.fingerprints import (
    agent_digest,
    as_text,
    env_identity,
    model_digest,
    people_version,
)
from agents.evaluation.off_policy_agents import estimate_agents
from agents.evaluation.paired_runs import Episodes
from agents.evaluation.summary_table import interval_text
from agents.planning.oracle_planner import OraclePlanner
from human_wm_cli.agents_page import PAGE, agents_page
from human_wm_cli.console import Facts, Row, print_report, run_script, say
from human_wm_cli.run import RunConfig, RunFolder
from human_wm_env import Dataset

NAME = "benchmark_agents"
KEPT = "training_state"  # trained agents and episodes; `run.overwrite=true` removes it


@dataclass(frozen=True)
class BenchmarkAgentsConfig:
    """Settings of the command.

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
        run: the folder of the run; with run.resume=true what is there is not run again, where
            it was made of the same settings, models and people.
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


def artifact_cache_of(
    config: BenchmarkAgentsConfig, run: RunFolder, dataset: Dataset | None = None
) -> ArtifactCache:
    """Return the artifacts of a run, with the starts that everybody is judged on."""
    starts = draw_starts(
        replace(config.simulator, split="test"),
        people=config.people,
        episodes_per_person=config.episodes_per_person,
        seed=config.seed,
        dataset=dataset,
    )
    return ArtifactCache(run.path / KEPT, starts, dataset=dataset, say=say)


def run_benchmark(
    config: BenchmarkAgentsConfig, run: RunFolder, *, dataset: Dataset | None = None
) -> BenchmarkResults:
    """Train and judge everybody; returns the episodes of all."""
    artifacts = artifact_cache_of(config, run, dataset)
    entrants = benchmark_entries(config, str(artifacts.untrained_model(config.dream.world_model)))
    found: dict[str, dict[str, Episodes]] = {}
    worlds = {"dream": config.dream, "simulator": config.simulator}
    if config.second_opinion is not None:
        opinion = replace(config.dream, world_model=config.second_opinion)
        worlds["second opinion"] = opinion

    def judge(world: str, env: EnvConfig, name: str, agent: Agent) -> None:
        found.setdefault(world, {})[name] = artifacts.episodes(world, env, name, agent)

    zoo = policies_of_all_qualities(artifacts.agent(_best(config)))
    oracle = OraclePlanner(config.oracle, config.simulator.reward_weights)
    with tqdm(total=len(entrants) + len(zoo) + 1, unit="agent", file=sys.stderr) as bar:
        judge("simulator", config.simulator, "oracle", oracle)
        bar.update(1)
        for name, agent in zoo.items():
            for world, env in worlds.items():
                judge(world, env, name, agent)
            bar.update(1)
        for entrant in entrants:
            bar.set_description(entrant.name)
            agent = artifacts.agent(entrant)
            for world, env in entrant.judged_in(worlds).items():
                judge(world, env, entrant.name, agent)
                if world not in worlds:  # a world of its own: its habit is needed there
                    judge(world, env, "habit", zoo["habit"])
            bar.update(1)
    return BenchmarkResults(entrants, found)


def judged_by_the_log(
    config: BenchmarkAgentsConfig, entrants: Sequence[BenchmarkEntry]
) -> list[BenchmarkEntry]:
    """Return who is estimated from the log: the first seed of PPO from the dream."""
    groups = ("ppo dream", "ppo dream context")
    return [e for e in entrants if e.group in groups and e.config.seed == config.ppo.seed]


def estimate_from_log(
    config: BenchmarkAgentsConfig,
    results: BenchmarkResults,
    run: RunFolder,
    dataset: Dataset | None = None,
) -> Facts:
    """Return off-policy estimates of a few agents, beside the truth; kept once made."""
    assert config.off_policy is not None
    artifacts = artifact_cache_of(config, run, dataset)
    of_train = draw_starts(
        replace(config.simulator, split="train"),
        people=None,
        episodes_per_person=8,
        seed=config.seed,
        dataset=dataset,
    )
    zoo = policies_of_all_qualities(artifacts.agent(_best(config)))
    chosen: dict[str, Agent] = {name: zoo[name] for name in ("typical day", "best_constant")}
    for entrant in judged_by_the_log(config, results.entries):
        chosen[entrant.name] = artifacts.agent(entrant)
    model = config.dream.world_model
    told = as_text(
        {
            "settings": asdict(config.off_policy),
            "bootstrap": asdict(config.bootstrap),
            "starts": [starts_digest(starts) for starts in (artifacts.starts, of_train)],
            "env": env_identity(config.simulator),
            "world_model": model_digest(model),
            "agents": {name: agent_digest(agent) for name, agent in chosen.items()},
            "people": people_version(),
        }
    )
    file = run.path / KEPT / "off_policy.json"
    note = run.path / KEPT / "made_of" / file.name
    if is_made_of(note, told, say) and file.is_file():
        estimates = dict(json.loads(file.read_text(encoding="utf-8")))
    else:
        note.unlink(missing_ok=True)
        estimates = estimate_agents(
            chosen,
            config.simulator,
            artifacts.starts,
            config.off_policy,
            fitted_to=of_train,
            world_model=model,
            bootstrap=config.bootstrap,
            dataset=dataset,
            say=say,
        )
        file.write_text(json.dumps(estimates, indent=2), encoding="utf-8")
        note.write_text(told, encoding="utf-8")
    for name, estimate in estimates.items():
        estimate["returns"] = {
            world: float(of[name].returns.mean())
            for world, of in results.episodes.items()
            if name in of
        }
    return estimates


def _best(config: BenchmarkAgentsConfig) -> BenchmarkEntry:
    return BenchmarkEntry(
        "best_constant", "best_constant", BestConstantConfig(config.search), config.simulator
    )


def draw_figures(found: Facts, results: BenchmarkResults, run: RunFolder) -> None:
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
    humanwm benchmark-agents seeds=1 people=20 others="[]" ppo.steps=15000
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
        say(f"{name}: {interval_text(value) if isinstance(value, dict) else value}")
    say(f"The same and more as a page: {page}")


def _row(row: Facts) -> Row:
    shown = ("agent", "runs", "return", "score", "iqm", "dream return", "inflation")
    cells = {name: row.get(name) for name in shown}
    texts = {k: interval_text(v) if isinstance(v, dict) else v for k, v in cells.items()}
    return texts | row["components"]


def run(words: Sequence[str]) -> None:
    """Run the command on the words of its command line."""
    run_script(main, BenchmarkAgentsConfig, NAME, arguments=words)
