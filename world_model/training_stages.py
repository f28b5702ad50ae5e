"""The stages of training in their order: logs in, trained nets and personal posteriors out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import mlx.core as mx
import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.model import moments
from human_wm_env.model.architecture import FILM, RESPONSE, Architecture
from human_wm_env.model.checkpoint import Checkpoint
from human_wm_env.runtime.encoder import Posterior, with_response
from world_model.data.distillation_data import DistillationData
from world_model.data.encoded_logs import Logs, prepare_logs
from world_model.data.personal_responses import (
    PersonalResponses,
    kl_of_blocks,
)
from world_model.data.windows import moments_until, reference_day
from world_model.export import load_start, restore, weather_transitions
from world_model.imagination.synthetic_people import imagine_people
from world_model.nets.missingness import GapCounts, fit_counts
from world_model.nets.world_model import WorldModel
from world_model.predecessor.deterministic import sharpen
from world_model.predecessor.stage import PredecessorStage
from world_model.training.config import BEST, PREDECESSOR, TrainingConfig
from world_model.training.encoder_stage import EncoderStage
from world_model.training.joint_stage import JointStage, encoded
from world_model.training.latent_pruning import (
    FEWEST_PEOPLE,
    gain_of_blocks,
    people_with_unseen_days,
    prune_encoder,
    prune_nets,
    prune_posterior,
)
from world_model.training.logger import Logger, SilentLogger
from world_model.training.moment_stage import MomentStage
from world_model.training.nets_stage import NetsStage
from world_model.training.response_stage import sized, train_response_stage
from world_model.training.trainer import Stage, fit
from world_model.training.unobserved_features import mute_features, never_observed

# Whose best comes in its last tenth might be better with more; of a few epochs that says little.
_LAST_SHARE, _SMALLEST_BUDGET = 0.1, 20


@dataclass(frozen=True)
class Trained:
    """What pretraining leaves.

    Attributes:
        model: trained nets.
        logs: of the training and of the validation people, by split.
        posteriors: of the latents that nets infer, likewise.
        responses: likewise, if states follow one.
        scores: scalars of the best epoch of each stage.
        start: the checkpoint that training began with, None for fresh weights.
        pruned: blocks of latents that did not help on unseen days (`training/latent_pruning.py`).
        unfinished: stages that were best in the last tenth of their budget, and might be better
            with a larger one.
    """

    model: WorldModel
    logs: dict[str, Logs]
    posteriors: dict[str, Posterior]
    responses: dict[str, PersonalResponses] | None
    scores: dict[str, dict[str, float]]
    start: Checkpoint | None = None
    pruned: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()

    @cached_property
    def train(self) -> tuple[Logs, Posterior]:
        """Logs of the training people, and their posteriors over all latents.

        Those of a response are worked out now: milliseconds and 8 kB a person.
        """
        return self._people("train")

    @cached_property
    def validation(self) -> tuple[Logs, Posterior]:
        """Likewise of the validation people."""
        return self._people("validation")

    def _people(self, split: str) -> tuple[Logs, Posterior]:
        posterior = self.posteriors[split]
        if self.responses is not None:
            posterior = with_response(posterior, self.responses[split].whole)
        return self.logs[split], posterior


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
        CheckpointError: the state folder is damaged, or of another run; or the start
            cannot be read, or is of another architecture.
        ConfigError: the settings do not go with the architecture.
    """
    logger = logger or SilentLogger()
    start = None if config.start is None else load_start(config.start, architecture)
    if not {"train", "validation"} <= set(dataset.split_of):
        raise DataError(
            "people to learn from and others to stop by, three people or more",
            f"{dataset.users} in {dataset.name!r}, split by people",
            "Hold out the last days of everybody instead: data=few_people training=finetune, in "
            "Python `everybody_trains(split_by_time(dataset))`.",
        )
    logs = {
        split: prepare_logs(dataset, dataset.users_of(split), use_memory=architecture.memory)
        for split in ("train", "validation")
    }
    settings = _settings(dataset, architecture, config, start)
    scores: dict[str, dict[str, float]] = {}
    unfinished: list[str] = []
    response, responses = None, None
    if architecture.has_response:
        _check_response(config)
        response, scores[RESPONSE] = train_response_stage(
            dataset,
            logs["train"].users,
            logs["validation"].users,
            sized(config.response, architecture),
            start=None if start is None else restore(start).trained_response,
            logger=logger,
            folder=state_folder,
            settings=settings,
            progress=progress,
        )
        responses = {
            split: PersonalResponses(response, dataset, own.users) for split, own in logs.items()
        }
        if _is_late(scores[RESPONSE].get("best_step", 0.0), config.response.later_steps):
            unfinished.append(RESPONSE)
        scores[RESPONSE] |= kl_of_blocks(responses["validation"].whole, architecture)
    of_train = None if responses is None else responses["train"]

    def begin() -> WorldModel:
        model = _begin(dataset, logs["train"], architecture, config, start)
        model.response = response
        return model

    def run(stage: Stage) -> None:
        scores[stage.name] = fit(
            stage,
            seed=config.seed,
            logger=logger,
            folder=state_folder,
            settings=settings,
            progress=progress,
        )
        epochs = stage.config.epochs if stage.config.keep == BEST else 0
        if _is_late(scores[stage.name]["best_epoch"] + 1, epochs):
            unfinished.append(stage.name)

    pruned: tuple[str, ...] = ()
    if config.is_joint:
        model = begin()
        posteriors = _train_jointly(model, logs, config, run)
    else:
        model, own, pruned = _train_nets(begin, logs, config, run, scores, of_train)
        posteriors = {split: prune_posterior(own[split], architecture, pruned) for split in own}
        _train_encoder(model, dataset, logs, posteriors, config, run, of_train)
        prune_encoder(model, pruned)
    mute_features(model, never_observed(dataset, logs["train"].users))
    return Trained(
        model=model,
        logs=logs,
        posteriors=posteriors,
        responses=responses,
        scores=scores,
        start=start,
        pruned=pruned,
        unfinished=tuple(unfinished),
    )


