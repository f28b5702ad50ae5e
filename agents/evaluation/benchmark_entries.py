"""Who takes part in the benchmark, and where each of them is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agents.env_config import EnvConfig, with_overrides
from agents.evaluation.bootstrap_intervals import Bootstrap
from agents.evaluation.model_exploits import NEARLY_NO_NOISE
from agents.evaluation.off_policy import OffPolicyConfig
from agents.evolution.hyperparameters import CMAESConfig
from agents.planning.best_constant import SearchConfig
from agents.planning.dream_planner import ImaginingPlannerConfig
from agents.planning.model_predictive_control import PlannerConfig
from agents.registry import ALGORITHMS, AgentConfig
from agents.sb3.hyperparameters import PPOConfig

SEARCH_SEEDS = 100  # where the seeds of the exploit search begin


@dataclass(frozen=True)
class BenchmarkConfig:
    """Who takes part in the benchmark of agents, and on whom they are judged.

    Attributes:
        dream: the dream, as agents without the person context see it.
        simulator: the real world of the benchmark.
        second_opinion: checkpoint of a world model trained on other people with another seed;
            None leaves it out.
        ppo, cma_es: how they are trained.
        seeds: training seeds of PPO and CMA-ES.
        others: further algorithms, trained with their defaults and one seed each.
        temperatures: of the dreams that PPO is trained in.
        pessimisms: likewise.
        adherences: likewise, and of the worlds that those agents are judged in.
        exploit_seeds: seeds of the exploit search, for PPO and CMA-ES each.
        off_policy: settings of the estimates from the log; None leaves them out.
        search: of the best constant.
        planner, oracle: search budgets.
        people: of the test split; None takes all.
        episodes_per_person: start days of each.
        seed: of people, days and noise; another one than that of the trainings.
        bootstrap: settings of the intervals.
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


@dataclass(frozen=True)
class BenchmarkEntry:
    """One training, with one seed.

    Attributes:
        name: of its own.
        group: shared by the seeds of one agent.
        config: of the algorithm.
        env: where it is trained.
        own_world: setting of a further dream that it is judged in, such as temperature 0.25.
        setting: what of the training is varied, with its value.
    """

    name: str
    group: str
    config: AgentConfig
    env: EnvConfig
    own_world: tuple[str, float] | None = None
    setting: tuple[str, float] | None = None

    def judged_in(self, worlds: Mapping[str, EnvConfig]) -> dict[str, EnvConfig]:
        """Return the worlds by name: dream and simulator, and those of its own setting."""
        found = dict(worlds)
        if self.own_world is not None:
            name, value = self.own_world
            found[f"dream, {name} {value:g}"] = with_overrides(worlds["dream"], {name: value})
            if name == "adherence":
                truth = replace(worlds["simulator"], adherence=value)
                found[f"simulator, adherence {value:g}"] = truth
        return found


def benchmark_entries(config: BenchmarkConfig, untrained_model: str) -> list[BenchmarkEntry]:
    """Return all that are trained.

    Args:
        config: of the benchmark.
        untrained_model: checkpoint of the ablation.
    """
    dream, truth = config.dream, config.simulator
    model = dream.world_model
    seeing = replace(dream, person_context=True)
    seeing_truth = replace(truth, person_context=True, context_model=model or "bundled")
    places = {
        "dream": dream,
        "dream context": seeing,
        "simulator": truth,
        "simulator context": seeing_truth,
    }
    found: list[BenchmarkEntry] = []

    def add(group: str, algorithm: Any, env: EnvConfig, seeds: int = 1, **own: Any) -> None:
        for number in range(seeds):
            seed = algorithm.seed + number
            found.append(
                BenchmarkEntry(
                    f"{group}, seed {seed + 1}", group, replace(algorithm, seed=seed), env, **own
                )
            )

    for place, env in places.items():
        add(f"ppo {place}", config.ppo, env, config.seeds)
    add("cma_es dream context", config.cma_es, seeing, config.seeds)
    add("cma_es simulator context", config.cma_es, seeing_truth)
    for name in config.others:
        add(f"{name} dream context", ALGORITHMS[name].config(), seeing)
    planner = ImaginingPlannerConfig(config.planner)
    found.append(BenchmarkEntry("planner", "planner", planner, dream))
    lost = replace(dream, world_model=untrained_model)
    lost_seeing = replace(lost, person_context=True)
    add("ppo untrained dream context", config.ppo, lost_seeing)
    found.append(
        BenchmarkEntry("planner, untrained dream", "planner, untrained dream", planner, lost)
    )
    for name, values in (
        ("temperature", config.temperatures),
        ("pessimism", config.pessimisms),
        ("adherence", config.adherences),
    ):
        for value in values:
            env = with_overrides(seeing, {name: value})
            own = None if name == "pessimism" else (name, value)
            add(f"ppo {name} {value:g}", config.ppo, env, own_world=own, setting=(name, value))
    sharp = replace(seeing, temperature=NEARLY_NO_NOISE)
    cheat = ("temperature", NEARLY_NO_NOISE)
    for label, algorithm in (("ppo", config.ppo), ("cma_es", config.cma_es)):
        # Other seeds than those of the sweep, whose agent of this temperature is judged, too.
        algorithm = replace(algorithm, seed=algorithm.seed + SEARCH_SEEDS)
        add(f"exploit {label}", algorithm, sharp, config.exploit_seeds, own_world=cheat)
    return found
