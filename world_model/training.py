"""Pretraining: logs in, trained nets and personal posteriors out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import mlx.core as mx
import numpy as np

from human_wm_env import schema
from human_wm_env.dataset import LogDataset
from human_wm_env.people.weather import fit_transitions
from human_wm_env.runtime import moments
from human_wm_env.runtime.architecture import Architecture
from human_wm_env.runtime.encoder import Posterior
from world_model.config import TrainingConfig
from world_model.data import EncodedLogs, encode_logs, moments_until, reference_day
from world_model.dreamt import dreamt_recognition
from world_model.encoder_stage import EncoderStage
from world_model.fitting import Stage, fit
from world_model.moment_stage import MomentStage
from world_model.nets_stage import NetsStage
from world_model.progress import Logger, SilentLogger
from world_model.recognition import Recognition
from world_model.vrae import WorldModel


@dataclass(frozen=True)
class Trained:
    """What pretraining leaves.

    Attributes:
        model: trained nets.
        train: encoded logs of the training people, and their personal posteriors.
        validation: likewise of the validation people.
        scores: scalars of the best epoch of each stage.
    """

    model: WorldModel
    train: tuple[EncodedLogs, Posterior]
    validation: tuple[EncodedLogs, Posterior]
    scores: dict[str, dict[str, float]]


def train(
    dataset: LogDataset,
    architecture: Architecture,
    config: TrainingConfig,
    *,
    logger: Logger | None = None,
    state_folder: Path | None = None,
    progress: bool = False,
) -> Trained:
    """Train a world model on the training people of a data set.

    Args:
        dataset: logs; people of the test split are never touched.
        architecture: sizes of the nets.
        config: how to train.
        logger: receives scalars.
        state_folder: where the state is kept after each epoch; training goes on from it.
        progress: show bars.

    Raises:
        DataError: no training or validation people.
        CheckpointError: the state folder is damaged, or of another run.
    """
    logger = logger or SilentLogger()
    model = WorldModel(architecture, config.seed)
    logs = {
        split: encode_logs(dataset, dataset.users_of(split), use_memory=architecture.memory)
        for split in ("train", "validation")
    }
    model.transition.reference = mx.array(reference_day(logs["train"]))
    nets = NetsStage(model, logs["train"], logs["validation"], config)
    settings = _settings(dataset, architecture, config)

    def run(stage: Stage) -> dict[str, float]:
        return fit(
            stage,
            seed=config.seed,
            logger=logger,
            folder=state_folder,
            settings=settings,
            progress=progress,
        )

    scores = {nets.name: run(nets)}
    everybody = nets.learner.posteriors.as_posterior()
    cut = logs["train"].people
    posteriors = {
        "train": Posterior(everybody.mean[:cut], everybody.log_variance[:cut]),
        "validation": Posterior(everybody.mean[cut:], everybody.log_variance[cut:]),
    }
    whole = moments_until(logs["train"], np.array([logs["train"].days]))[0]
    mean, sd = moments.population(whole)
    model.encoder.moments.mean, model.encoder.moments.sd = mx.array(mean), mx.array(sd)
    whom = {split: Recognition(logs[split], posteriors[split], mean, sd) for split in logs}
    dreamt = _dream(model, dataset, whom["train"], config)
    recognising = MomentStage(model, whom["train"], whom["validation"], dreamt, config)
    scores[recognising.name] = run(recognising)
    # Made only now: it freezes the moment net.
    encoding = EncoderStage(model, whom["train"], whom["validation"], config)
    scores[encoding.name] = run(encoding)
    return Trained(
        model=model,
        train=(logs["train"], posteriors["train"]),
        validation=(logs["validation"], posteriors["validation"]),
        scores=scores,
    )


def _settings(dataset: LogDataset, architecture: Architecture, config: TrainingConfig) -> str:
    """Return a fingerprint of everything that a resumed run must share."""
    facts = [dataset.fingerprint, asdict(architecture), asdict(config)]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _dream(
    model: WorldModel, dataset: LogDataset, real: Recognition, config: TrainingConfig
) -> Recognition | None:
    if config.dreamt_people == 0:
        return None
    users = real.logs.users
    weather = fit_transitions(
        dataset.rows[users][..., schema.WEATHER], dataset.observed[users][..., schema.WEATHER]
    )
    return dreamt_recognition(
        model, dataset, real, weather, people=config.dreamt_people, seed=config.seed
    )


def active_units(posterior: Posterior) -> int:
    """Return how many latents' posterior means vary between people by more than 0.01.

    Source: Burda et al. 2016, active units.
    """
    return int((np.var(posterior.mean, axis=0) > 0.01).sum())
