"""What the stages share that learn from histories: their batches, and the decoder's loss."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from human_wm_env.data.disk_arrays import in_parts
from human_wm_env.model.inputs import WEATHER_COLUMNS
from human_wm_env.model.layouts import decoder_layout
from world_model.data.distillation_data import DistillationData
from world_model.data.windows import Windows, histories, windows
from world_model.losses.distances import DISTANCES
from world_model.nets.distributions import encoded_mask, point_predictions, row_log_likelihood
from world_model.nets.world_model import WorldModel
from world_model.training.config import LIKELIHOOD, StageConfig, TrainingConfig
from world_model.training.trainer import Stage, numbers

VALIDATION_LENGTHS = 4
VALIDATED_TOGETHER = 256  # more people of 1,000 days would take gigabytes


@dataclass(frozen=True)
class Batch:
    """Histories of one length.

    Attributes:
        people: int (people,), positions in the logs.
        features: moment features; inputs, observed, valid: of the days.
        target: draws from the people's own posteriors.
        noise: (draws, people, latents), standard normal.
        window: some of the days, for the ELBO; context: of the decoder's days.
        scale: (people,), days of the history per day of the window.
        days: (people,), of the history.
    """

    people: np.ndarray
    features: mx.array
    inputs: mx.array
    observed: mx.array
    valid: mx.array | None
    target: mx.array
    noise: mx.array
    window: Windows
    context: mx.array
    scale: mx.array
    days: mx.array


class HistoryStage(Stage):
    """Learn on the first days of some people's logs, each batch of one length.

    Abstract: a stage says what it learns (`_begin`), what a batch costs (`_loss`), and what the
    parts of the loss are called.

    Args:
        model: changed in place.
        train, validation: people to learn from, and to validate on.
        training: all settings.
    """

    #: of each person's latents
    draws: int = 1

    def __init__(
        self,
        model: WorldModel,
        train: DistillationData,
        validation: DistillationData,
        training: TrainingConfig,
    ) -> None:
        self._training = training
        self._model = model
        self._train, self._validation = train, validation
        self.config, self.learner = self._begin()
        self._batch = min(self.config.batch_people, train.logs.people)
        self._batches = train.logs.people // self._batch
        self._adam = self.schedule(self._batches)
        self.optimisers = {"adam": self._adam}
        self._value_and_grad = nn.value_and_grad(self.learner, self._loss)

    @abstractmethod
    def _begin(self) -> tuple[StageConfig, nn.Module]:
        """Return how the stage is optimised, and the part of the model that it learns."""

    @abstractmethod
    def _loss(self, batch: Batch, epoch: int | None) -> tuple[mx.array, ...]:
        """Return the loss and its parts; the epoch is None where people are only judged."""

    def _decoder_loss(self, latents: mx.array, batch: Batch, loss: str) -> mx.array:
        """Return how badly the decoder reconstructs the first days of the window.

        Args:
            latents: (people, latents).
            batch: of the same people.
            loss: "likelihood", or a point distance.
        """
        layout = decoder_layout(self._model.architecture)
        part, window = slice(0, batch.context.shape[1]), batch.window
        row = mx.concatenate([window.actions[:, part], window.states[:, part]], axis=-1)
        seen = mx.concatenate([window.actions_seen[:, part], window.states_seen[:, part]], axis=-1)
        parameters = self._model.decoder(latents, batch.context)
        if loss == LIKELIHOOD:
            cells = row_log_likelihood(layout, parameters, row, seen)
            return -cells.sum() / mx.maximum(seen.sum(), 1.0)
        predicted = point_predictions(layout, parameters)
        return DISTANCES[loss](predicted, row, encoded_mask(layout, seen))

    def _batch_of(
        self, data: DistillationData, people: np.ndarray, at: int, rng: np.random.Generator
    ) -> Batch:
        """Cut the histories of one length out of the logs."""
        lengths = np.minimum(int(data.lengths[at]), data.logs.days_logged[people])
        logs, held = data.logs.holding(people)
        inputs, observed, valid = histories(logs, held, lengths)
        longest = inputs.shape[1]
        count = min(self._training.likelihood_days, longest)
        start = rng.integers(0, np.maximum(lengths - count, 0) + 1)
        days = start[:, None] + np.arange(count)
        who = held[:, None]
        decoded = days[:, : self._training.decoder_days] + 1
        context = np.concatenate(
            [logs.weekday[who, decoded], logs.rows[who, decoded][..., WEATHER_COLUMNS]], axis=-1
        )
        target = data.draw(people, rng)
        noise = rng.standard_normal((self.draws, *target.shape), dtype=np.float32)
        return Batch(
            people=people,
            features=mx.array(data.features(at, people)),
            inputs=inputs,
            observed=observed,
            valid=None if (lengths == longest).all() else valid,
            target=mx.array(target),
            noise=mx.array(noise),
            window=windows(logs, held, days),
            context=mx.array(context),
            scale=mx.array((lengths / np.minimum(count, lengths)).astype(np.float32)),
            days=mx.array(lengths.astype(np.float32)),
        )

    def train_epoch(self, epoch: int, rng: np.random.Generator) -> dict[str, float]:
        """Pass once over the training people."""
        order = rng.permutation(self._train.logs.people)
        sums = []
        for number in range(self._batches):
            people = order[number * self._batch : (number + 1) * self._batch]
            at = int(rng.integers(len(self._train.lengths)))
            batch = self._batch_of(self._train, people, at, rng)
            parts, gradient = self._value_and_grad(batch, epoch)
            sums.append(self.step(self._adam, gradient, parts))
        return self.mean_parts(sums)

    def validate(self, epoch: int) -> dict[str, float]:
        """Return the loss on the validation people, for the same lengths every epoch."""
        rng = np.random.default_rng(np.random.SeedSequence([self._training.seed, 13]))
        everybody = np.arange(self._validation.logs.people)
        last = len(self._validation.lengths) - 1
        sums, counts = [], []
        for at in np.unique(np.linspace(0, last, VALIDATION_LENGTHS).round().astype(int)):
            for part in in_parts(len(everybody), VALIDATED_TOGETHER):
                batch = self._batch_of(self._validation, everybody[part], int(at), rng)
                sums.append(numbers(self._loss(batch, None)))
                counts.append(len(batch.people))
        return self.mean_parts(sums, counts if len(set(counts)) > 1 else None)
