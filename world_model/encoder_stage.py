"""Second stage: encoder and decoder against the trained nets.

The encoder learns from histories of random length. Two pulls:
- distillation: minus log q(z | history) of draws z from the person's own posterior
  (neural posterior estimation; Papamakarios & Murray 2016). Given the pairs, its optimum
  is the right posterior for EVERY length: short histories give wide ones.
- the ELBO of the history itself, under the frozen nets.
"""

from __future__ import annotations

import math

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

from human_wm_env import schema
from human_wm_env.runtime.encoder import Posterior
from human_wm_env.runtime.inputs import ACTION_ORDER, STATE_ORDER, WEATHER_COLUMNS
from world_model.config import LIKELIHOOD, TrainingConfig
from world_model.data import EncodedLogs, Windows, histories, windows
from world_model.decoder import decoder_layout
from world_model.distributions import row_log_likelihood
from world_model.fitting import OBJECTIVE, Stage
from world_model.likelihood import log_likelihood
from world_model.losses import distances, elbo
from world_model.point import point_predictions
from world_model.vrae import WorldModel

SHORTEST_DAYS = 14
_ORDER = ACTION_ORDER + STATE_ORDER


class EncoderLearner(nn.Module):
    """What the second stage learns."""

    def __init__(self, model: WorldModel) -> None:
        super().__init__()
        self.encoder = model.encoder
        self.decoder = model.decoder


