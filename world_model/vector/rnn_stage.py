"""Train M: what comes next, what it pays, and whether it ends there."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from world_model.training.trainer import OBJECTIVE, Stage
from world_model.vector.config import VectorModelConfig
from world_model.vector.nets import MDNRNN
from world_model.vector.windows import Windows, sample


class RNNStage(Stage):
    """Maximise the likelihood of the next z, drawn anew in each epoch, and of outcomes.

    Each member learns from its own share of the windows. What the outcomes say does not reach
    the memory.

    Args:
        rnn: changed in place.
        train, validation: windows of episodes.
        reward: mean and scale of the rewards.
        config: settings.
    """

    name = "rnn"
    parts = (OBJECTIVE, "next_nats", "reward_square", "end_nats")

    def __init__(
        self,
        rnn: MDNRNN,
        train: Windows,
        validation: Windows,
        reward: tuple[float, float],
        config: VectorModelConfig,
    ) -> None:
        self.config, self.learner, self._settings = config.rnn, rnn, config
        self._train, self._validation, self._reward = train, validation, reward
        self._batch = min(self.config.batch_people, len(train))
        self._batches = len(train) // self._batch
        rng = np.random.default_rng(np.random.SeedSequence([config.seed, 43]))
        drawn = rng.random((config.members, len(train))) < config.member_share
        self._weights = (drawn / config.member_share).astype(np.float32)
        self._adam = self.schedule(self._batches)
        self.optimisers = {"adam": self._adam}
        self._value_and_grad = nn.value_and_grad(rnn, self._loss)

    def _loss(
        self,
        z: mx.array,
        actions: mx.array,
        rewards: mx.array,
        terminated: mx.array,
        weights: mx.array,
    ) -> tuple[mx.array, ...]:
        """Return the parts, means over steps and members.

        Args:
            z: (windows, steps + 1, latent).
            actions: (windows, steps, action).
            rewards: (windows, steps), normalised.
            terminated: (windows, steps).
            weights: (members, windows, steps), 0 on padding.
        """
        before, after = z[:, :-1], z[:, 1:]
        h = self.learner.memory(mx.concatenate([before, actions], axis=-1))
        before, after, actions, h = (
            part.reshape(-1, part.shape[-1]) for part in (before, after, actions, h)
        )
        weights = weights.reshape(weights.shape[0], -1)
        share = weights / mx.maximum(weights.sum(), 1.0)
        nats = -(share * self.learner.log_density(before, actions, h, after)).sum()
        inputs = mx.concatenate([before, actions, after, mx.stop_gradient(h)], axis=1)
        told = self.learner.outcome(inputs)
        apart = told[..., 0] - rewards.reshape(1, -1)
        ends = nn.losses.binary_cross_entropy(
            told[..., 1],
            mx.broadcast_to(terminated.reshape(1, -1), told.shape[:2]),
            reduction="none",
        )
        reward_square, end_nats = (share * apart * apart).sum(), (share * ends).sum()
        return nats + 0.5 * reward_square + end_nats, nats, reward_square, end_nats

    def train_epoch(self, epoch: int, rng: np.random.Generator) -> dict[str, float]:
        """Pass once over the windows."""
        order, found = rng.permutation(len(self._train)), []
        for batch in range(self._batches):
            chosen = order[batch * self._batch : (batch + 1) * self._batch]
            windows = self._train.part(chosen)
            weights = self._weights[:, chosen, None] * windows.valid
            parts, gradient = self._value_and_grad(*self._arrays(windows, weights, rng))
            found.append(self.step(self._adam, gradient, parts))
        return self.mean_parts(found)

    def validate(self, epoch: int) -> dict[str, float]:
        """Return the parts on held-out windows, with the same noise each time."""
        rng = np.random.default_rng(np.random.SeedSequence([self._settings.seed, 47]))
        everywhere = np.broadcast_to(
            self._validation.valid, (self._settings.members, *self._validation.valid.shape)
        )
        parts = self._loss(*self._arrays(self._validation, everywhere, rng))
        return dict(zip(self.parts, (float(part) for part in parts), strict=True))

    def _arrays(
        self, windows: Windows, weights: np.ndarray, rng: np.random.Generator
    ) -> tuple[mx.array, ...]:
        mean, scale = self._reward
        rewards = (windows.rewards - mean) / scale
        z = sample(windows.mean, windows.deviation, rng)
        return tuple(
            mx.array(each) for each in (z, windows.actions, rewards, windows.terminated, weights)
        )
