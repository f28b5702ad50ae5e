"""Stage of the nets: policy and transition against personal posteriors.

Amortised training collapses z_c, because the encoder lags behind the nets. With one
posterior per person, as parameters with a learning rate of their own, the information
is there from the first epoch (measured: z_c carries 10 nats instead of 0.02).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from human_wm_env.data.disk_arrays import in_parts
from world_model.data.encoded_logs import Logs
from world_model.data.personal_responses import PersonalResponses
from world_model.data.windows import Windows, windows
from world_model.imagination.differentiable import LoggedFutures, logged_futures, rollout_loss
from world_model.losses import elbo
from world_model.losses.kl_annealing import annealing, weighted_kl
from world_model.nets.likelihood import log_likelihood
from world_model.nets.world_model import WorldModel
from world_model.training.config import TrainingConfig
from world_model.training.personal_posteriors import PersonalPosteriors, random_days
from world_model.training.trainer import OBJECTIVE, Stage, bootstrap_weights, numbers

ROLLOUTS = "rollout_energy_score"
_VALIDATED_TOGETHER = 32  # people whose layers stay in the cache


@dataclass(frozen=True)
class _Batch:
    """Windows of some people, (people, ...).

    Attributes:
        rows: positions in the posteriors.
        window: teacher-forced days.
        scale: days of the whole log per day of the window.
        noise: for the draw of the latents.
        member_weights: (members, people), bootstrap weights; None for all 1.
        rollouts: where trajectories begin, and their noise; None for none.
    """

    rows: mx.array
    window: Windows
    scale: mx.array
    noise: mx.array
    member_weights: mx.array | None = None
    rollouts: tuple[LoggedFutures, np.random.Generator] | None = None


class _Judged(NamedTuple):
    """What validation sees of its people, (people, ...): see `_Batch`."""

    days: np.ndarray
    scale: np.ndarray
    noise: np.ndarray


class NetsLearner(nn.Module):
    """What the stage learns: the nets, and the posteriors of all people.

    Validation people have posteriors too, but never move the nets.
    """

    def __init__(self, model: WorldModel, people: int) -> None:
        super().__init__()
        self.policy = model.policy
        if not model.architecture.has_response:
            self.transition = model.transition
        self.posteriors = PersonalPosteriors(people, model.architecture.net_width)


class NetsStage(Stage):
    """Learn the nets.

    Args:
        model: changed in place.
        train: logs of the training people.
        validation: logs of the validation people.
        training: all settings.
        pruned: blocks that `latent_pruning.prune_nets` took away; only names the stage.
        responses: of the training people, if states follow one.
    """

    name = "nets"

    def __init__(
        self,
        model: WorldModel,
        train: Logs,
        validation: Logs,
        training: TrainingConfig,
        pruned: tuple[str, ...] = (),
        responses: PersonalResponses | None = None,
    ) -> None:
        if pruned:
            self.name = f"nets_without_{''.join(pruned)}"
        self.config = training.nets
        self._training = training
        self._model = model
        self._has_response = model.architecture.has_response
        of_states = () if self._has_response else ("transition_nats_per_day",)
        kl_names = elbo.kl_names(model.architecture)
        self.parts = (OBJECTIVE, "policy_nats_per_day", *of_states, *kl_names, ROLLOUTS)
        self._train, self._validation = train, validation
        self._responses = responses
        self.learner = NetsLearner(model, train.people + validation.people)
        self._batch = min(self.config.batch_people, train.people)
        self._batches = train.people // self._batch
        held_out = -(-validation.people // self._batch)
        self._nets = self.schedule(self._batches)
        self._posteriors = self.schedule(self._batches + held_out, training.posterior_rate)
        self.optimisers = {"nets": self._nets, "posteriors": self._posteriors}
        rng = np.random.default_rng(np.random.SeedSequence([training.seed, 11]))
        self._member_weights = bootstrap_weights(model, train.people, training, rng)
        self._judged = self._judged_days(rng)
        self._fixed = list(self._fixed_batches()) if validation.are_kept else None
        keep = np.ones(model.architecture.net_width, dtype=np.float32)
        if not self._has_response:
            keep[model.architecture.blocks["c"]] = 0.0
        self._but_c = mx.array(keep)
        self._value_and_grad = nn.value_and_grad(self.learner, self._loss)

    def _judged_days(self, rng: np.random.Generator) -> _Judged:
        """Draw the days and the noise of validation, the same ones in all epochs."""
        logs = self._validation
        all_people = np.arange(logs.people)
        days, factor = random_days(logs, all_people, self._training.validation_days, rng)
        width = self._model.architecture.net_width
        noise = rng.standard_normal((logs.people, width), dtype=np.float32)
        return _Judged(days, factor.astype(np.float32), noise)

    def _fixed_batches(self) -> Iterator[_Batch]:
        """Cut the days of validation out of the logs."""
        days, scale, noise = self._judged
        for part in in_parts(len(days), _VALIDATED_TOGETHER):
            people = np.arange(part.start, part.stop)
            yield _Batch(
                rows=mx.array(people + self._train.people),
                window=windows(self._validation, people, days[part]),
                scale=mx.array(scale[part]),
                noise=mx.array(noise[part]),
            )

    def _loss(self, batch: _Batch, kl_weight: float, responding: bool) -> tuple[mx.array, ...]:
        """Return nats per observed-window day plus the rollouts' score, and the parts."""
        mean, log_variance = self.learner.posteriors.rows(batch.rows)
        latents = elbo.sample(mean, log_variance, batch.noise)
        if not responding:
            latents = latents * self._but_c
        likelihood = log_likelihood(self._model, latents, batch.window, batch.member_weights)
        kl = elbo.kl_divergence(mean, log_variance)
        penalty = weighted_kl(
            kl, self._model.architecture, self._training.beta, self._training.free_bits, kl_weight
        )
        days = batch.window.states.shape[1]
        # The window stands for the whole log: the KL is spread over all its days.
        loss = ((penalty / batch.scale) - likelihood.total).mean() / days
        score = mx.array(0.0)
        if batch.rollouts is not None and responding:
            starts, rng = batch.rollouts
            few, config = len(starts.row), self._training.rollouts
            # Of the nets alone: the posteriors stay those of the ELBO.
            of_whom = (mx.stop_gradient(mean[:few]), mx.stop_gradient(log_variance[:few]))
            score = rollout_loss(self._model, *of_whom, starts, config.draws, rng)
            loss = loss + config.weight * score
        of_states = () if self._has_response else (likelihood.transition.mean() / days,)
        return (
            loss,
            likelihood.policy.mean() / days,
            *of_states,
            mx.stack(elbo.by_block(kl, self._model.architecture)),
            score,
        )

    def train_epoch(self, epoch: int, rng: np.random.Generator) -> dict[str, float]:
        """Move nets and posteriors of the training people, then posteriors of the others."""
        kl_weight = annealing(epoch, self._training.annealing_epochs)
        # z_a and z_c both begin at the prior, and z_c, which moves more weights, would take
        # the baselines before z_a can: it waits until they are taken.
        responding = self._has_response or epoch >= self._training.baseline_epochs
        order = rng.permutation(self._train.people)
        sums: list[np.ndarray] = []
        for number in range(self._batches):
            people = order[number * self._batch : (number + 1) * self._batch]
            batch = self._draw(self._train, people, 0, rng)
            batch = replace(batch, member_weights=mx.array(self._member_weights[:, people]))
            config = self._training.rollouts
            if config.weight > 0.0 and number % config.every == 0:
                batch = replace(batch, rollouts=(self._starts(people, rng), rng))
            sums.append(self._step(batch, kl_weight, responding, learn_nets=True))
        held_out = rng.permutation(self._validation.people)
        for start in range(0, len(held_out), self._batch):
            people = held_out[start : start + self._batch]
            batch = self._draw(self._validation, people, self._train.people, rng)
            self._step(batch, kl_weight, responding, learn_nets=False)
        return self.mean_parts(sums)

    def _draw(
        self, logs: Logs, people: np.ndarray, offset: int, rng: np.random.Generator
    ) -> _Batch:
        days, factor = random_days(logs, people, self._training.window_days, rng)
        width = self._model.architecture.net_width
        return _Batch(
            rows=mx.array(people + offset),
            window=windows(logs, people, days),
            scale=mx.array(factor.astype(np.float32)),
            noise=mx.array(rng.standard_normal((len(people), width), dtype=np.float32)),
        )

    def _starts(self, people: np.ndarray, rng: np.random.Generator) -> LoggedFutures:
        """Cut where the trajectories of the first people of a batch begin."""
        config = self._training.rollouts
        few = people[: config.people]
        days, _ = random_days(self._train, few, config.days, rng)
        known = None if self._responses is None else self._responses.before(few, days[:, 0])
        return logged_futures(*self._train.holding(few), days, known)

    def _step(
        self, batch: _Batch, kl_weight: float, responding: bool, *, learn_nets: bool
    ) -> np.ndarray:
        parts, gradient = self._value_and_grad(batch, kl_weight, responding)
        self._posteriors.update(self.learner.posteriors, gradient.pop("posteriors"))
        return self.step(self._nets, gradient if learn_nets else None, parts)

    def validate(self, epoch: int) -> dict[str, float]:
        """Return the ELBO's parts of the validation people, at full KL weight."""
        parts, people = [], []
        for batch in self._fixed_batches() if self._fixed is None else self._fixed:
            parts.append(numbers(self._loss(batch, 1.0, True)))
            people.append(len(batch.rows))
        scores = self.mean_parts(parts, people)
        del scores[ROLLOUTS]  # of training batches only
        return scores
