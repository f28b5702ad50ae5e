"""Say what a change of one person's days would do to them, and how sure that is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

from human_wm_cli.console import Row, print_report, run_script, say
from human_wm_cli.data import DataConfig, day_setting, load_dataset, load_people
from human_wm_cli.run import RunConfig, RunFolder
from human_wm_env import (
    ConfigError,
    DataError,
    History,
    LogDataset,
    WhatIf,
    effect_chart,
    what_if,
)
from human_wm_env.counterfactual.words import probability
from human_wm_env.data.folder import is_folder_of_logs
from human_wm_env.wording import counted
from human_wm_env.worlds.reset_options import MIN_HISTORY_DAYS

NAME = "what_if"


@dataclass(frozen=True)
class WhatIfConfig:
    """Settings of the command.

    Attributes:
        change: one or several, separated by semicolons: "sleep_hours+1", "steps*1.3",
            "workout_type=Running on weekdays", "active_minutes+30 on Mon,Wed,Fri".
        user: id of the person; with history it may be left out where the file has one person.
        day: the first changed day, counted from 0 or a date such as 2024-05-01; null is the day
            after the log.
        days: imagined days.
        history: a CSV file of daily logs, or an imported folder, with the person's own, in place of
            a person of `data`; a path as the first word is history.
        data: the logs of the person, and of the people that the change is compared with.
        checkpoint: folder of a checkpoint; null is the bundled one.
        draws: of who the person is.
        repeats: of the noise, for each of them.
        seed: of latents and noise.
        run: the folder of the run.
        json: print one JSON object instead of a table.
    """

    change: str
    user: str | None = None
    day: str | None = None
    days: int = 14
    history: str | None = None
    data: DataConfig = field(default_factory=DataConfig)
    checkpoint: str | None = None
    draws: int = 500
    repeats: int = 8
    seed: int = 0
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False


def answer(config: WhatIfConfig) -> WhatIf:
    """Return what the change would do to the person whom the settings name."""
    own, first_date = (None, None) if config.history is None else _history(config)
    found = what_if(
        config.change,
        user=config.user if own is None else None,
        day=day_setting(config.day) if own is None else None,
        history=own,
        dataset=load_people(config.data) or load_dataset(config.data),
        world_model=config.checkpoint,
        days=config.days,
        draws=config.draws,
        repeats=config.repeats,
        seed=config.seed,
    )
    if first_date is None:
        return found
    return replace(found, first_date=first_date.isoformat())


def _history(config: WhatIfConfig) -> tuple[History, date | None]:
    """Return one person's log before the day that the settings name, and the date of that day."""
    file = Path(str(config.history))
    if not (file.is_file() or is_folder_of_logs(file)):
        raise DataError(
            "the person's log: a CSV file of daily logs, or an imported folder",
            f"{file}, which is no file and no such folder",
            "Check the path.",
        )
    logs: LogDataset = load_dataset(DataConfig(source=str(file)))
    if config.user is None and logs.users > 1:
        raise ConfigError(
            "user=ID, one of the people of the file",
            f"none, and {logs.users} people in {logs.name}",
            f"Ids begin with {', '.join(logs.user_ids[:3])}.",
        )
    person = 0 if config.user is None else logs.index_of(config.user)
    logged = int(logs.days_logged[person])
    given = day_setting(config.day)
    day = (
        logged if given is None else given if isinstance(given, int) else logs.day_of(person, given)
    )
    first = min(MIN_HISTORY_DAYS, logged)
    if not first <= day <= logged:
        dates = [logs.date_of(person, one) for one in (first, logged)]
        told = "" if dates[0] is None else f" ({dates[0]} to {dates[1]})"
        raise ConfigError(
            f"a day from {first} to {logged}, the end of the log{told}",
            f"day={config.day}",
            "Choose another one.",
        )
    return logs.history(person, day), logs.date_of(person, day)


def rows(found: WhatIf) -> list[Row]:
    """Return a row an outcome: the effect on the average over the days."""
    return [
        {
            "outcome": name,
            "without": effect.without_change,
            "effect": effect.average.mean,
            **{
                level: f"{_signed(low)} to {_signed(high)}"
                for level, (low, high) in effect.average.intervals.items()
            },
            "P(> 0)": probability(effect.average.probability_above_zero),
            "population, 90%": " to ".join(map(_signed, effect.population.intervals["90%"])),
            "removed by log": _share(effect.from_log),
        }
        for name, effect in found.effects.items()
    ]


def _signed(value: float) -> str:
    return f"{value:+,.0f}" if abs(value) >= 999.5 else f"{value:+.3g}"


def _share(from_log: float | None) -> str:
    """Return the share of the uncertainty that the log removed; noise may take it below 0."""
    return "" if from_log is None else f"{max(0.0, from_log):.0%}"


def _print(found: WhatIf) -> None:
    print(f"{found.sentence}\n")
    print_report(rows(found), title=f"Effect on the average of {counted(found.days, 'day')}")
    print_report(
        [
            {
                "changed": one.feature,
                "logged days as extreme": one.person.as_extreme,
                "other people's": one.others.as_extreme,
                "changed days beyond the log": one.person.beyond,
                "beyond other people's": one.others.beyond,
            }
            for one in found.reach
        ],
        title="\nHow far the change leaves what was done",
    )
    print(
        f"\nUncertainty about the states: {found.uncertainty['changed']:.4f} on the changed days, "
        f"{found.uncertainty['habit']:.4f} on days of habit"
    )
    for line in found.warnings:
        print(f"Warning: {line}", flush=True)


def main(config: WhatIfConfig) -> None:
    """Say what a change of one person's days would do to them, and how sure that is.

    The futures with and without the change have the same latents and the same noise.
    Example: humanwm what-if examples/me.csv change="sleep_hours+1" days=14
    """
    with RunFolder(NAME, config, config.run) as run:
        found = answer(config)
        facts = asdict(found)
        run.write_metrics(facts)
        figure = run.figure(NAME, effect_chart(found), about=found.sentence)
        run.table("effects", rows(found), found.sentence)
        run.conclude({f"effect_on_{k}": each.average.mean for k, each in found.effects.items()})
        if config.json:
            print_report([], json=True, result={**facts, "figure": figure})
        else:
            _print(found)
        say(f"Figure: {figure}")


run = partial(run_script, main, WhatIfConfig, NAME, path="history")
