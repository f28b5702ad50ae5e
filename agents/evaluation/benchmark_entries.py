"""Who takes part in the benchmark, and where each of them is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agents.env_config import EnvConfig, with_overrides
from agents.evaluation.model_exploits import NEARLY_NO_NOISE
from agents.planning.dream_planner import ImaginingPlannerConfig
from agents.registry import ALGORITHMS

SEARCH_SEEDS = 100  # where the seeds of the exploit search begin


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
    config: Any
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


def benchmark_entries(config: Any, untrained_model: str) -> list[BenchmarkEntry]:
    """Return everybody that is trained.

    Args:
        config: of the benchmark script.
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
    blind = replace(lost, person_context=True)
    add("ppo untrained dream context", config.ppo, blind)
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
