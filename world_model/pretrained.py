"""A world model in one call: trained on logs, and written as a checkpoint."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from human_wm_env.data.dataset import LogDataset
from human_wm_env.model.architecture import RESPONSE, Architecture
from world_model.export import export
from world_model.training.config import TrainingConfig
from world_model.training.logger import Logger
from world_model.training.response import EVENING, MORNING
from world_model.training_stages import Trained, active_units, train

#: as configs/model/default.yaml; `Architecture()` is that of checkpoints from before
DEFAULT = Architecture(transition=RESPONSE, latent_a=2)


@dataclass(frozen=True)
class Pretrained:
    """What pretraining leaves.

    Attributes:
        checkpoint: the folder, for `world_model=` of the environments.
        metrics: seconds, active units of each block, and the scores of each stage.
        pruned: blocks of latents that did not help on unseen days, and are not used.
        unfinished: stages that were best in the last tenth of their budget: a larger one might
            give a better model.
    """

    checkpoint: Path
    metrics: dict[str, float]
    pruned: tuple[str, ...]
    unfinished: tuple[str, ...] = ()


def pretrain(
    dataset: LogDataset,
    checkpoint: Path | str,
    architecture: Architecture | None = None,
    training: TrainingConfig | None = None,
    *,
    about: Mapping[str, object] | None = None,
    logger: Logger | None = None,
    state_folder: Path | None = None,
    progress: bool = False,
) -> Pretrained:
    """Train a world model on logs and write its checkpoint.

    Args:
        dataset: the logs; people of the test split are never touched.
        checkpoint: the folder to be written.
        architecture: sizes of the model; None takes DEFAULT, whose states follow a response.
        training: how to train; None takes the defaults.
        about: JSON-able facts for the manifest; None takes settings and `described` of the logs.
        logger: receives scalars.
        state_folder: where the state is kept after each epoch; training goes on from it.
        progress: show bars.

    Raises:
        DataError: no training or validation people.
        CheckpointError: the state folder is damaged, or of another run; or the start
            cannot be read, or is of another architecture.
    """
    architecture, training = architecture or DEFAULT, training or TrainingConfig()
    began = time.monotonic()
    trained = train(
        dataset,
        architecture,
        training,
        logger=logger,
        state_folder=state_folder,
        progress=progress,
    )
    metrics = {
        "seconds": round(time.monotonic() - began, 1),
        **_active_units(trained),
        **{
            f"{stage}_{name}": value
            for stage, scores in trained.scores.items()
            for name, value in scores.items()
        },
    }
    if about is None:
        config = {"model": asdict(architecture), "training": asdict(training)}
        about = {"config": config, "data": dataset.described()}
    details = {**about, "metrics": metrics, **_origin(trained)}
    details["emptied_blocks"] = list(trained.pruned)
    details["best_at_the_end"] = list(trained.unfinished)
    details["posterior"] = _kinds_of_posterior(trained.model.architecture)
    if trained.model.response is not None:
        is_morning = trained.model.response.morning_states
        details["states_measured"] = MORNING if is_morning else EVENING
    folder = Path(checkpoint)
    export(trained.model, dataset, trained.train[0].users, folder, details)
    return Pretrained(folder, metrics, trained.pruned, trained.unfinished)


def _kinds_of_posterior(architecture: Architecture) -> dict[str, str]:
    """Return how the posterior of each block is worked out from a log."""
    return {
        block: "encoder" if block in architecture.net_blocks else "exact"
        for block in architecture.blocks
    }


def _active_units(trained: Trained) -> dict[str, float]:
    """Return active units of each block, over the validation people's own posteriors."""
    _, posterior = trained.validation
    return {
        f"active_units_{block}": active_units(
            dataclasses.replace(posterior, mean=posterior.mean[:, part])
        )
        for block, part in trained.model.architecture.blocks.items()
    }


def _origin(trained: Trained) -> dict[str, object]:
    """Return what a manifest says about the checkpoint that training began with."""
    if trained.start is None:
        return {}
    kept = ("weights_sha256", "data", "start")
    return {"start": {key: trained.start.manifest.get(key) for key in kept}}
