"""Who takes part in the benchmark, and where each of them is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agents.backprop.settings import BackpropConfig
from agents.distillation.settings import DistilledConfig
from agents.env_config import EnvConfig, with_overrides
from agents.evaluation.bootstrap_intervals import Bootstrap
from agents.evaluation.model_exploits import NEARLY_NO_NOISE
from agents.evaluation.off_policy import OffPolicyConfig
from agents.evolution.hyperparameters import CMAESConfig
from agents.planning.best_constant import SearchConfig
from agents.planning.dream_planner import ImaginingPlannerConfig
from agents.planning.model_predictive_control import PlannerConfig
from agents.planning.residual_planner import ResidualPlannerConfig
from agents.registry import ALGORITHMS, AgentConfig
from agents.sb3.hyperparameters import PPOConfig
from human_wm_env.errors import ConfigError

SEARCH_SEEDS = 100  # where the seeds of the exploit search begin
BACKPROP, DISTILLED = "backprop dream context", "distilled dream context"
CORRECTED = (BACKPROP, DISTILLED)
HYBRID = "ppo hybrid dream context"
EXPLOIT = "exploit"  # how the names of those begin that search for exploits


def _hybrid() -> PPOConfig:
    return PPOConfig(head="hybrid", bootstrap=False, steps=1_500_000)


def _small_budget() -> PlannerConfig:
    large = ResidualPlannerConfig().planner
    return replace(large, draws=4, search=replace(large.search, candidates=12, elite=3))


@dataclass(frozen=True)
class BenchmarkConfig:
    """Who takes part in the benchmark of agents, and on whom they are judged.

    Attributes:
        dream: the dream, as agents without the person context see it.
        simulator: the real world of the benchmark.
        second_opinion: checkpoint of a world model trained on other people with another seed;
            None leaves it out.
        ppo, cma_es: how they are trained.
        backprop, distilled, hybrid: likewise; PPO with a hybrid head is the last.
        correction, small_correction: budgets of planners that correct the first actor of
            back-propagation, and the first distilled one; null leaves a budget out.
        seeds: training seeds of each of these, but for the distilled planner.
        distilled_seeds: training seeds of that one, which takes minutes each.
        others: further algorithms, trained with their defaults and one seed each.
        temperatures: of the dreams that PPO is trained in.
        pessimisms: likewise.
        adherences: likewise, and of the worlds that those agents are judged in.
        exploit_seeds: seeds of the exploit search, for PPO, CMA-ES and back-propagation each;
            the last is the strongest, and searches the dream as it is, too.
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
    backprop: BackpropConfig = field(default_factory=BackpropConfig)
    distilled: DistilledConfig = field(default_factory=DistilledConfig)
    hybrid: PPOConfig = field(default_factory=_hybrid)
    correction: PlannerConfig | None = field(
        default_factory=lambda: ResidualPlannerConfig().planner
    )
    small_correction: PlannerConfig | None = field(default_factory=_small_budget)
    seeds: int = 5
    distilled_seeds: int = 5
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


def benchmark_entries(
    config: BenchmarkConfig, untrained_model: str, agent_folder: Callable[[str], str]
) -> list[BenchmarkEntry]:
    """Return all that are trained.

    Args:
        config: of the benchmark.
        untrained_model: checkpoint of the ablation.
        agent_folder: of a trained agent, by the name of its entry.

    Raises:
        ConfigError: two entries would have the same name, or there is nothing to correct.
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
    add(BACKPROP, config.backprop, seeing, config.seeds)
    add(DISTILLED, config.distilled, seeing, config.distilled_seeds)
    actors = {entry.group: entry.name for entry in reversed(found) if entry.group in CORRECTED}
    for budget in (config.correction, config.small_correction):
        if budget is None:
            continue
        if not actors:
            raise ConfigError("seeds >= 1, for what is corrected", "0", "Say correction=null.")
        days = budget.search.iterations * budget.search.candidates * budget.draws * budget.days
        for corrected, actor in actors.items():
            group = f"residual_planner on {corrected.split()[0]}, {days} days"
            corrects = ResidualPlannerConfig(agent_folder(actor), budget)
            found.append(BenchmarkEntry(f"{group}, {actor}", group, corrects, seeing))
    add(HYBRID, config.hybrid, seeing, config.seeds)
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
    # Other seeds than those of the sweep, whose agent of this temperature is judged, too.
    for label, algorithm, searched in (
        ("ppo", config.ppo, (NEARLY_NO_NOISE,)),
        ("cma_es", config.cma_es, (NEARLY_NO_NOISE,)),
        ("backprop", config.backprop, (NEARLY_NO_NOISE, 1.0)),
    ):
        algorithm = replace(algorithm, seed=algorithm.seed + SEARCH_SEEDS)
        for value in searched:
            add(
                f"{EXPLOIT} {label} {value:g}",
                algorithm,
                with_overrides(seeing, {"temperature": value}),
                config.exploit_seeds,
                own_world=("temperature", value),
            )
    names = [entry.name for entry in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(
            "entries of different names: two corrections of different days, each algorithm once",
            f"{twice[0]!r} twice",
            "Leave one of them out.",
        )
    return found
