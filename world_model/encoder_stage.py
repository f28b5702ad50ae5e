"""Third stage: the encoder's second reading, and the decoder, against the trained nets.

Two pulls on the encoder: the surprise at draws from the person's own posterior (see
`recognition.surprise`), and the ELBO of the history itself under the frozen nets.
"""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

from human_wm_env import schema
from human_wm_env.runtime.inputs import WEATHER_COLUMNS
from human_wm_env.runtime.layouts import decoder_layout
from world_model.config import LIKELIHOOD, TrainingConfig
from world_model.data import Windows, histories, windows
from world_model.distributions import row_log_likelihood
from world_model.fitting import OBJECTIVE, Stage
from world_model.likelihood import log_likelihood
from world_model.losses import distances, elbo
from world_model.point import point_predictions
from world_model.recognition import Recognition, surprise
from world_model.vrae import WorldModel

VALIDATION_LENGTHS = 4


class EncoderLearner(nn.Module):
    """What the third stage learns; the moment net has learned before."""

    def __init__(self, model: WorldModel) -> None:
        super().__init__()
        self.encoder = model.encoder
        self.encoder.moments.freeze()
        self.decoder = model.decoder


@dataclass(frozen=True)
class Batch:
    """Histories of one length.

    Attributes:
        features: moment features; inputs, observed, valid: of the days.
        target: draws from the people's own posteriors.
        noise: for the encoder's draw.
        window: some of the days, for the ELBO; context: of the decoder's days.
        scale: (people,), days of the history per day of the window.
        days: (people,), of the history.
    """

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


class EncoderStage(Stage):
    """Learn encoder and decoder.

    Args:
        model: its encoder and decoder are changed in place.
        train, validation: whom to recognise.
        training: all settings.
    """

    name = "encoder"

    def __init__(
        self,
        model: WorldModel,
        train: Recognition,
        validation: Recognition,
        training: TrainingConfig,
    ) -> None:
        self.config = training.encoder
        self._training = training
        self._model = model
        self._train, self._validation = train, validation
        self.learner = EncoderLearner(model)
        self._batch = min(self.config.batch_people, train.logs.people)
        self._batches = train.logs.people // self._batch
        self._adam = self.schedule(self._batches)
        self.optimisers = {"adam": self._adam}
        self._value_and_grad = nn.value_and_grad(self.learner, self._loss)

    def _loss(self, batch: Batch) -> tuple[mx.array, mx.array, mx.array, mx.array]:
        """Return the loss per latent dimension and its parts, nats per person."""
        mean, log_variance = self.learner.encoder(
            batch.features, batch.inputs, batch.observed, batch.valid
        )
        astonishment = surprise(batch.target, mean, log_variance).mean()
        latents = elbo.sample(mean, log_variance, batch.noise)
        likelihood = log_likelihood(self._model, latents, batch.window).total * batch.scale
        kl = elbo.kl_divergence(mean, log_variance).sum(axis=1)
        # The ELBO of a long log outweighs everything by its size: per day it does not.
        bound = ((kl - likelihood) / batch.days).mean()
        decoded = self._decoder_loss(latents, batch)
        loss = (
            self._training.distillation_weight * astonishment / mean.shape[1]
            + bound
            + self._training.decoder_weight * decoded
        )
        return loss, astonishment, bound, decoded

    def _decoder_loss(self, latents: mx.array, batch: Batch) -> mx.array:
        """Return how badly the decoder reconstructs the first days of the window."""
        layout = decoder_layout(self._model.architecture)
        part, window = slice(0, batch.context.shape[1]), batch.window
        row = mx.concatenate([window.actions[:, part], window.states[:, part]], axis=-1)
        seen = mx.concatenate([window.actions_seen[:, part], window.states_seen[:, part]], axis=-1)
        parameters = self.learner.decoder(latents, batch.context)
        if self._training.decoder_loss == LIKELIHOOD:
            cells = row_log_likelihood(layout, parameters, row, seen)
            return -cells.sum() / mx.maximum(seen.sum(), 1.0)
        widths = [schema.FEATURES[index].width for index in layout.order]
        mask = mx.concatenate(
            [mx.repeat(seen[..., i : i + 1], width, axis=-1) for i, width in enumerate(widths)],
            axis=-1,
        )
        predicted = point_predictions(layout, parameters)
        return distances.distance(self._training.decoder_loss)(predicted, row, mask)

    def _batch_of(
        self, whom: Recognition, people: np.ndarray, at: int, rng: np.random.Generator
    ) -> Batch:
        """Cut the histories of one length out of the logs."""
        logs, length = whom.logs, int(whom.lengths[at])
        lengths = np.minimum(length, logs.days_logged[people])
        inputs, observed, valid = histories(logs, people, lengths)
        longest = inputs.shape[1]
        count = min(self._training.likelihood_days, longest)
        start = rng.integers(0, np.maximum(lengths - count, 0) + 1)
        days = start[:, None] + np.arange(count)
        who = people[:, None]
        decoded = days[:, : self._training.decoder_days] + 1
        context = np.concatenate(
            [logs.weekday[who, decoded], logs.rows[who, decoded][..., WEATHER_COLUMNS]], axis=-1
        )
        target = whom.draw(people, rng)
        return Batch(
            features=mx.array(whom.features[at, people]),
            inputs=inputs,
            observed=observed,
            valid=None if (lengths == longest).all() else valid,
            target=mx.array(target),
            noise=mx.array(rng.standard_normal(target.shape, dtype=np.float32)),
            window=windows(logs, people, days),
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
            parts, gradient = self._value_and_grad(batch)
            clipped, _ = optim.clip_grad_norm(gradient, self.config.clip_norm)
            self._adam.update(self.learner, clipped)
            mx.eval(self.learner.parameters(), self._adam.state, parts)
            sums.append(np.array([float(part) for part in parts]))
        return _named(np.mean(sums, axis=0))

    def validate(self, epoch: int) -> dict[str, float]:
        """Return the loss on the validation people, for the same lengths every epoch."""
        rng = np.random.default_rng(np.random.SeedSequence([self._training.seed, 13]))
        everybody = np.arange(self._validation.logs.people)
        last = len(self._validation.lengths) - 1
        sums = []
        for at in np.unique(np.linspace(0, last, VALIDATION_LENGTHS).round().astype(int)):
            batch = self._batch_of(self._validation, everybody, int(at), rng)
            sums.append(np.array([float(part) for part in self._loss(batch)]))
        return _named(np.mean(sums, axis=0))


def _named(parts: np.ndarray) -> dict[str, float]:
    names = (OBJECTIVE, "distillation_nats", "negative_elbo_nats_per_day", "decoder")
    return {name: float(value) for name, value in zip(names, parts, strict=True)}
