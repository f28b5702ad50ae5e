"""Train an agent with and without its world-model head, and say where prediction helps."""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path

from agents import Bootstrap
from agents.ablation.cell import run_cell, upper_bound
from agents.ablation.summary import ablation_figure, readable, summarise
from agents.ablation.task_list import TASKS
from agents.ablation.tasks import CONFIGURATIONS, HEAD, NO_HEAD, Task
from human_wm_cli.console import Facts, markdown_table, print_report, run_script, say, to_json
from human_wm_cli.run import EXPERIMENTS, TABLE, RunConfig, RunFolder
from human_wm_env import ConfigError
from human_wm_env.files.reading import read_json
from human_wm_env.files.writing import write_whole
from human_wm_env.settings import one_of

NAME = "ablation"
QUICK_SEEDS, SEEDS = 3, 10
QUICK_UPDATES = 0.6  # of a training's


@dataclass(frozen=True)
class AblationConfig:
    """Settings of the command.

    Attributes:
        tasks: which worlds, out of agents/ablation/task_list.py.
        configurations: what is trained there; null is all of it, or with quick=true the agent
            without and with its head.
        seeds: trainings of each; null are 10, or 3 with quick=true.
        quick: fewer seeds and configurations, and six tenths of the updates.
        episodes: that each agent is judged on.
        processes: trainings at a time, one thread each.
        bootstrap: settings of the intervals.
        run: the folder of the run; with run.resume=true trainings that ended are not run again.
        json: print one JSON object instead of a table.
    """

    tasks: list[str] = field(default_factory=lambda: list(TASKS))
    configurations: list[str] | None = None
    seeds: int | None = None
    quick: bool = False
    episodes: int = 200
    processes: int = 2
    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False

    def __post_init__(self) -> None:
        for name in self.tasks:
            one_of(name, TASKS, "tasks")
        for name in self.configurations or ():
            one_of(name, CONFIGURATIONS, "configurations")
        for name in ("processes", "episodes"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} >= 1", f"{getattr(self, name)}", "Raise it.")
        if self.seeds is not None and self.seeds < 2:
            raise ConfigError("seeds >= 2", f"{self.seeds}", "Intervals are over seeds.")

    def task(self, name: str) -> Task:
        """Return a world, and how long is trained there."""
        task = TASKS[name]
        if self.quick:
            return replace(task, updates=math.ceil(QUICK_UPDATES * task.updates))
        return task

    def trained(self) -> list[str]:
        """Return the configurations that are trained."""
        if self.configurations is not None:
            return self.configurations
        return [NO_HEAD, HEAD] if self.quick else list(CONFIGURATIONS)

    def seed_numbers(self) -> range:
        """Return the seeds of the trainings."""
        return range(self.seeds or (QUICK_SEEDS if self.quick else SEEDS))


@dataclass(frozen=True)
class Cell:
    """One training: where its numbers are kept, and what they depend on."""

    task: str
    configuration: str
    seed: int
    file: Path
    settings: Facts


def cells_of(config: AblationConfig, folder: Path) -> Iterator[Cell]:
    """Yield all trainings, seed by seed, so that an interrupted ablation is even."""
    for seed in config.seed_numbers():
        for name in config.tasks:
            task = config.task(name)
            for configuration in config.trained():
                agent = task.config(configuration, seed)
                settings = {
                    "task": asdict(task),
                    "agent": asdict(agent),
                    "episodes": config.episodes,
                }
                file = folder / name / configuration.replace(", ", "_").replace(" ", "_")
                yield Cell(
                    *(name, configuration, seed, file / f"seed_{seed}.json"),
                    settings=json.loads(to_json(settings)),
                )


def kept(cell: Cell) -> Facts | None:
    """Return the numbers of a training that ended before; None if it did not.

    Raises:
        ConfigError: it had other settings, or the file is damaged.
    """
    if not cell.file.is_file():
        return None
    found = read_json(cell.file, ConfigError)
    if not isinstance(found, dict) or found.get("settings") != cell.settings:
        raise ConfigError(
            f"the settings that {cell.file} was made with",
            "others",
            "Give another run.name, or set run.overwrite=true to start anew.",
        )
    return dict(found["result"])


def end_with_the_command() -> None:
    """End this process when the command is killed, which could not tell it to."""
    command = parent_process()
    assert command is not None

    def wait() -> None:
        command.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def run_all(config: AblationConfig, run: RunFolder) -> Facts:
    """Run what has not been run; returns rows of numbers, and draws the figure."""
    cells = list(cells_of(config, run.path / EXPERIMENTS))
    results: dict[str, dict[str, list[Facts]]] = {}
    done = {cell.file: found for cell in cells if (found := kept(cell)) is not None}
    left = [cell for cell in cells if cell.file not in done]
    # New interpreters, since Torch does not survive a fork.
    pool = ProcessPoolExecutor(
        config.processes, mp_context=get_context("spawn"), initializer=end_with_the_command
    )
    try:
        running = {
            pool.submit(
                run_cell,
                *(config.task(cell.task), cell.configuration, cell.seed),
                episodes=config.episodes,
            ): cell
            for cell in left
        }
        for number, future in enumerate(as_completed(running), start=len(done) + 1):
            cell = running[future]
            found = done[cell.file] = json.loads(to_json(future.result()))
            cell.file.parent.mkdir(parents=True, exist_ok=True)
            text = to_json({"settings": cell.settings, "result": found})
            write_whole(cell.file, f"{text}\n".encode())
            share = found[cell.configuration]["share"]
            say(
                f"{number}/{len(cells)} {cell.task}, {cell.configuration}, seed {cell.seed}: "
                f"{share:.2f} of the optimum"
            )
    finally:
        pool.shutdown(cancel_futures=True)  # after an error, too, no further one begins
    for cell in cells:
        for configuration, numbers in done[cell.file].items():
            results.setdefault(cell.task, {}).setdefault(configuration, []).append(numbers)
    bounds = {name: upper_bound(TASKS[name], 0) for name in config.tasks}
    rows = summarise(results, bounds, config.bootstrap)
    run.write_metrics({"rows": rows})
    shown = [readable(row) for row in rows]
    table = markdown_table(list(shown[0]), [list(row.values()) for row in shown])
    (run.path / TABLE).write_text(f"# Ablation\n\n{table}\n", encoding="utf-8")
    ablation_figure(results).savefig(run.figure_path(NAME), dpi=130)
    return {"run": run.path, "rows": rows}


def main(config: AblationConfig) -> None:
    """Train the transformer in symbolic worlds with and without its world-model head.

    Shares of the computed optimum with intervals over seeds, what the head foretells, and one
    figure. Interrupted? Again with run.resume=true. Examples:
    humanwm ablation quick=true run.name=quick
    humanwm ablation run.name=whole
    """
    with RunFolder(NAME, config, config.run) as run:
        found = run_all(config, run)
        print_report(
            [readable(row) for row in found["rows"]],
            json=config.json,
            title="Shares of the optimum; interquartile means over seeds with 95% intervals",
            result=found,
        )
        say(f"Table: {run.path / TABLE}; figure: {run.figure_path(NAME)}")


run = partial(run_script, main, AblationConfig, NAME)
