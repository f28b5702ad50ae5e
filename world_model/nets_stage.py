"""First stage: policy and transition nets against personal posteriors.

Amortised training collapses z_c, because the encoder lags behind the nets. With one
posterior per person, as parameters with a learning rate of their own, the information
is there from the first epoch (measured: z_c carries 10 nats instead of 0.02).
"""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

from world_model.config import TrainingConfig
from world_model.data import EncodedLogs, Windows, windows
from world_model.fitting import OBJECTIVE, Stage
from world_model.likelihood import log_likelihood
from world_model.losses import elbo
from world_model.posteriors import PersonalPosteriors, random_days
from world_model.vrae import WorldModel


class NetsLearner(nn.Module):
    """What the first stage learns: both nets, and the posteriors of everybody.

    Validation people have posteriors too, but never move the nets.
    """

    def __init__(self, model: WorldModel, people: int) -> None:
        super().__init__()
        self.policy = model.policy
        self.transition = model.transition
        self.posteriors = PersonalPosteriors(people, model.architecture.latent_width)


class NetsStage(Stage):
    """Learn the nets.

    Args:
        model: changed in place.
        train: logs of the training people.
        validation: logs of the validation people.
        training: all settings.
    """

    name = "nets"

    def __init__(
        self,
        model: WorldModel,
        train: EncodedLogs,
        validation: EncodedLogs,
        training: TrainingConfig,
    ) -> None:
        self.config = training.nets
        self._training = training
        self._model = model
        self._train, self._validation = train, validation
        self.learner = NetsLearner(model, train.people + validation.people)
        self._batch = min(self.config.batch_people, train.people)
        self._batches = train.people // self._batch
        held_out = -(-validation.people // self._batch)
        self._nets = self.schedule(self._batches)
        self._posteriors = self.schedule(self._batches + held_out, training.posterior_rate)
        self.optimisers = {"nets": self._nets, "posteriors": self._posteriors}
        rng = np.random.default_rng(np.random.SeedSequence([training.seed, 11]))
        shape = (model.architecture.members, train.people)
        share = training.member_share
        # The members differ in whom they learn from (bootstrap) and in their first weights.
        self._member_weights = ((rng.random(shape) < share) / share).astype(np.float32)
        self._fixed = self._fixed_windows(rng)
        self._value_and_grad = nn.value_and_grad(self.learner, self._loss)

    def _fixed_windows(self, rng: np.random.Generator) -> tuple[Windows, mx.array, mx.array]:
        """Validation always sees the same days and noise, so that epochs compare."""
        logs = self._validation
        days, factor = random_days(
            logs, np.arange(logs.people), self._training.validation_days, rng
        )
        width = self._model.architecture.latent_width
        noise = rng.standard_normal((logs.people, width), dtype=np.float32)
        scale = mx.array(factor.astype(np.float32))
        return windows(logs, np.arange(logs.people), days), scale, mx.array(noise)

    def _loss(
        self,
        rows: mx.array,
        window: Windows,
        scale: mx.array,
        noise: mx.array,
        member_weights: mx.array | None,
        annealing: float,
    ) -> tuple[mx.array, mx.array, mx.array, mx.array]:
        """Return nats per observed-window day, and its parts."""
        mean, log_variance = self.learner.posteriors.rows(rows)
        latents = elbo.sample(mean, log_variance, noise)
        likelihood = log_likelihood(self._model, latents, window, member_weights)
        kl = elbo.kl_divergence(mean, log_variance)
        penalty = elbo.weighted_kl(
            kl, self._model.architecture, self._training.beta, self._training.free_bits, annealing
        )
        days = window.states.shape[1]
        # The window stands for the whole log: the KL is spread over all its days.
        loss = ((penalty / scale) - likelihood.total).mean() / days
        return (
            loss,
            likelihood.policy.mean() / days,
            likelihood.transition.mean() / days,
            mx.stack([kl[:, part].sum(1).mean() for part in self._blocks()]),
        )

    def _blocks(self) -> list[slice]:
        return list(self._model.architecture.blocks.values())

    def train_epoch(self, epoch: int, rng: np.random.Generator) -> dict[str, float]:
        """Move nets and posteriors of the training people, then posteriors of the others."""
        annealing = min(1.0, (epoch + 1) / max(1, self._training.annealing_epochs))
        order = rng.permutation(self._train.people)
        sums: list[np.ndarray] = []
        for batch in range(self._batches):
            people = order[batch * self._batch : (batch + 1) * self._batch]
            sums.append(self._step(self._train, people, 0, rng, annealing, learn_nets=True))
        held_out = rng.permutation(self._validation.people)
        for start in range(0, len(held_out), self._batch):
            people = held_out[start : start + self._batch]
            offset = self._train.people
            self._step(self._validation, people, offset, rng, annealing, learn_nets=False)
        return _named(np.mean(sums, axis=0))

    def _step(
        self,
        logs: EncodedLogs,
        people: np.ndarray,
        offset: int,
        rng: np.random.Generator,
        annealing: float,
        *,
        learn_nets: bool,
    ) -> np.ndarray:
        days, factor = random_days(logs, people, self._training.window_days, rng)
        width = self._model.architecture.latent_width
        noise = mx.array(rng.standard_normal((len(people), width), dtype=np.float32))
        weights = mx.array(self._member_weights[:, people]) if learn_nets else None
        parts, gradient = self._value_and_grad(
            mx.array(people + offset),
            windows(logs, people, days),
            mx.array(factor.astype(np.float32)),
            noise,
            weights,
            annealing,
        )
        own = gradient.pop("posteriors")
        self._posteriors.update(self.learner.posteriors, own)
        if learn_nets:
            clipped, _ = optim.clip_grad_norm(gradient, self.config.clip_norm)
            self._nets.update(self.learner, clipped)
        mx.eval(self.learner.parameters(), self._nets.state, self._posteriors.state, parts)
        return np.concatenate([np.array(part).reshape(-1) for part in parts])

    def validate(self, epoch: int) -> dict[str, float]:
        """Return the ELBO's parts of the validation people, at full KL weight."""
        window, scale, noise = self._fixed
        rows = mx.arange(self._train.people, self._train.people + self._validation.people)
        parts = self._loss(rows, window, scale, noise, None, 1.0)
        return _named(np.concatenate([np.array(part).reshape(-1) for part in parts]))


def _named(parts: np.ndarray) -> dict[str, float]:
    names = (
        OBJECTIVE,
        "policy_nats_per_day",
        "transition_nats_per_day",
        "kl_a_nats",
        "kl_b_nats",
        "kl_c_nats",
    )
    return {name: float(value) for name, value in zip(names, parts, strict=True)}
