"""How fast everything is on this machine, side by side with the alternatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from human_wm_cli.benchmarks.checkouts import compare
from human_wm_cli.benchmarks.imagination import imagination_rows
from human_wm_cli.benchmarks.imports import QUICK, Sizes, import_rows
from human_wm_cli.benchmarks.large_data import QUICK_LARGE, LargeSizes, large_data_rows
from human_wm_cli.benchmarks.machine import machine
from human_wm_cli.benchmarks.parts import parts_rows
from human_wm_cli.benchmarks.pretraining_costs import pretraining_rows
from human_wm_cli.benchmarks.processes import first_use_rows, ppo_rows
from human_wm_cli.benchmarks.step_speed import growth_rows, stepping_rows
from human_wm_cli.benchmarks.training_step import training_rows
from human_wm_cli.benchmarks.transformer_updates import update_rows
from human_wm_cli.benchmarks.vector_worlds import SIZES, vector_world_rows
from human_wm_cli.console import Facts, Row, print_report, run_script, say
from human_wm_env import ConfigError
from human_wm_env.settings import one_of

# Takes too long to be measured with all others.
LARGE_DATA = "large_data"
# The 150,000 days that the default agent is trained for, 125 x 30 at a time.
PPO_ROLLOUTS = 40
# Rows of each group, with numbers where it has them, of a quick or a whole benchmark.
GROUPS: dict[str, Callable[[bool], list[Row] | tuple[list[Row], dict[str, float]]]] = {
    "stepping": lambda quick: stepping_rows(25 if quick else 100, 3 if quick else 9),
    "parts": lambda quick: parts_rows(100 if quick else 1000),
    "growth": lambda quick: growth_rows(quick, 2 if quick else 15),
    "imagination": lambda quick: imagination_rows(16 if quick else 999, 2 if quick else 15),
    "training": lambda quick: training_rows([128] if quick else [128, 1000], 2 if quick else 6),
    "transformer": lambda quick: update_rows(1 if quick else 20, 1 if quick else 5),
    "vector_worlds": lambda quick: vector_world_rows(
        ["Pendulum-v1"] if quick else list(SIZES), 5 if quick else 50, 1 if quick else 7
    ),
    "pretraining": lambda quick: pretraining_rows(1 if quick else 9),
    "first_use": lambda quick: first_use_rows(1 if quick else 3, generate=not quick),
    "imports": lambda quick: import_rows(QUICK if quick else Sizes()),
    LARGE_DATA: lambda quick: _large_data(LargeSizes.people, quick),
    "ppo": lambda quick: ppo_rows(1 if quick else PPO_ROLLOUTS),
}


@dataclass(frozen=True)
class BenchmarkConfig:
    """Settings of the command.

    Attributes:
        quick: smaller sizes and fewer repeats: under a minute, for a first impression.
        only: one group of rows: stepping, parts (of a step), growth, imagination, training,
            transformer, vector_worlds, pretraining, first_use, imports, ppo or large_data; null
            measures all of them but large_data.
        people: of the data set of only=large_data, of 1,000 days each.
        against: another checkout of this repository; both are measured in turns, and the time
            ratios of this one to the other are printed: above 1, this one is slower.
        pairs: turns of that, >= 1.
        json: print one JSON object instead of tables.
    """

    quick: bool = False
    only: str | None = None
    people: int = 10_000
    against: str | None = None
    pairs: int = 9
    json: bool = False

    def __post_init__(self) -> None:
        if self.pairs < 1:
            raise ConfigError("pairs >= 1", f"pairs={self.pairs}", "9 give an interval.")
        if self.only is not None:
            one_of(self.only, GROUPS, "only (or null)")
        if self.people < QUICK_LARGE.people:
            raise ConfigError(
                f"people >= {QUICK_LARGE.people}",
                f"people={self.people}",
                "quick=true takes the fewest.",
            )

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing, and why."""
        unused = {}
        if not self.against:
            unused["pairs"] = "Name a checkout to compare with: against=PATH."
        if self.only != LARGE_DATA or self.quick:
            unused["people"] = f"They are of only={LARGE_DATA}, without quick=true."
        return unused


def _large_data(people: int, quick: bool) -> list[Row]:
    return large_data_rows(QUICK_LARGE if quick else LargeSizes(people))


def measure(config: BenchmarkConfig) -> Facts:
    """Run the benchmark.

    Returns:
        `machine`, and for each group its `rows` and, where it has them, `numbers`.
    """
    import torch

    torch.set_num_threads(1)  # as NumPy's and MLX's products
    found: Facts = {"machine": machine()}
    usual = [group for group in GROUPS if group != LARGE_DATA]
    for group in usual if config.only is None else (config.only,):
        say(f"measuring {group}")
        of_group = GROUPS[group]
        if group == LARGE_DATA and not config.quick:
            of_group = partial(_large_data, config.people)
        measured = of_group(config.quick)
        rows, numbers = measured if isinstance(measured, tuple) else (measured, {})
        found[group] = {"rows": rows, "numbers": numbers}
    return found


def main(config: BenchmarkConfig) -> None:
    """Time the environments, imagination and training beside their alternatives.

    Everything runs in turns in one process (one BLAS thread), and medians are given.
    Example: humanwm benchmark only=stepping json=true
    Beside another checkout: humanwm benchmark only=stepping against=../main
    """
    if config.against is not None:
        words = [f"quick={str(config.quick).lower()}"]
        words += [] if config.only is None else [f"only={config.only}"]
        rows = compare(Path(config.against), words, config.pairs)
        print_report(rows, json=config.json, title="Time ratios, with their 95% intervals")
        return
    found = measure(config)
    if config.json:
        print_report([], json=True, result=found)
        return
    print_report([found["machine"]], title="Machine and versions")
    for group in GROUPS:
        if group not in found:
            continue
        print()
        print_report(found[group]["rows"])
        if found[group]["numbers"]:
            print_report(
                [
                    {"number": name, "value": value}
                    for name, value in found[group]["numbers"].items()
                ]
            )


run = partial(run_script, main, BenchmarkConfig, "benchmark")