def _is_late(best: float, budget: int) -> bool:
    """Return whether the best of a stage came in the last tenth of a budget worth the name."""
    return budget >= _SMALLEST_BUDGET and best > (1.0 - _LAST_SHARE) * budget


def _begin(
    dataset: LogDataset,
    logs: Logs,
    architecture: Architecture,
    config: TrainingConfig,
    start: Checkpoint | None,
) -> WorldModel:
    """Return a model with all that is counted, not learned: fresh, or a checkpoint's."""
    model = WorldModel(architecture, config.seed) if start is None else restore(start)
    if start is None:
        if not architecture.has_response:
            model.transition.reference = mx.array(reference_day(logs))
        whole = moments_until(logs.described(), np.array([logs.days]))[0]
        mean, sd = moments.population(whole)
        model.encoder.moments.mean, model.encoder.moments.sd = mx.array(mean), mx.array(sd)
    mute_features(model, never_observed(dataset, logs.users))
    set_missingness(model, dataset, logs.users)
    return model


def _train_nets(
    begin: Callable[[], WorldModel],
    logs: dict[str, Logs],
    config: TrainingConfig,
    run: Callable[[Stage], None],
    scores: dict[str, dict[str, float]],
    responses: PersonalResponses | None,
) -> tuple[WorldModel, dict[str, Posterior], tuple[str, ...]]:
    """Train the nets, again without a block that does not help, until all that are left do.

    Returns:
        The model, each person's own posterior, and the blocks that were pruned.
    """
    pruned: tuple[str, ...] = ()
    while True:
        model = begin()
        prune_nets(model, pruned)
        nets = NetsStage(model, logs["train"], logs["validation"], config, pruned, responses)
        run(nets)
        left = [block for block in model.architecture.net_blocks if block not in pruned]
        enough = people_with_unseen_days(logs["validation"]) >= FEWEST_PEOPLE
        if not config.empty_blocks or not left or not enough:
            break
        gains = gain_of_blocks(model, logs["validation"], config)
        scores[f"{nets.name}_blocks"] = {
            f"{fact}_{block}_nats_per_day": value
            for block, gain in gains.items()
            for fact, value in (("gain", gain.nats_per_day), ("error", gain.error))
        }
        useless = tuple(block for block in left if not gains[block].helps)
        if not useless:
            break
        pruned = tuple(sorted((*pruned, *useless)))
    posterior, cut = nets.learner.posteriors.as_posterior(), logs["train"].people
    posteriors = {
        "train": posterior[slice(None, cut)],
        "validation": posterior[slice(cut, None)],
    }
    return model, posteriors, pruned


