"""The training loop of one stage: epochs, validation, early stopping, exact resume."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
from mlx.utils import tree_flatten, tree_unflatten
from tqdm import tqdm

from human_wm_env.errors import CheckpointError
from world_model.config import StageConfig
from world_model.progress import Logger

OBJECTIVE = "objective"


class Stage(ABC):
    """One stage of training.

    Attributes:
        name: prefix of its scalars and of its state file.
        config: how it is optimised.
        learner: module whose trainable parameters are learned and kept.
        optimisers: by name; their state is saved for an exact resume.
    """

    name: str
    config: StageConfig
    learner: nn.Module
    optimisers: dict[str, optim.Optimizer]

    @abstractmethod
    def train_epoch(self, epoch: int, rng: np.random.Generator) -> dict[str, float]:
        """Pass once over the people; returns scalars."""

    @abstractmethod
    def validate(self, epoch: int) -> dict[str, float]:
        """Return scalars of the validation people; `objective` is to be small."""

    def schedule(self, steps_per_epoch: int, factor: float = 1.0) -> optim.Adam:
        """Return Adam with the stage's cosine decay."""
        start = self.config.learning_rate * factor
        steps = max(1, self.config.epochs * steps_per_epoch)
        return optim.Adam(
            learning_rate=optim.cosine_decay(start, steps, start * self.config.final_share)
        )


def fit(
    stage: Stage, *, seed: int, logger: Logger, folder: Path | None, progress: bool = False
) -> dict[str, float]:
    """Train a stage to its end, or go on where its state file says it stopped.

    Randomness is a function of (seed, stage, epoch): a resumed run equals one that was
    never interrupted. The learner ends with its best validated parameters.

    Args:
        stage: to be trained.
        seed: of batches and noise.
        logger: receives every scalar.
        folder: where the state is kept after each epoch; None keeps none.
        progress: show a bar.

    Returns:
        The scalars of the best epoch, and `best_epoch` and `epochs_run`.
    """
    state = _State(stage, folder)
    first = state.load()
    bar = tqdm(
        range(first, stage.config.epochs),
        initial=first,
        total=stage.config.epochs,
        desc=stage.name,
        unit="epoch",
        disable=not progress,
    )
    tag = int.from_bytes(stage.name.encode()[:4], "little")
    for epoch in bar:
        if state.is_exhausted(stage.config.patience):
            break
        rng = np.random.default_rng(np.random.SeedSequence([seed, tag, epoch]))
        scalars = stage.train_epoch(epoch, rng)
        scores = stage.validate(epoch)
        for kind, values in (("train", scalars), ("validation", scores)):
            for key, value in values.items():
                logger.scalar(f"{stage.name}/{kind}/{key}", value, epoch)
        state.record(epoch, scores)
        bar.set_postfix_str(f"validation {scores[OBJECTIVE]:.3f}, best {state.best:.3f}")
    state.restore_best()
    return {**state.best_scores, "best_epoch": state.best_epoch, "epochs_run": state.epochs_run}


class _State:
    """What has to be kept between epochs."""

    def __init__(self, stage: Stage, folder: Path | None) -> None:
        self._stage = stage
        self._file = None if folder is None else folder / f"{stage.name}.state.safetensors"
        self.best = float("inf")
        self.best_epoch = -1
        self.epochs_run = 0
        self.best_scores: dict[str, float] = {}
        self._best_parameters: dict[str, mx.array] = {}

    def is_exhausted(self, patience: int) -> bool:
        return patience > 0 and self.epochs_run - 1 - self.best_epoch >= patience

    def record(self, epoch: int, scores: dict[str, float]) -> None:
        self.epochs_run = epoch + 1
        if scores[OBJECTIVE] < self.best:
            self.best, self.best_epoch, self.best_scores = scores[OBJECTIVE], epoch, scores
            self._best_parameters = dict(tree_flatten(self._stage.learner.trainable_parameters()))
        if self._file is not None:
            self._save(self._file)

    def restore_best(self) -> None:
        if self._best_parameters:
            self._stage.learner.update(tree_unflatten(list(self._best_parameters.items())))

    def _save(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        arrays = {f"best/{name}": value for name, value in self._best_parameters.items()}
        for name, value in tree_flatten(self._stage.learner.trainable_parameters()):
            arrays[f"now/{name}"] = value
        for key, optimiser in self._stage.optimisers.items():
            for name, value in tree_flatten(optimiser.state):
                arrays[f"optimiser/{key}/{name}"] = value
        facts = {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "epochs_run": self.epochs_run,
            "best_scores": self.best_scores,
        }
        scratch = file.with_name(f".{file.name}.writing.safetensors")
        mx.save_safetensors(str(scratch), arrays, {"facts": json.dumps(facts)})
        scratch.replace(file)

    def load(self) -> int:
        """Go on from the state file, if there is one; returns the first epoch to run."""
        if self._file is None or not self._file.is_file():
            return 0
        try:
            arrays, metadata = mx.load(str(self._file), return_metadata=True)  # type: ignore[misc]
            facts = json.loads(metadata["facts"])
            self.best, self.best_epoch = facts["best"], facts["best_epoch"]
            self.epochs_run, self.best_scores = facts["epochs_run"], facts["best_scores"]
        except (RuntimeError, KeyError, json.JSONDecodeError) as error:
            raise CheckpointError(
                "a training state that can be read",
                f"{error} in {self._file}",
                "Delete the file to start this stage again.",
            ) from error

        def part(prefix: str) -> dict[str, mx.array]:
            return {
                name.removeprefix(prefix): value
                for name, value in arrays.items()
                if name.startswith(prefix)
            }

        self._best_parameters, now = part("best/"), part("now/")
        expected = dict(tree_flatten(self._stage.learner.trainable_parameters()))
        if _shapes(now) != _shapes(expected):  # `Module.update` would take other shapes
            raise CheckpointError(
                "a training state of these nets",
                f"one with other parameters in {self._file}",
                "Delete the file to start this stage again.",
            )
        self._stage.learner.update(tree_unflatten(list(now.items())))
        for key, optimiser in self._stage.optimisers.items():
            optimiser.state = tree_unflatten(list(part(f"optimiser/{key}/").items()))
        return int(self.epochs_run)


def _shapes(parameters: dict[str, mx.array]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in parameters.items()}
