"""Pretrain the world model on logs: nets, encoder, decoder; writes a checkpoint."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import one_thread  # noqa: F401 (before NumPy)
from composition import to_dict
from datasets import EMBEDDED, DataConfig, load_dataset, provenance
from human_wm_env.runtime.architecture import Architecture
from report import print_report, run_script, say
from run_folder import TRAINING_STATE, RunConfig, RunFolder
from world_model.card.audit import verdict
from world_model.config import TrainingConfig
from world_model.export import export
from world_model.training import Trained, active_units, train


@dataclass(frozen=True)
class PretrainConfig:
    """Settings of the script.

    Attributes:
        data: the logs.
        model: sizes of the nets.
        training: how they are trained.
        run: the folder of the run; with run.resume=true training goes on where it stopped.
        json: print one JSON object instead of a table.
    """

    data: DataConfig = field(default_factory=DataConfig)
    model: Architecture = field(default_factory=Architecture)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False


def pretrain(config: PretrainConfig, run: RunFolder) -> tuple[Path, dict[str, Any]]:
    """Train a world model and write its checkpoint into the folder of a run.

    Returns:
        The checkpoint folder and the numbers of the run.
    """
    dataset = load_dataset(config.data)
    began = time.monotonic()
    trained = train(
        dataset,
        config.model,
        config.training,
        logger=run.logger,
        state_folder=run.path / TRAINING_STATE,
        progress=True,
    )
    metrics = {
        "seconds": round(time.monotonic() - began, 1),
        **_latent_metrics(trained),
        **{
            f"{stage}_{name}": value
            for stage, scores in trained.scores.items()
            for name, value in scores.items()
        },
    }
    export(
        trained.model,
        dataset,
        trained.train[0].users,
        run.checkpoint_path,
        {
            "command": "python scripts/pretrain.py",
            "config": _reproducible(to_dict(config)),
            "data": provenance(config.data, dataset),
            "metrics": metrics,
        },
    )
    run.write_metrics(metrics)
    return run.checkpoint_path, metrics


def _latent_metrics(trained: Trained) -> dict[str, Any]:
    """Return active units of each block, over the validation people's own posteriors."""
    _, posterior = trained.validation
    return {
        f"active_units_{block}": active_units(
            dataclasses.replace(posterior, mean=posterior.mean[:, part])
        )
        for block, part in trained.model.architecture.blocks.items()
    }


def _reproducible(config: dict[str, Any]) -> dict[str, Any]:
    """Leave out where a run and its logs were kept: paths of one machine, nothing computed."""
    kept = {key: value for key, value in config.items() if key not in ("run", "json")}
    if kept["data"]["source"] != EMBEDDED:
        kept["data"] = {**kept["data"], "source": "a file; see data.sha256"}
    return kept


def main(config: PretrainConfig) -> None:
    """Pretrain the world model on logs and write a checkpoint."""
    with RunFolder("pretrain", config, config.run) as run:
        say(verdict(load_dataset(config.data)))
        checkpoint, metrics = pretrain(config, run)
        rows = [{"what": name, "value": value} for name, value in metrics.items()]
        print_report(
            rows,
            json=config.json,
            title=f"Checkpoint in {checkpoint}",
            result={"checkpoint": str(checkpoint), "metrics": metrics},
        )
        say(f"Curves: tensorboard --logdir {run.path}")


if __name__ == "__main__":
    run_script(main, PretrainConfig, "pretrain")
