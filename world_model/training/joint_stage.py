"""Amortised training, for comparison: encoder, nets and decoder together, by the ELBO.

No posterior per person: latents come from the encoder's single pass. It lags behind the
nets, which learn to do without what it cannot tell them yet (He et al. 2019, "Lagging
inference networks and posterior collapse in variational autoencoders").
"""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from human_wm_env.runtime.encoder import Posterior
from world_model.data.distillation_data import DistillationData
from world_model.data.windows import histories
from world_model.losses import elbo
from world_model.losses.kl_annealing import annealing, weighted_kl
from world_model.nets.likelihood import log_likelihood
from world_model.nets.world_model import WorldModel
from world_model.training.config import StageConfig
from world_model.training.history_stage import Batch, HistoryStage
from world_model.training.trainer import OBJECTIVE, bootstrap_weights

ENCODED_TOGETHER = 64


class JointStage(HistoryStage):
    """Learn all nets at once.

    Args:
        model: changed in place.
        train, validation: people to learn from, and to validate on; their posteriors are not used.
        training: all settings.
    """

    name = "joint"

    def _begin(self) -> tuple[StageConfig, nn.Module]:
        kl_names = elbo.kl_names(self._model.architecture)
        self.parts = (OBJECTIVE, "negative_elbo_nats_per_day", "decoder", *kl_names)
        rng = np.random.default_rng(np.random.SeedSequence([self._training.seed, 11]))
        people = self._train.logs.people
        self._member_weights = bootstrap_weights(self._model, people, self._training, rng)
        return self._training.joint, self._model

    def _loss(self, batch: Batch, epoch: int | None) -> tuple[mx.array, ...]:
        """Return the loss in nats per day, and its parts."""
        model, training = self._model, self._training
        mean, log_variance = model.encoder(
            batch.features, batch.inputs, batch.observed, batch.valid
        )
        latents = elbo.sample(mean, log_variance, batch.noise[0])
        weights, kl_weight = None, 1.0
        if epoch is not None:
            weights = mx.array(self._member_weights[:, batch.people])
            kl_weight = annealing(epoch, training.annealing_epochs)
        likelihood = log_likelihood(model, latents, batch.window, weights).total * batch.scale
        kl = elbo.kl_divergence(mean, log_variance)
        penalty = weighted_kl(kl, model.architecture, training.beta, training.free_bits, kl_weight)
        bound = ((penalty - likelihood) / batch.days).mean()
        decoded = self._decoder_loss(latents, batch, training.decoder_loss)
        loss = bound + training.decoder_weight * decoded
        return loss, bound, decoded, *elbo.by_block(kl, model.architecture)


def encoded(model: WorldModel, data: DistillationData) -> Posterior:
    """Return the encoder's single pass over the whole logs of some people."""
    logs = data.logs
    parts = []
    for start in range(0, logs.people, ENCODED_TOGETHER):
        people = np.arange(start, min(start + ENCODED_TOGETHER, logs.people))
        features = mx.array(data.features(-1, people))
        passed = model.encoder(features, *histories(logs, people, logs.days_logged[people]))
        parts.append([np.array(each) for each in passed])
    mean, log_variance = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Posterior(mean, log_variance)
