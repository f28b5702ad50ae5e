"""The benchmark of nudges: trained in the dream, judged in the simulator, by compliance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from agents.backprop.settings import BackpropConfig
from agents.baselines import RandomAgent
from agents.differentiable_world import MakeDifferentiable
from agents.distillation.settings import DistilledConfig
from agents.env_config import EnvConfig
from agents.episode_starts import draw_starts
from agents.evaluation.artifact_cache import ArtifactCache
from agents.evaluation.benchmark_entries import BenchmarkEntry
from agents.evaluation.bootstrap_intervals import Bootstrap, clustered_interval
from agents.nudge.planner import NudgeOracle, NudgeOracleConfig, NudgePlanner, NudgePlannerConfig
from agents.nudge.rules import NudgeRuleConfig, make_rule
from agents.nudge.staying import staying
from agents.nudge.thompson import ThompsonConfig
from agents.planning.model_predictive_control import PlannerConfig
from agents.protocol import Agent, Plain
from agents.rollout import Episodes
from agents.sb3.hyperparameters import DQNConfig, PPOConfig
from human_wm_env.errors import ConfigError
from human_wm_env.nudge.compliance import SETTINGS
from human_wm_env.nudge.nudges import NOTHING, read_nudges
from human_wm_env.people.embedded import Dataset
from human_wm_env.settings import one_of

NEVER, RANDOM, ORACLE = "never", "random", "oracle"
PERIODS = (1, 2, 3, 7)
IN_EXPECTATION = ("backprop", "distilled")  # they learn from how likely it is that people quit
CONDITIONAL = {"walk": "sedentary", "earlier_bed": "short_night", "rest": "tired"}


def _distilled() -> DistilledConfig:
    return DistilledConfig(rounds=2, episodes=500, planner=NudgePlannerConfig().planner)


@dataclass(frozen=True)
class NudgeBenchmarkConfig:
    """Who takes part in the benchmark of nudges, and on whom they are judged.

    Attributes:
        dream: where agents are trained.
        simulator: where they are judged.
        compliances: each has agents and a table of its own.
        ppo, dqn, thompson: how they are trained; null leaves one out.
        backprop, distilled: likewise; these take quitting in expectation, see `staying`.
        planner, oracle: budgets, see `NudgePlannerConfig`; null leaves one out.
        staying: train those who try actions where nobody quits and burden costs what quitting
            is expected to; see `agents.nudge.staying`. All are judged where people quit.
        seeds: trainings of each.
        people: of the test split; null takes all.
        episodes_per_person: start days of each.
        seed: of people, days and noise; another one than that of the trainings.
        bootstrap: settings of the intervals.
    """

    dream: EnvConfig = field(metadata={"group": "env"})
    simulator: EnvConfig = field(metadata={"group": "env"})
    compliances: list[str] = field(default_factory=lambda: list(SETTINGS))
    ppo: PPOConfig | None = field(default_factory=PPOConfig)
    dqn: DQNConfig | None = field(default_factory=DQNConfig)
    thompson: ThompsonConfig | None = field(default_factory=ThompsonConfig)
    backprop: BackpropConfig | None = field(default_factory=BackpropConfig)
    distilled: DistilledConfig | None = field(default_factory=_distilled)
    planner: PlannerConfig | None = field(default_factory=lambda: NudgePlannerConfig().planner)
    oracle: PlannerConfig | None = field(default_factory=lambda: NudgeOracleConfig().planner)
    staying: bool = True
    seeds: int = 3
    people: int | None = None
    episodes_per_person: int = 4
    seed: int = 11
    bootstrap: Bootstrap = field(default_factory=Bootstrap)

    def __post_init__(self) -> None:
        for name in self.compliances:
            one_of(name, SETTINGS, "compliances")
        if self.seeds < 1:
            raise ConfigError("seeds >= 1", f"{self.seeds}", "Raise it.")
        if not (self.dream.nudged and self.simulator.nudged):
            raise ConfigError(
                "a dream and a simulator with nudges",
                f"{self.dream.id} and {self.simulator.id}",
                "Leave dream=nudge simulator=nudge_simulator.",
            )

    def entries(self, compliance: str) -> list[BenchmarkEntry]:
        """Return the trainings for one compliance."""
        env = replace(self.dream, compliance=compliance, person_context=True)
        kept = staying(env) if self.staying else env
        algorithms: dict[str, Any] = {
            "ppo": self.ppo,
            "dqn": self.dqn,
            "thompson": self.thompson,
            "backprop": self.backprop,
            "distilled": self.distilled,
        }
        return [
            BenchmarkEntry(
                f"{compliance}, {name}, seed {number + 1}",
                name,
                replace(algorithm, seed=algorithm.seed + number),
                env if name in IN_EXPECTATION else kept,
            )
            for number in range(self.seeds)
            for name, algorithm in algorithms.items()
            if algorithm is not None
        ]

    def untrained(self) -> dict[str, Agent]:
        """Return who needs no training, by name."""
        count = len(read_nudges(self.dream.nudges).names)
        found: dict[str, Agent] = {
            name: make_rule(rule, self.simulator) for name, rule in fixed_rules(self.simulator)
        }
        found[RANDOM] = RandomAgent(self.seed, spaces.Discrete(count))
        weights = self.simulator.reward_weights
        if self.planner is not None:
            own = NudgePlannerConfig(self.planner, self.dream.world_model)
            found["planner"] = NudgePlanner(own, weights)
        if self.oracle is not None:
            found[ORACLE] = NudgeOracle(NudgeOracleConfig(self.oracle), weights)
        return found


def fixed_rules(env: EnvConfig) -> list[tuple[str, NudgeRuleConfig]]:
    """Return all fixed rules by name: never, each nudge every so many days, and on conditions."""
    names = [nudge.name for nudge in read_nudges(env.nudges)]
    rules = [(NEVER, NudgeRuleConfig(NOTHING))]
    for name in names:
        rules += [
            (f"{name} every {period}" if period > 1 else f"{name} daily",
             NudgeRuleConfig(name, period))
            for period in PERIODS
        ]  # fmt: skip
    return rules + [
        (f"{name} when {when}", NudgeRuleConfig(name, 1, when))
        for name, when in CONDITIONAL.items()
        if name in names
    ]


class NudgeBenchmark:
    """Trains and judges; what the folder holds is not made again.

    Args:
        config: who takes part.
        folder: keeps trained agents and episodes.
        dataset: a data set object in place of the worlds' own.
        say: gets a line for what is made anew.
        differentiable: see `Session`; for agents that learn by gradients of the dream.
    """

    def __init__(
        self,
        config: NudgeBenchmarkConfig,
        folder: Path,
        *,
        dataset: Dataset | None = None,
        say: Callable[[str], object] = lambda line: None,
        differentiable: MakeDifferentiable | None = None,
    ) -> None:
        self.config = config
        starts = draw_starts(
            replace(config.simulator, split="test"),
            people=config.people,
            episodes_per_person=config.episodes_per_person,
            seed=config.seed,
            dataset=dataset,
        )
        self._artifacts = ArtifactCache(
            folder, starts, dataset=dataset, say=say, differentiable=differentiable
        )

    @property
    def policies(self) -> int:
        """How many are judged."""
        untrained = len(self.config.untrained())
        trained = [self.config.entries(name) for name in self.config.compliances]
        return sum(untrained + len(each) for each in trained)

    def run(
        self, progress: Callable[[str, int], object] = lambda name, done: None
    ) -> dict[str, dict[str, list[Episodes]]]:
        """Train and judge all of them.

        Returns:
            found[compliance][agent], an entry per training seed.
        """
        found: dict[str, dict[str, list[Episodes]]] = {}
        for compliance in self.config.compliances:
            world = replace(self.config.simulator, compliance=compliance)
            here = found[compliance] = {}
            for name, agent in self.config.untrained().items():
                progress(f"{compliance}, {name}", 0)
                here[name] = [self._artifacts.episodes(compliance, world, name, agent)]
                progress(name, 1)
            for entry in self.config.entries(compliance):
                progress(entry.name, 0)
                agent = self._artifacts.agent(entry)
                judged = self._artifacts.episodes(compliance, world, entry.name, agent)
                here.setdefault(entry.group, []).append(judged)
                progress(entry.name, 1)
        return found


def nudge_report(
    found: Mapping[str, Mapping[str, list[Episodes]]], config: NudgeBenchmarkConfig
) -> dict[str, Plain]:
    """Compare all with never and with the best fixed rule of their compliance.

    The best rule is the one that turned out best on the very episodes that are judged, which
    favours it.

    Returns:
        For each compliance `best_rule`, and `agents`: return, its differences to never and to the
        best rule with intervals over people (and training seeds), and shares: of days with a nudge,
        of nudges complied with, and of people who quit before the last day.
    """
    report: dict[str, Plain] = {}
    for compliance, of_agents in found.items():
        rules = [name for name, _ in fixed_rules(config.simulator)]
        means = {name: _returns(of_agents[name]).mean() for name in rules}
        best = max(means, key=means.__getitem__)
        never, rule = (_returns(of_agents[name]) for name in (NEVER, best))
        agents = {}
        for name, runs in of_agents.items():
            returns, users = _returns(runs), runs[0].users
            compared = {"return": returns, "over_never": returns - never}
            compared["over_best_rule"] = returns - rule
            agents[name] = {
                "runs": len(runs),
                **{
                    key: clustered_interval(values, users, config.bootstrap).plain()
                    for key, values in compared.items()
                },
                **_shares(runs, config.simulator.horizon),
            }
        report[compliance] = {"best_rule": best, "agents": agents}
    return report


def _returns(runs: list[Episodes]) -> np.ndarray:
    """Return what was reached, float (runs, episodes)."""
    return np.stack([run.returns for run in runs])


def _shares(runs: list[Episodes], horizon: int) -> dict[str, float | None]:
    days = np.concatenate([run.lengths for run in runs])
    nudged, complied = (
        float((np.concatenate([run.executed[name] for run in runs]) * days).sum())
        for name in ("nudged", "complied")
    )
    return {
        "nudged": nudged / float(days.sum()),
        "complied": complied / nudged if nudged else None,
        "quit": float((days < horizon).mean()),
    }