def _train_encoder(
    model: WorldModel,
    dataset: LogDataset,
    logs: dict[str, Logs],
    posteriors: dict[str, Posterior],
    config: TrainingConfig,
    run: Callable[[Stage], None],
    responses: PersonalResponses | None,
) -> None:
    """Train the moment net, then the rest of the encoder and the decoder."""
    data = {
        split: DistillationData(logs[split], posteriors[split], *_normaliser(model))
        for split in logs
    }
    synthetic = _synthetic_people(model, dataset, data["train"], config, responses)
    run(MomentStage(model, data["train"], data["validation"], synthetic, config))
    # Made only now: it freezes the moment net.
    run(EncoderStage(model, data["train"], data["validation"], config))


def _train_jointly(
    model: WorldModel,
    logs: dict[str, Logs],
    config: TrainingConfig,
    run: Callable[[Stage], None],
) -> dict[str, Posterior]:
    """Train all nets in one stage; returns what posteriors the encoder makes."""

    def unknown(people: int) -> Posterior:
        """Stand in for personal posteriors, which do not exist here."""
        nothing = np.zeros((people, model.architecture.net_width), dtype=np.float32)
        return Posterior(nothing, nothing)

    data = {
        split: DistillationData(own, unknown(own.people), *_normaliser(model))
        for split, own in logs.items()
    }
    if config.loss == PREDECESSOR:
        run(PredecessorStage(model, data["train"], data["validation"], config))
        sharpen(model)
    else:
        run(JointStage(model, data["train"], data["validation"], config))
    return {split: encoded(model, own) for split, own in data.items()}


def set_missingness(model: WorldModel, dataset: LogDataset, users: np.ndarray) -> None:
    """Count how gaps open on good and bad days, for the likelihood of missing moods."""
    log_odds, opening = fit_counts(GapCounts.of_people(dataset, users))
    model.missingness.mood_log_odds = mx.array(log_odds)
    model.missingness.opening = mx.array(opening)


def _normaliser(model: WorldModel) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and SD of the encoder's moments."""
    own = model.encoder.moments
    return np.array(own.mean), np.array(own.sd)


def _settings(
    dataset: LogDataset,
    architecture: Architecture,
    config: TrainingConfig,
    start: Checkpoint | None,
) -> str:
    """Return a fingerprint of everything that a resumed run must share."""
    # A start is known by its weights, wherever it lies.
    began = None if start is None else start.manifest["weights_sha256"]
    facts = [dataset.fingerprint, asdict(architecture), asdict(replace(config, start=began))]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _synthetic_people(
    model: WorldModel,
    dataset: LogDataset,
    real: DistillationData,
    config: TrainingConfig,
    responses: PersonalResponses | None,
) -> DistillationData | None:
    if config.dreamt_people == 0:
        return None
    return imagine_people(
        model,
        dataset,
        real,
        weather_transitions(dataset, real.logs.users),
        people=config.dreamt_people,
        seed=config.seed,
        responses=responses,
    )


def _check_response(config: TrainingConfig) -> None:
    if config.loss == PREDECESSOR:
        raise ConfigError(
            f"model.transition={FILM} with training.loss={PREDECESSOR}",
            f"model.transition={RESPONSE}",
            "The predecessor learned its transition by that loss; a response is no net.",
        )


def active_units(posterior: Posterior) -> int:
    """Return how many latents' posterior means vary between people by more than 0.01.

    Source: Burda et al. 2016, active units.
    """
    return int((np.var(posterior.mean, axis=0) > 0.01).sum())