class EncoderStage(Stage):
    """Learn encoder and decoder.

    Args:
        model: its encoder and decoder are changed in place.
        train, train_posterior: logs and personal posteriors of the training people.
        validation, validation_posterior: of the validation people.
        training: all settings.
    """

    name = "encoder"

    def __init__(
        self,
        model: WorldModel,
        train: EncodedLogs,
        train_posterior: Posterior,
        validation: EncodedLogs,
        validation_posterior: Posterior,
        training: TrainingConfig,
    ) -> None:
        self.config = training.encoder
        self._training = training
        self._model = model
        self._train, self._validation = train, validation
        self._posterior = {"train": train_posterior, "validation": validation_posterior}
        self.learner = EncoderLearner(model)
        self._batch = min(self.config.batch_people, train.people)
        self._batches = train.people // self._batch
        self._adam = self.schedule(self._batches)
        self.optimisers = {"adam": self._adam}
        self._value_and_grad = nn.value_and_grad(self.learner, self._loss)

    def _loss(
        self,
        history: tuple[mx.array, mx.array],
        target: mx.array,
        noise: mx.array,
        window: Windows,
        scale: float,
        context: mx.array,
        days: int,
    ) -> tuple[mx.array, mx.array, mx.array, mx.array]:
        """Return the loss per latent dimension and its parts, nats per person."""
        mean, log_variance = self.learner.encoder(*history)
        distance = (target - mean) ** 2 * mx.exp(-log_variance)
        surprise = 0.5 * (distance + log_variance + math.log(2.0 * math.pi)).sum(axis=1).mean()
        latents = elbo.sample(mean, log_variance, noise)
        likelihood = log_likelihood(self._model, latents, window).total * scale
        kl = elbo.kl_divergence(mean, log_variance).sum(axis=1)
        bound = (kl - likelihood).mean()
        decoded = self._decoder_loss(latents, window, context)
        # The ELBO of a long log outweighs everything by its size: per day it does not.
        loss = (
            self._training.distillation_weight * surprise / mean.shape[1]
            + bound / days
            + self._training.decoder_weight * decoded
        )
        return loss, surprise, bound / days, decoded

    def _decoder_loss(self, latents: mx.array, window: Windows, context: mx.array) -> mx.array:
        """Return how badly the decoder reconstructs the first days of the window."""
        architecture = self._model.architecture
        layout = decoder_layout(architecture)
        part = slice(0, context.shape[1])
        row = mx.concatenate([window.actions[:, part], window.states[:, part]], axis=-1)
        seen = mx.concatenate([window.actions_seen[:, part], window.states_seen[:, part]], axis=-1)
        parameters = self.learner.decoder(latents, context)
        if self._training.decoder_loss == LIKELIHOOD:
            cells = row_log_likelihood(layout, parameters, row, seen)
            return -cells.sum() / mx.maximum(seen.sum(), 1.0)
        predicted = point_predictions(layout, parameters)
        widths = [schema.FEATURES[index].width for index in layout.order]
        mask = mx.concatenate(
            [mx.repeat(seen[..., i : i + 1], width, axis=-1) for i, width in enumerate(widths)],
            axis=-1,
        )
        return distances.distance(self._training.decoder_loss)(predicted, row, mask)

    def _batch_of(
        self, logs: EncodedLogs, posterior: Posterior, people: np.ndarray, rng: np.random.Generator
    ) -> tuple[object, ...]:
        """Cut a history of one random length for all of a batch (no padding)."""
        longest = int(logs.days_logged[people].max())
        length = random_length(longest, rng)
        lengths = np.minimum(np.full(len(people), length), logs.days_logged[people])
        inputs, observed, valid = histories(logs, people, lengths)
        width = self._model.architecture.latent_width
        draw = rng.standard_normal((len(people), width), dtype=np.float32)
        target = posterior.mean[people] + posterior.sd[people] * draw
        count = min(self._training.likelihood_days, length)
        start = rng.integers(0, lengths - count + 1) if count < length else np.zeros(len(people), int)
        days = start[:, None] + np.arange(count)
        part = slice(0, min(self._training.decoder_days, count))
        who, today = people[:, None], days[:, part] + 1
        context = np.concatenate(
            [logs.weekday[who, today], logs.rows[who, today][..., WEATHER_COLUMNS]], axis=-1
        )
        history = (inputs, observed) if (lengths == length).all() else (inputs, observed, valid)
        return (
            history,
            mx.array(target),
            mx.array(rng.standard_normal((len(people), width), dtype=np.float32)),
            windows(logs, people, days),
            length / count,
            mx.array(context),
            length,
        )

    def train_epoch(self, epoch: int, rng: np.random.Generator) -> dict[str, float]:
        """Pass once over the training people."""
        order = rng.permutation(self._train.people)
        sums = []
        for batch in range(self._batches):
            people = order[batch * self._batch : (batch + 1) * self._batch]
            arguments = self._batch_of(self._train, self._posterior["train"], people, rng)
            parts, gradient = self._value_and_grad(*arguments)
            clipped, _ = optim.clip_grad_norm(gradient, self.config.clip_norm)
            self._adam.update(self.learner, clipped)
            mx.eval(self.learner.parameters(), self._adam.state, parts)
            sums.append(np.array([float(part) for part in parts]))
        return _named(np.mean(sums, axis=0))

    def validate(self, epoch: int) -> dict[str, float]:
        """Return the loss on the validation people, for the same lengths every epoch."""
        rng = np.random.default_rng(np.random.SeedSequence([self._training.seed, 13]))
        sums = []
        for _ in range(4):
            arguments = self._batch_of(
                self._validation,
                self._posterior["validation"],
                np.arange(self._validation.people),
                rng,
            )
            sums.append(np.array([float(part) for part in self._loss(*arguments)]))
        return _named(np.mean(sums, axis=0))


def random_length(longest: int, rng: np.random.Generator) -> int:
    """Draw the length of a history: half of them uniform, half uniform in the logarithm."""
    shortest = min(SHORTEST_DAYS, longest)
    if rng.random() < 0.5:
        return int(rng.integers(shortest, longest + 1))
    return int(round(math.exp(rng.uniform(math.log(shortest), math.log(longest)))))


def _named(parts: np.ndarray) -> dict[str, float]:
    names = (OBJECTIVE, "distillation_nats", "negative_elbo_nats_per_day", "decoder")
    return {name: float(value) for name, value in zip(names, parts, strict=True)}
