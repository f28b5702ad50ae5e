"""From collected episodes to the checkpoint of a world model: V, then M."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from human_wm_env.errors import CheckpointError
from human_wm_env.vector_dream.architecture import VectorArchitecture
from human_wm_env.vector_dream.checkpoint import (
    VectorCheckpoint,
    load_vector_checkpoint,
    save_vector_checkpoint,
)
from human_wm_env.vector_dream.episodes import EpisodeLog
from human_wm_env.vector_dream.nets import VectorNets
from human_wm_env.vector_dream.task import Task
from world_model.training.logger import Logger, SilentLogger
from world_model.training.trainer import fit, flat_arrays
from world_model.vector.config import VectorModelConfig
from world_model.vector.nets import MDNRNN, VAE
from world_model.vector.rnn_stage import RNNStage
from world_model.vector.vae_stage import VAEStage
from world_model.vector.windows import EncodedEpisode, cut, encode_log, remembered

# An entry whose standard deviation is smaller counts as constant.
SMALLEST_DEVIATION = 1e-3
MOST_STARTS = 512

Weights = dict[str, np.ndarray]


@dataclass(frozen=True)
class Splits:
    """Whole episodes for training, for stopping it, and for judging what came out."""

    train: EpisodeLog
    validation: EpisodeLog
    test: EpisodeLog

    @classmethod
    def of(cls, log: EpisodeLog, seed: int) -> Splits:
        """Split the episodes of a log at random."""
        return cls(*log.split(seed))


def train_vector_model(
    log: EpisodeLog,
    config: VectorModelConfig,
    folder: Path,
    *,
    begin_with: VectorCheckpoint | None = None,
    logger: Logger | None = None,
    state_folder: Path | None = None,
    progress: bool = False,
) -> VectorCheckpoint:
    """Train V and M on a log and write their checkpoint.

    Its manifest tells the `uncertainty` of real steps, see `real_uncertainty`.

    Args:
        log: episodes of one environment; those of `Splits.of(log, config.seed).test` are not
            learned from.
        config: settings.
        folder: of the checkpoint.
        begin_with: of the same environment; its V is kept, with all scales, and M goes on from its
            weights, for `config.more_epochs`. The checkpoint has its sizes.
        logger: receives every scalar.
        state_folder: where the state of the training is kept, to go on from; None keeps none.
        progress: show bars.

    Returns:
        The checkpoint, as read back.

    Raises:
        CheckpointError: `begin_with` is of another environment.
    """
    logger = logger or SilentLogger()
    splits, task = Splits.of(log, config.seed), log.task
    mx.random.seed(config.seed)
    settings = f"{asdict(config)}/{log.steps}/{float(log.returns().sum())}"
    if begin_with is not None:
        _check_task(begin_with, task)
        digest = sum(float(np.abs(array).sum()) for array in begin_with.weights.values())
        settings = f"{settings}/{digest}"
    fitting: dict[str, Any] = {
        "seed": config.seed,
        "logger": logger,
        "folder": state_folder,
        "settings": settings,
        "progress": progress,
    }
    scores: dict[str, dict[str, float]] = {}
    if begin_with is None:
        size, weights, scores["vae"] = _train_v(log, splits, config, fitting)
    else:
        size, weights = begin_with.architecture, dict(begin_with.weights)
        config = replace(config, rnn=replace(config.rnn, epochs=config.more_epochs))
    nets = VectorNets(_as_checkpoint(log, size, weights))
    encoded = {name: encode_log(nets, getattr(splits, name)) for name in ("train", "validation")}
    scales = fit_scales(encoded["train"])
    if begin_with is None:
        weights |= scales
    else:
        # M counts in the scales that it began with; only the range of the rewards may widen.
        weights["scales.reward"] = weights["scales.reward"].copy()
        weights["scales.reward"][2:] = scales["scales.reward"][2:]
    rnn = MDNRNN(size, weights["scales.step"])
    if begin_with is not None:
        rnn.load_weights([(name, mx.array(weights[name])) for name in _flat(rnn)])
    mean, scale = (float(value) for value in weights["scales.reward"][:2])
    windows = {name: cut(part, config.window) for name, part in encoded.items()}
    stage = RNNStage(rnn, windows["train"], windows["validation"], (mean, scale), config)
    scores["rnn"] = fit(stage, **fitting)
    weights |= _flat(rnn)
    details: Mapping[str, object] = {
        "command": "humanwm vmc",
        "config": asdict(config),
        "data": {"steps": log.steps, "episodes": len(log.episodes)},
        "scores": scores,
        "uncertainty": real_uncertainty(
            VectorNets(_as_checkpoint(log, size, weights)), encoded["validation"]
        ),
    }
    save_vector_checkpoint(
        folder,
        task=task,
        architecture=size,
        weights=weights,
        starts=_starts(log),
        terminates=_terminates(log),
        details=details,
    )
    return load_vector_checkpoint(folder)


def _train_v(
    log: EpisodeLog, splits: Splits, config: VectorModelConfig, fitting: Mapping[str, Any]
) -> tuple[VectorArchitecture, Weights, dict[str, float]]:
    """Train V; returns sizes, weights with those of an untrained M, and scores."""
    normaliser = fit_normaliser(splits.train.observations())
    active = normaliser["normaliser.active"]
    size = config.architecture(log.task.observation_width, log.task.action.width, int(active.sum()))
    weights = normaliser | untrained_weights(size)
    nets = VectorNets(_as_checkpoint(log, size, weights))
    x = {
        name: nets.normalise(getattr(splits, name).observations())
        for name in ("train", "validation")
    }
    vae = VAE(size, x["train"])
    scores = fit(VAEStage(vae, x["train"], x["validation"], active, config), **fitting)
    return size, weights | _flat(vae), scores


def real_uncertainty(nets: VectorNets, episodes: list[EncodedEpisode]) -> dict[str, float]:
    """Return how far the members disagree along real episodes that M has not learned from.

    Args:
        nets: V and M.
        episodes: at least one.

    Returns:
        `p50`, `p90` and `p99`, quantiles over all steps, in the units of the dream's `uncertainty`.
    """
    told = []
    for episode in episodes:
        h = remembered(nets, episode.mean, episode)
        told.append(nets.disagreement(nets.next_latents(episode.mean[:-1], episode.actions, h)))
    quantiles = np.quantile(np.concatenate(told), [0.5, 0.9, 0.99])
    return dict(zip(("p50", "p90", "p99"), map(float, quantiles), strict=True))


def _check_task(checkpoint: VectorCheckpoint, task: Task) -> None:
    if checkpoint.task != task:
        raise CheckpointError(
            f"a world model of {task.env_id} with {task.kwargs}",
            f"one of {checkpoint.task.env_id} with {checkpoint.task.kwargs}",
            "Begin with another, or without.",
        )


def fit_normaliser(observations: np.ndarray) -> Weights:
    """Return mean, scale and which entries vary, of observations (n, width)."""
    wide = observations.astype(np.float64)
    deviation = wide.std(axis=0)
    active = deviation > SMALLEST_DEVIATION
    found = {"mean": wide.mean(axis=0), "scale": np.where(active, deviation, 1.0), "active": active}
    return {f"normaliser.{name}": value.astype(np.float32) for name, value in found.items()}


def fit_scales(episodes: list[EncodedEpisode]) -> Weights:
    """Return the typical change of z in a step, and mean, scale and range of the rewards."""
    changes = np.concatenate([np.diff(each.mean, axis=0) for each in episodes])
    rewards = np.concatenate([each.rewards for each in episodes]).astype(np.float64)
    deviation = rewards.std()
    known = [rewards.mean(), max(deviation, 1e-3), rewards.min(), rewards.max()]
    return {
        "scales.step": np.maximum(changes.std(axis=0), 1e-3).astype(np.float32),
        "scales.reward": np.array(known, dtype=np.float32),
    }


def untrained_weights(size: VectorArchitecture) -> Weights:
    """Return random weights of V and M, with scales of 1: where training begins."""
    flat = np.random.default_rng(0).standard_normal((256, size.observation)).astype(np.float32)
    scales = {"scales.step": np.ones(size.latent), "scales.reward": np.array([0.0, 1.0, 0.0, 0.0])}
    return _flat(VAE(size, flat)) | _flat(MDNRNN(size, np.ones(size.latent))) | scales


def _flat(module: VAE | MDNRNN) -> Weights:
    return {
        name: np.array(value, dtype=np.float32) for name, value in flat_arrays(module.parameters())
    }


def _as_checkpoint(log: EpisodeLog, size: VectorArchitecture, weights: Weights) -> VectorCheckpoint:
    return VectorCheckpoint(log.task, size, weights, _starts(log), _terminates(log), {})


def _starts(log: EpisodeLog) -> np.ndarray:
    return log.first_observations()[-MOST_STARTS:]


def _terminates(log: EpisodeLog) -> bool:
    return any(episode.terminated for episode in log.episodes)
