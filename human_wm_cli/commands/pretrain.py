"""Pretrain the world model on logs: nets, encoder, decoder; writes a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from human_wm_cli.config import to_dict
from human_wm_cli.console import Facts, Row, print_report, run_script, say
from human_wm_cli.data import EMBEDDED, UNIFORM, DataConfig, load_dataset, load_people, provenance
from human_wm_cli.model_card import CARD_TEXT, write_card
from human_wm_cli.people_map import show_people
from human_wm_cli.run import TRAINING_STATE, RunConfig, RunFolder
from human_wm_env import ConfigError, DataError
from human_wm_env.model.architecture import Architecture
from world_model import CardConfig, Pretrained, TrainingConfig, pretrain, verdict
from world_model.training.unused import unused_settings


@dataclass(frozen=True)
class PretrainConfig:
    """Settings of the command.

    Attributes:
        data: the logs.
        model: sizes of the nets.
        training: how they are trained.
        card: how the model card is measured afterwards; null writes none.
        run: the folder of the run; with run.resume=true training goes on where it stopped.
        json: print one JSON object instead of a table.
    """

    data: DataConfig = field(default_factory=DataConfig)
    model: Architecture = field(default_factory=Architecture)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    card: CardConfig | None = field(default_factory=CardConfig)
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False

    def __post_init__(self) -> None:
        if self.data.everybody_trains and self.training.empty_blocks:
            raise ConfigError(
                "training.empty_blocks=false with data.everybody_trains=true",
                "true: a test on people whom training never saw, and there are none",
                "Use training=finetune or training=few_people, or data.everybody_trains=false.",
            )

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing here, and why."""
        return unused_settings(self.model, self.training)


def run_pretraining(config: PretrainConfig, run: RunFolder) -> Pretrained:
    """Train a world model and write its checkpoint, and its card, into the folder of a run."""
    dataset = load_dataset(config.data)
    pretrained = pretrain(
        dataset,
        run.checkpoint_path,
        config.model,
        config.training,
        about={
            "command": "python scripts/pretrain.py",
            "config": _reproducible(to_dict(config)),
            "data": provenance(config.data, dataset),
        },
        logger=run.dashboard,
        state_folder=run.path / TRAINING_STATE,
        progress=True,
    )
    if pretrained.pruned:
        names = ", ".join(f"z_{block}" for block in pretrained.pruned)
        say(f"{names}: pruned, of no help on unseen days of unseen people")
    for stage in pretrained.unfinished:
        say(f"{stage}: best in the last tenth of its budget; a larger one might be better")
    run.write_metrics(pretrained.metrics)
    run.conclude(pretrained.metrics)
    show_people(run.dashboard, str(run.checkpoint_path), dataset, load_people(config.data))
    if config.card is not None:
        _measure(config.data, config.card, run)
    return pretrained


def _measure(data: DataConfig, card: CardConfig, run: RunFolder) -> None:
    """Write the model card; a checkpoint of too few people stays without one."""
    say("Measuring the model card on held-out people")
    try:
        write_card(run.checkpoint_path, data, card, run.dashboard)
    except DataError as error:
        say(f"No model card: {error}")


def _reproducible(config: Facts) -> Facts:
    """Leave out what changes no weight, and where things lay: paths of one machine."""
    kept = {key: value for key, value in config.items() if key not in ("card", "run", "json")}
    if kept["data"]["source"] not in (EMBEDDED, UNIFORM):
        kept["data"] = {**kept["data"], "source": "a file; see data.sha256"}
    if kept["data"]["others"] is not None:
        kept["data"] = {**kept["data"], "others": "a file; see data.others.sha256"}
    if kept["training"]["start"] is not None:
        where = "a checkpoint; see start.weights_sha256"
        kept["training"] = {**kept["training"], "start": where}
    return kept


def main(config: PretrainConfig) -> None:
    """Pretrain the world model on logs; write a checkpoint and its model card."""
    with RunFolder("pretrain", config, config.run) as run:
        say(verdict(load_dataset(config.data)))
        pretrained = run_pretraining(config, run)
        checkpoint, metrics = pretrained.checkpoint, pretrained.metrics
        rows: list[Row] = [{"what": name, "value": value} for name, value in metrics.items()]
        run.table("training", rows)
        print_report(
            rows,
            json=config.json,
            title=f"Checkpoint in {checkpoint}",
            result={"checkpoint": str(checkpoint), "metrics": metrics},
        )
        if (checkpoint / CARD_TEXT).is_file():
            say(f"Model card: {checkpoint / CARD_TEXT}")
        say(f"Curves: tensorboard --logdir {run.path}")


run = partial(run_script, main, PretrainConfig, "pretrain", path="data.source")
