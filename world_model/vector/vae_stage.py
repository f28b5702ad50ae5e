"""Train V: reconstruct observations through a noisy code."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from world_model.training.trainer import OBJECTIVE, Stage
from world_model.vector.config import VectorModelConfig
from world_model.vector.nets import VAE

SMALLEST_ERROR = 1e-4  # mean square, normalised: what is nearer than that counts as equal


class VAEStage(Stage):
    """Minimise the negative evidence bound, with the decoder's variance at its optimum.

    Args:
        vae: changed in place.
        train, validation: float32 (n, observation), normalised observations.
        active: float32 (observation,), 1 where an entry varies.
        config: settings.

    Source: Kingma & Welling 2014; Rybkin, Daniilidis & Levine 2021, "Simple and effective VAE
        training with calibrated decoders", for the variance; Kingma et al. 2016 for free nats;
        Srivastava et al. 2014 for the dropout of hidden units.
    """

    name = "vae"
    parts = (OBJECTIVE, "mean_square", "kl_nats")

    def __init__(
        self,
        vae: VAE,
        train: np.ndarray,
        validation: np.ndarray,
        active: np.ndarray,
        config: VectorModelConfig,
    ) -> None:
        self.config, self.learner, self._settings = config.vae, vae, config
        self._train, self._validation = train, validation
        self._active = mx.array(active)
        self._entries = max(float(active.sum()), 1.0)
        latent = vae.encoder.linear.weight.shape[0]
        self._dropout = config.dropout_of(latent, int(active.sum()))
        self._batch = min(self.config.batch_people, len(train))
        self._batches = len(train) // self._batch
        self._adam = self.schedule(self._batches)
        self.optimisers = {"adam": self._adam}
        self._value_and_grad = nn.value_and_grad(vae, self._loss)

    def _loss(
        self,
        x: mx.array,
        noise: mx.array,
        encoder_mask: mx.array | None = None,
        decoder_mask: mx.array | None = None,
    ) -> tuple[mx.array, ...]:
        mean, log_variance = self.learner.encode(x, encoder_mask)
        z = mean + mx.exp(0.5 * log_variance) * noise
        apart = (self.learner.decode(z, decoder_mask) - x) * self._active
        square = (apart * apart).sum(axis=1).mean() / self._entries
        kl = 0.5 * (mean * mean + mx.exp(log_variance) - 1.0 - log_variance).mean(axis=0)
        counted = mx.maximum(kl, self._settings.free_nats).sum()
        nats = 0.5 * self._entries * mx.log(square + SMALLEST_ERROR)
        return nats + self._settings.beta * counted, square, kl.sum()

    def train_epoch(self, epoch: int, rng: np.random.Generator) -> dict[str, float]:
        """Pass once over the observations."""
        order, found = rng.permutation(len(self._train)), []
        for batch in range(self._batches):
            chosen = order[batch * self._batch : (batch + 1) * self._batch]
            drawn = self._draw(self._train[chosen], rng)
            parts, gradient = self._value_and_grad(*drawn, *self._dropout_masks(rng))
            found.append(self.step(self._adam, gradient, parts))
        return self.mean_parts(found)

    def validate(self, epoch: int) -> dict[str, float]:
        """Return the parts on held-out episodes, with the same noise each time."""
        rng = np.random.default_rng(np.random.SeedSequence([self._settings.seed, 41]))
        parts = self._loss(*self._draw(self._validation, rng))
        return dict(zip(self.parts, (float(part) for part in parts), strict=True))

    def _draw(self, x: np.ndarray, rng: np.random.Generator) -> tuple[mx.array, mx.array]:
        shape = (len(x), self.learner.encoder.linear.weight.shape[0])
        return mx.array(x), mx.array(rng.standard_normal(shape, dtype=np.float32))

    def _dropout_masks(self, rng: np.random.Generator) -> list[mx.array | None]:
        """Draw the masks of encoder and decoder, inverted dropout; None without dropout."""
        found: list[mx.array | None] = []
        for net in (self.learner.encoder, self.learner.decoder):
            shape = (self._batch, net.first.weight.shape[0])
            if self._dropout == 0.0:
                found.append(None)
            else:
                kept = rng.random(shape, dtype=np.float32) >= self._dropout
                found.append(mx.array(kept.astype(np.float32) / (1.0 - self._dropout)))
        return found
