"""Second stage: the encoder's moment net, alone; seconds, and most of what can be read."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from world_model.data.distillation_data import DistillationData, negative_log_density
from world_model.nets.world_model import WorldModel
from world_model.training.config import TrainingConfig
from world_model.training.trainer import OBJECTIVE, Stage

PASSES_PER_EPOCH = 8  # each with a length of its own per person


class MomentStage(Stage):
    """Learn to infer posteriors from the moments of histories.

    Args:
        model: its encoder's moment net is changed in place.
        train, validation: people to infer.
        synthetic: imagined people, half of every batch; None takes real ones alone.
        training: all settings.
    """

    name = "moments"
    parts = ("distillation_nats",)

    def __init__(
        self,
        model: WorldModel,
        train: DistillationData,
        validation: DistillationData,
        synthetic: DistillationData | None,
        training: TrainingConfig,
    ) -> None:
        self.config = training.moments
        self.learner = model.encoder.moments
        self._encoder = model.encoder
        self._train, self._validation, self._synthetic = train, validation, synthetic
        self._seed = training.seed
        people = train.logs.people
        self._batch = min(self.config.batch_people, people)
        self._batches = PASSES_PER_EPOCH * people // self._batch
        self._adam = self.schedule(self._batches)
        self.optimisers = {"adam": self._adam}
        self._value_and_grad = nn.value_and_grad(self.learner, self._loss)

    def _loss(self, features: mx.array, target: mx.array) -> tuple[mx.array]:
        mean, log_variance = self._encoder.from_moments(features)
        return (negative_log_density(target, mean, log_variance).mean(),)

    def train_epoch(self, epoch: int, rng: np.random.Generator) -> dict[str, float]:
        """See every training person several times, at random lengths."""
        people = self._train.logs.people
        order = np.concatenate([rng.permutation(people) for _ in range(PASSES_PER_EPOCH)])
        losses = []
        for batch in range(self._batches):
            chosen = order[batch * self._batch : (batch + 1) * self._batch]
            features, target = _pairs(self._train, chosen, rng)
            if self._synthetic is not None:
                others = rng.integers(self._synthetic.logs.people, size=len(chosen))
                more, known = _pairs(self._synthetic, others, rng)
                features, target = np.concatenate([features, more]), np.concatenate([target, known])
            parts, gradient = self._value_and_grad(mx.array(features), mx.array(target))
            losses.append(self.step(self._adam, gradient, parts))
        return self.mean_parts(losses)

    def validate(self, epoch: int) -> dict[str, float]:
        """Return the negative log density over all lengths of the validation people."""
        rng = np.random.default_rng(np.random.SeedSequence([self._seed, 17]))
        all_people = np.arange(self._validation.logs.people)
        losses = [
            float(
                self._loss(
                    mx.array(self._validation.features(at, all_people)),
                    mx.array(self._validation.draw(all_people, rng)),
                )[0]
            )
            for at in range(len(self._validation.lengths))
        ]
        return {OBJECTIVE: float(np.mean(losses)), "whole_log_nats": losses[-1]}


def _pairs(
    data: DistillationData, people: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return moment features of a random length per person, and draws of their posteriors."""
    length = rng.integers(len(data.lengths), size=len(people))
    return data.features(length, people), data.draw(people, rng)
