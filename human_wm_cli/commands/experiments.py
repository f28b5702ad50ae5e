"""Train and measure one experiment after the other, under one budget; compare their cards."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from human_wm_cli.commands.pretrain import PretrainConfig, run_pretraining
from human_wm_cli.comparison import NOTE, markdown, readable, summary
from human_wm_cli.config import to_dict, vary
from human_wm_cli.console import Facts, print_report, run_script, say, to_json
from human_wm_cli.data import EMBEDDED, DataConfig
from human_wm_cli.model_card import CARD_JSON
from human_wm_cli.run import EXPERIMENTS, TABLE, TRAINING_STATE, RunConfig, RunFolder
from human_wm_env import ConfigError, DataError
from human_wm_env.files.reading import read_json
from human_wm_env.model.architecture import Architecture
from world_model import CardConfig, TrainingConfig

GROUP = "experiments"
RESULT = "experiment.json"


@dataclass(frozen=True)
class RunExperimentsConfig:
    """Settings of the command.

    Attributes:
        experiments: which, in this order: files of configs/experiments, each with the settings
            that it changes.
        data: the logs.
        model: sizes of the nets, where an experiment does not change them.
        training: the budget that all share, likewise.
        card: how the model cards are measured.
        run: the folder of the run; with run.resume=true finished experiments are not run
            again, and an interrupted one goes on where it stopped.
        json: print one JSON object instead of a table.
    """

    experiments: list[str]
    data: DataConfig = field(default_factory=DataConfig)
    model: Architecture = field(default_factory=Architecture)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    card: CardConfig = field(default_factory=CardConfig)
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False


def plan(config: RunExperimentsConfig) -> dict[str, PretrainConfig]:
    """Return what each experiment trains.

    Raises:
        ConfigError: an unknown experiment, or one named twice; or what one of them sets.
    """
    names = config.experiments
    if not names or len(set(names)) < len(names):
        raise ConfigError("experiments, each once", f"{names}", "Name some, or leave them out.")
    base = PretrainConfig(
        data=config.data, model=config.model, training=config.training, card=config.card
    )
    return {name: vary(base, GROUP, name) for name in names}


def budget(config: RunExperimentsConfig) -> str:
    """Say what each experiment was given."""
    training, data = config.training, config.data
    stages = (training.nets, training.moments, training.encoder)
    epochs = " + ".join(str(stage.epochs) for stage in stages)
    logs = (
        f"{data.users} people x {data.days} days"
        if data.source == EMBEDDED
        else Path(data.source).name
    )
    return f"{logs}; at most {epochs} epochs in three stages, or {training.joint.epochs} jointly"


def run_all(config: RunExperimentsConfig, run: RunFolder) -> list[Facts]:
    """Run what has not been run; returns a row of numbers for each experiment."""
    rows: list[Facts] = []
    planned = plan(config)
    for number, (name, settings) in enumerate(planned.items(), start=1):
        say(f"{number}/{len(planned)} {name}")
        rows.append({"experiment": name, **_result(name, settings, run.path / EXPERIMENTS)})
        # After each: an interrupted comparison leaves the table so far.
        run.write_metrics({"budget": budget(config), "experiments": rows})
        table = markdown([readable(row) for row in rows])
        (run.path / TABLE).write_text(
            f"# Experiments\n\n{budget(config)}. {NOTE}\n\n{table}\n", encoding="utf-8"
        )
    return rows


def _result(name: str, settings: PretrainConfig, root: Path) -> Facts:
    """Return the numbers of one experiment, run now or before."""
    facts = json.loads(to_json(_facts(settings)))
    file = root / name / RESULT
    if file.is_file():
        kept: Any = read_json(file)
        if not isinstance(kept, dict) or kept.get("settings") != facts:
            raise ConfigError(
                f"the settings that {name!r} was run with",
                f"others than in {file}",
                "Give another run.name, or set run.overwrite=true to start anew.",
            )
        say("    run before")
        return dict(kept["result"])
    result = _carry_out(replace(settings, run=RunConfig(str(root), name, resume=True)))
    file.write_text(to_json({"settings": facts, "result": result}) + "\n", encoding="utf-8")
    return result


def _facts(settings: PretrainConfig) -> Facts:
    return {key: value for key, value in to_dict(settings).items() if key not in ("run", "json")}


def _carry_out(settings: PretrainConfig) -> Facts:
    """Pretrain, measure, and keep what the comparison needs."""
    with RunFolder("pretrain", settings, settings.run) as run:
        is_new = not (run.path / TRAINING_STATE).exists()
        pretrained = run_pretraining(settings, run)
    card = pretrained.checkpoint / CARD_JSON
    if not card.is_file():
        raise DataError(
            "logs that a model card can be measured on",
            "a checkpoint without one",
            "The message above says why; use more people or longer logs.",
        )
    # The clock of a training that was interrupted has only seen its last part.
    seconds = pretrained.metrics["seconds"] if is_new else None
    return {**summary(cast(Facts, read_json(card))), "seconds": seconds}


def main(config: RunExperimentsConfig) -> None:
    """Train and measure experiments under one budget, and compare them.

    Each is `humanwm pretrain` with the settings of its file in configs/experiments. Examples:
    humanwm experiments run.name=all
    humanwm experiments experiments=[default,predecessor] run.name=two
    """
    plan(config)  # a wrong name is an error before a folder is made
    with RunFolder("run_experiments", config, config.run) as run:
        rows = run_all(config, run)
        run.table("experiments", [readable(row) for row in rows], budget(config))
        print_report(
            [readable(row) for row in rows],
            json=config.json,
            title=f"Experiments: {budget(config)}",
            result={"run": run.path, "budget": budget(config), "experiments": rows},
        )
        say(NOTE)
        say(f"Table: {run.path / TABLE}")


run = partial(run_script, main, RunExperimentsConfig, "run_experiments")
