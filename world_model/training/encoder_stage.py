"""Third stage: the encoder's second reading, and the decoder, against the trained nets.

The loss has two parts: the negative log density of draws from the person's own posterior (see
`distillation_data.negative_log_density`), and the ELBO of the history itself under the frozen nets.
"""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from world_model.data.distillation_data import negative_log_density
from world_model.losses import elbo
from world_model.nets.likelihood import log_likelihood
from world_model.nets.world_model import WorldModel
from world_model.training.config import StageConfig
from world_model.training.history_stage import Batch, HistoryStage
from world_model.training.trainer import OBJECTIVE


class EncoderLearner(nn.Module):
    """What the third stage learns; the moment net has learned before."""

    def __init__(self, model: WorldModel) -> None:
        super().__init__()
        self.encoder = model.encoder
        self.encoder.moments.freeze()
        self.decoder = model.decoder


class EncoderStage(HistoryStage):
    """Learn encoder and decoder.

    Args:
        model: its encoder and decoder are changed in place.
        train, validation: people to infer.
        training: all settings.
    """

    name = "encoder"
    parts = (OBJECTIVE, "distillation_nats", "negative_elbo_nats_per_day", "decoder")

    def _begin(self) -> tuple[StageConfig, nn.Module]:
        return self._training.encoder, EncoderLearner(self._model)

    def _loss(self, batch: Batch, epoch: int | None) -> tuple[mx.array, ...]:
        """Return the loss per latent dimension and its parts, nats per person."""
        mean, log_variance = self._model.encoder(
            batch.features, batch.inputs, batch.observed, batch.valid
        )
        distillation = negative_log_density(batch.target, mean, log_variance).mean()
        latents = elbo.sample(mean, log_variance, batch.noise[0])
        likelihood = log_likelihood(self._model, latents, batch.window).total * batch.scale
        kl = elbo.kl_divergence(mean, log_variance).sum(axis=1)
        # The ELBO of a long log outweighs everything by its size: per day it does not.
        bound = ((kl - likelihood) / batch.days).mean()
        decoded = self._decoder_loss(latents, batch, self._training.decoder_loss)
        loss = (
            self._training.distillation_weight * distillation / mean.shape[1]
            + bound
            + self._training.decoder_weight * decoded
        )
        return loss, distillation, bound, decoded
