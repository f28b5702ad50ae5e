"""Judge what-if on people whose equations are known: do its intervals hold the true effects?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain

from human_wm_cli.console import Row, print_report, run_script, say
from human_wm_cli.data import EMBEDDED, DataConfig, load_people
from human_wm_cli.run import RunConfig, RunFolder
from human_wm_env import ConfigError, load_world_model
from human_wm_env.counterfactual.change import parse_changes
from human_wm_env.counterfactual.coverage import (
    JudgedOutcome,
    TrueEffect,
    estimated_effects,
    judge,
    true_effects,
)
from human_wm_env.counterfactual.effects import Effect
from human_wm_env.wording import counted
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.simulator import SimulatorWorld
from human_wm_env.worlds.starts import PersonStart

NAME = "check_what_if"
ALL = "all of them"
# What the intervals of heart rate and mood over all changes have to cover.
LEVEL, FEWEST, MOST = "90%", 0.80, 0.97
OF = ("heart_rate_avg", "mood")


@dataclass(frozen=True)
class CheckWhatIfConfig:
    """Settings of the command.

    Attributes:
        data: the embedded people; the first `people` of the split are judged.
        changes: each is made on every person.
        people: of the split.
        split: train, validation or test.
        day: the first changed day.
        days: imagined and simulated days.
        checkpoint: folder of a checkpoint; null is the bundled one.
        draws, repeats: as of what-if.
        futures: pairs that a true effect is averaged over.
        seed: of latents and noise.
        run: the folder of the run.
        json: print one JSON object instead of a table.
    """

    data: DataConfig = field(default_factory=DataConfig)
    changes: list[str] = field(
        default_factory=lambda: [
            "sleep_hours+1",
            "steps*1.3",
            "workout_type=Running",
            "workout_type=None; sleep_hours-1 on weekdays",
        ]
    )
    people: int = 100
    split: str = "test"
    day: int = 600
    days: int = 14
    checkpoint: str | None = None
    draws: int = 500
    repeats: int = 8
    futures: int = 1000
    seed: int = 0
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False


def judge_changes(config: CheckWhatIfConfig) -> dict[str, dict[str, JudgedOutcome]]:
    """Return, for each change and for all of them together, how true its effects are."""
    people = load_people(config.data)
    if people is None:
        raise ConfigError(
            f"data.source={EMBEDDED}: only of its people the true effects are known",
            f"data.source={config.data.source}",
            "Leave data.source out.",
        )
    if config.people < 1:
        raise ConfigError("people >= 1", f"people={config.people}", "Raise it.")
    all_changes = [parse_changes(text) for text in config.changes]
    runtime, days = load_world_model(config.checkpoint), config.days
    dream = DreamWorld(
        runtime, people.dataset, split="all", horizon=days, adherence=0.0, masking="none"
    )
    simulator = SimulatorWorld(people, split="all", horizon=days, adherence=0.0, masking="none")
    options = {"day": config.day}
    users = people.dataset.users_of(config.split)[: config.people].tolist()
    starts = dream.start_from([options] * len(users), [PersonStart(user, 0, 0) for user in users])
    estimated: list[list[dict[str, Effect]]] = []
    true: list[list[TrueEffect]] = []
    for place, start in enumerate(starts):
        if place % 10 == 0:
            say(f"{place} of {len(starts)} people")
        estimated.append(
            estimated_effects(
                dream,
                start,
                all_changes,
                draws=config.draws,
                repeats=config.repeats,
                seed=config.seed,
            )
        )
        true.append(
            true_effects(simulator, start, all_changes, futures=config.futures, seed=config.seed)
        )
    by_change = {
        str(changes): judge([one[place] for one in estimated], [one[place] for one in true])
        for place, changes in enumerate(all_changes)
    }
    return by_change | {ALL: judge(list(chain(*estimated)), list(chain(*true)))}


def as_row(change: str, outcome: str, judged: JudgedOutcome) -> Row:
    """Return one row of the table."""
    return {
        "change": change,
        "outcome": outcome,
        "n": judged.people,
        "true mean": judged.true_mean,
        "true sd": judged.true_sd,
        "mean": judged.mean,
        "r": judged.correlation,
        "rmse / sd": judged.error_to_sd,
        **{f"{level} cover": share for level, share in judged.coverage.items()},
    }


def main(config: CheckWhatIfConfig) -> None:
    """Compare what-if with paired simulations of the true people.

    Example: humanwm check-what-if people=20 checkpoint=runs/mine/checkpoint
    """
    with RunFolder(NAME, config, config.run) as run:
        found = judge_changes(config)
        covered = {name: found[ALL][name].coverage[LEVEL] for name in OF}
        met = all(FEWEST <= share <= MOST for share in covered.values())
        result = {
            "judged": {
                change: {k: asdict(v) for k, v in by.items()} for change, by in found.items()
            },
            "met": met,
        }
        run.write_metrics(result)
        rows = [as_row(change, k, v) for change, by in found.items() for k, v in by.items()]
        run.table("effects", rows, "what-if beside the simulator")
        run.conclude({f"{LEVEL}_covers_effects_on_{name}": each for name, each in covered.items()})
        print_report(
            rows,
            json=config.json,
            title=f"Effects averaged over {counted(config.days, 'day')}: what-if beside "
            "the simulator",
            result={"run": str(run.path), **result},
        )
        if not config.json:
            shares = ", ".join(f"{name} {share:.0%}" for name, share in covered.items())
            wanted = f"{FEWEST:.0%} to {MOST:.0%} wanted"
            print(f"\n{LEVEL} intervals hold the true effect: {shares}; {wanted}; met: {met}")


run = partial(run_script, main, CheckWhatIfConfig, NAME)
