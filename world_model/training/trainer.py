"""The training loop of one stage: epochs, validation, early stopping, exact resume."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
from mlx.utils import tree_flatten, tree_unflatten
from tqdm.auto import tqdm

from human_wm_env.errors import CheckpointError
from world_model.nets.world_model import WorldModel
from world_model.training.config import LAST, StageConfig, TrainingConfig
from world_model.training.finite_loss import check_finite
from world_model.training.logger import Logger
from world_model.training.state_file import ENDING, count, read_state, write_state

OBJECTIVE = "objective"
Arrays = dict[str, mx.array]
# Of Adam, one number for each of a parameter.
_MOMENTS = ("m", "v")
Gradient = dict[str, Any]  # arrays, nested as the parameters are


class Stage(ABC):
    """One stage of training.

    Attributes:
        name: prefix of its scalars and of its state file.
        config: how it is optimised.
        learner: module whose trainable parameters are learned and kept.
        optimisers: by name; their state is saved for an exact resume.
    """

    name: str
    #: names of the parts of a loss; the first is the objective
    parts: tuple[str, ...]
    config: StageConfig
    learner: nn.Module
    optimisers: dict[str, optim.Optimizer]
    #: of the running epoch, for errors
    epoch = 0
    batch = 0

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
            learning_rate=optim.cosine_decay(start, steps, start * self.config.final_share),
            bias_correction=True,  # not MLX's default; without it the first steps are sixfold
        )

    def step(
        self, optimiser: optim.Optimizer, gradient: Gradient | None, parts: Sequence[mx.array]
    ) -> np.ndarray:
        """Move the learner along the clipped gradient, if there is one.

        Returns:
            The parts of the loss side by side, float64.

        Raises:
            TrainingError: one of them is not finite.
        """
        if gradient is not None:
            clipped, _ = optim.clip_grad_norm(gradient, self.config.clip_norm)
            optimiser.update(self.learner, clipped)
        states = [each.state for each in self.optimisers.values()]
        mx.eval(self.learner.parameters(), states, parts)
        values = numbers(parts)
        check_finite(
            dict(zip(self.parts, values, strict=False)),
            f"stage {self.name}, epoch {self.epoch}, batch {self.batch}",
        )
        self.batch += 1
        return values

    def mean_parts(
        self, each: Sequence[np.ndarray], people: Sequence[int] | None = None
    ) -> dict[str, float]:
        """Return the mean of each part over batches, weighted by people, with its name."""
        means = np.average(each, axis=0, weights=people)
        return {name: float(value) for name, value in zip(self.parts, means, strict=True)}


def fit(
    stage: Stage,
    *,
    seed: int,
    logger: Logger,
    folder: Path | None,
    settings: str = "",
    progress: bool = False,
) -> dict[str, float]:
    """Train a stage to its end, or go on where its state file says it stopped.

    Randomness is a function of (seed, stage, epoch): a resumed run equals one that was
    never interrupted. The learner ends with its best validated parameters, or with the last
    ones if its configuration says so.

    Args:
        stage: to be trained.
        seed: of batches and noise.
        logger: receives every scalar; its step is the epochs done, 0 before the first.
        folder: where the state is kept after each epoch; None keeps none.
        settings: fingerprint of everything the run depends on; a state of other settings
            is refused.
        progress: show a bar.

    Returns:
        The scalars of the best epoch, and `best_epoch` (-1: before the first) and `epochs_run`.

    Raises:
        CheckpointError: the state file is damaged, or of another run.
        TrainingError: a loss that is not finite; it names epoch and batch.
    """
    state = _State(stage, folder, f"{seed}/{settings}")
    first = state.load()
    if first == 0:
        # What the stage begins with is a candidate too: training never makes it worse.
        before = stage.validate(-1)
        _log(logger, stage, "validation", before, 0)
        state.consider(-1, before)
    bar = tqdm(
        range(first, stage.config.epochs),
        initial=first,
        total=stage.config.epochs,
        desc=stage.name,
        unit="epoch",
        disable=None if progress else True,  # None: quiet where nobody watches
    )
    tag = int.from_bytes(stage.name.encode()[:4], "little")
    for epoch in bar:
        if state.is_exhausted(stage.config.patience):
            break
        rng = np.random.default_rng(np.random.SeedSequence([seed, tag, epoch]))
        stage.epoch, stage.batch = epoch, 0
        scalars = stage.train_epoch(epoch, rng)
        scores = stage.validate(epoch)
        check_finite(scores, f"stage {stage.name}, validation of epoch {epoch}")
        _log(logger, stage, "train", scalars, epoch + 1)
        _log(logger, stage, "validation", scores, epoch + 1)
        state.record(epoch, scores)
        bar.set_postfix_str(f"validation {scores[OBJECTIVE]:.3f}, best {state.best:.3f}")
    state.restore_best()
    return {**state.best_scores, "best_epoch": state.best_epoch, "epochs_run": state.epochs_run}


def _log(logger: Logger, stage: Stage, kind: str, values: dict[str, float], epochs: int) -> None:
    """Report scalars after so many epochs."""
    for key, value in values.items():
        logger.scalar(f"{stage.name}/{kind}/{key}", value, epochs)


def bootstrap_weights(
    model: WorldModel, people: int, training: TrainingConfig, rng: np.random.Generator
) -> np.ndarray:
    """Draw which people each ensemble member learns from, float32 (members, people), mean 1."""
    share = training.member_share
    drawn = rng.random((model.architecture.members, people)) < share
    return (drawn / share).astype(np.float32)


def numbers(parts: Sequence[mx.array]) -> np.ndarray:
    """Return the parts of a loss side by side, worked out, float64."""
    return np.concatenate([np.array(part, dtype=np.float64).reshape(-1) for part in parts])


def flat_arrays(tree: Any) -> list[tuple[str, mx.array]]:
    """Return the arrays of a tree with their dotted names."""
    return cast("list[tuple[str, mx.array]]", tree_flatten(tree))


def _scores(of_json: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in of_json.items()}


_FACTS: dict[str, Callable[[Any], object]] = {
    "best": float,
    "best_epoch": int,
    "epochs_run": count,
    "best_scores": _scores,
}


class _State:
    """What has to be kept between epochs."""

    def __init__(self, stage: Stage, folder: Path | None, run: str) -> None:
        self._stage = stage
        self._run = run
        self._file = None if folder is None else folder / f"{stage.name}{ENDING}"
        self.best = float("inf")
        self.best_epoch = -1
        self.epochs_run = 0
        self.best_scores: dict[str, float] = {}
        self._best_parameters: dict[str, mx.array] = {}

    def is_exhausted(self, patience: int) -> bool:
        return patience > 0 and self.epochs_run - 1 - self.best_epoch >= patience

    def consider(self, epoch: int, scores: dict[str, float]) -> None:
        if scores[OBJECTIVE] < self.best or self._stage.config.keep == LAST:
            self.best, self.best_epoch, self.best_scores = scores[OBJECTIVE], epoch, scores
            self._best_parameters = self._now()

    def record(self, epoch: int, scores: dict[str, float]) -> None:
        self.epochs_run = epoch + 1
        self.consider(epoch, scores)
        if self._file is not None:
            self._save(self._file)

    def _now(self) -> dict[str, mx.array]:
        return dict(flat_arrays(self._stage.learner.trainable_parameters()))

    def restore_best(self) -> None:
        if self._best_parameters:
            self._stage.learner.update(tree_unflatten(list(self._best_parameters.items())))

    def _save(self, file: Path) -> None:
        arrays = {f"best/{name}": value for name, value in self._best_parameters.items()}
        for name, value in self._now().items():
            arrays[f"now/{name}"] = value
        for key, optimiser in self._stage.optimisers.items():
            for name, value in flat_arrays(optimiser.state):
                arrays[f"optimiser/{key}/{name}"] = value
        facts = {name: getattr(self, name) for name in _FACTS}
        write_state(
            file, self._run, {name: np.array(value) for name, value in arrays.items()}, facts
        )

    def load(self) -> int:
        """Go on from the state file, if there is one; returns the first epoch to run."""
        if self._file is None or not self._file.exists():
            return 0
        kept, facts = read_state(self._file, self._run, _FACTS)
        arrays = {name: mx.array(value) for name, value in kept.items()}
        for name, value in facts.items():
            setattr(self, name, value)

        def part(prefix: str) -> dict[str, mx.array]:
            return {
                name.removeprefix(prefix): value
                for name, value in arrays.items()
                if name.startswith(prefix)
            }

        self._best_parameters, now = part("best/"), part("now/")
        optimisers = {key: part(f"optimiser/{key}/") for key in self._stage.optimisers}
        self._check(now, optimisers)
        self._stage.learner.update(tree_unflatten(list(now.items())))
        for key, optimiser in self._stage.optimisers.items():
            optimiser.state = tree_unflatten(list(optimisers[key].items()))
        return self.epochs_run

    def _check(self, now: Arrays, optimisers: dict[str, Arrays]) -> None:
        """Refuse what does not fit the nets: `Module.update` and Adam would take it."""
        expected = _shapes(self._now())
        fits = _shapes(now) == expected and _shapes(self._best_parameters) in (expected, {})
        for key, state in optimisers.items():
            fits &= _is_whole(state)
            for name, value in state.items():
                of, _, moment = name.rpartition(".")  # of the learner, or of its part `key`
                own = expected.get(of, expected.get(f"{key}.{of}", ()))
                shape = own if moment in _MOMENTS else ()
                fits &= tuple(value.shape) == shape
        arrays = [*now.values(), *self._best_parameters.values()]
        arrays += [value for state in optimisers.values() for value in state.values()]
        if not fits or not all(mx.isfinite(value).all().item() for value in arrays):
            raise CheckpointError(
                "a training state of these nets",
                f"one with other parameters in {self._file}",
                "Delete the file to start this stage again.",
            )


def _is_whole(state: Arrays) -> bool:
    """Whether Adam has its counters, and both moments of each parameter that it has moved."""
    moments = {name for name in state if name.rpartition(".")[2] in _MOMENTS}
    of = {name.rpartition(".")[0] for name in moments}
    wanted = {f"{each}.{moment}" for each in of for moment in _MOMENTS}
    return moments == wanted and (not of or {"step", "learning_rate"} <= state.keys())


def _shapes(parameters: Arrays) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in parameters.items()}
