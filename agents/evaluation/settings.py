"""The settings of an evaluation, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field

from agents.evaluation.bootstrap_intervals import Bootstrap
from agents.planning.best_constant import SearchConfig
from agents.planning.model_predictive_control import PlannerConfig
from human_wm_env.settings import one_of

BASELINES = ("random", "habit", "best_constant", "planner", "oracle")


@dataclass(frozen=True)
class EvaluationConfig:
    """What is compared on whom.

    The worlds' own `split`, `weather` and `pessimism` are not used: agents are judged on
    the people of `split` below, on the weather of the log, without pessimism.

    Attributes:
        baselines: out of random, habit, best_constant, planner and oracle. The two planners
            take minutes; with the oracle, scores are normalised (habit 0, oracle 100).
        split: whose people the agents are judged on.
        people: how many of them; None takes all.
        episodes_per_person: start days of each person.
        seed: of people, days, noise and the random agent.
        min_history_days: days of log before each start.
        bootstrap: settings of the intervals.
        max_slots: episodes that run side by side.
        search_world: where the best constant is searched, on `search_split`; None takes
            the last world given (the simulator, where there is one).
        search_split: people of the search, others than those of the comparison.
        search: settings of the search.
        planner: search budget of the planner that imagines; it plans in the first dream.
        oracle: search budget of the oracle planner.
        replay: also show how well agents foresee the logged days, apart from their returns.
    """

    baselines: list[str] = field(default_factory=lambda: list(BASELINES[:3]))
    split: str = "test"
    people: int | None = None
    episodes_per_person: int = 4
    seed: int = 0
    min_history_days: int = 14
    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    max_slots: int = 2000
    search_world: str | None = None
    search_split: str = "train"
    search: SearchConfig = field(default_factory=SearchConfig)
    planner: PlannerConfig = field(default_factory=PlannerConfig)
    oracle: PlannerConfig = field(default_factory=PlannerConfig)
    replay: bool = False

    def __post_init__(self) -> None:
        for name in self.baselines:
            one_of(name, BASELINES, "baselines")

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing without their baseline, and why."""
        needed = dict.fromkeys(("search", "search_world"), "best_constant")
        needed |= {"planner": "planner", "oracle": "oracle"}
        return {
            name: f"It is of the baseline {baseline}: name that in evaluation.baselines, too."
            for name, baseline in needed.items()
            if baseline not in self.baselines
        }
