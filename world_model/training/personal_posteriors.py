"""One variational posterior per person, and its refinement against trained nets.

Of the latents that nets infer: those of a response have an exact posterior.
"""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

from human_wm_env.model.architecture import Architecture
from human_wm_env.model.checkpoint import Checkpoint
from human_wm_env.runtime.encoder import (
    LOG_VARIANCE_HIGH,
    LOG_VARIANCE_LOW,
    Posterior,
    with_response,
)
from world_model.data.encoded_logs import Logs
from world_model.data.windows import windows
from world_model.losses import elbo
from world_model.losses.kl_annealing import weighted_kl
from world_model.nets.likelihood import log_likelihood
from world_model.nets.world_model import WorldModel
from world_model.training.config import TrainingConfig

INITIAL_LOG_VARIANCE = -1.0


class PersonalPosteriors(nn.Module):
    """Diagonal Gaussians over the latents, one row per person.

    Args:
        people: number of rows.
        latents: dimensions.
    """

    def __init__(self, people: int, latents: int) -> None:
        super().__init__()
        self.mean = mx.zeros((people, latents))
        self.log_variance = mx.full((people, latents), INITIAL_LOG_VARIANCE)

    def rows(self, people: mx.array) -> tuple[mx.array, mx.array]:
        """Return mean and log variance of some people, (n, latents) each."""
        log_variance = mx.clip(self.log_variance[people], LOG_VARIANCE_LOW, LOG_VARIANCE_HIGH)
        return self.mean[people], log_variance

    def as_posterior(self) -> Posterior:
        """Return all rows as NumPy arrays."""
        mean, log_variance = self.rows(mx.arange(self.mean.shape[0]))
        return Posterior(np.array(mean), np.array(log_variance))


def net_posterior(posterior: Posterior, architecture: Architecture) -> Posterior:
    """Return what a posterior says of the latents that nets infer."""
    if not architecture.has_response:
        return posterior
    part = architecture.blocks["b"]
    return Posterior(posterior.mean[:, part], posterior.log_variance[:, part])


def with_prior(posterior: Posterior, part: slice) -> Posterior:
    """Return a start for refinement that forgets some latents, as personal posteriors begin.

    Args:
        posterior: of some people.
        part: latents that go back to mean 0.
    """
    if posterior.response is not None:  # exact, and of no other latents' making
        return posterior
    mean, log_variance = posterior.mean.copy(), posterior.log_variance.copy()
    mean[:, part], log_variance[:, part] = 0.0, INITIAL_LOG_VARIANCE
    return Posterior(mean, log_variance)


def random_days(
    logs: Logs, people: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw windows of consecutive days inside each person's log.

    Returns:
        days int (n, count), and the factor (n,) that scales a window's likelihood up to
        the whole log's.
    """
    logged = logs.days_logged[people]
    length = min(count, int(logged.max()))
    last = np.maximum(logged - length, 0)
    starts = rng.integers(0, last + 1)
    days = starts[:, None] + np.arange(length)
    # A log of no days has a factor of 1, not 0 / 0: nothing is observed, only the KL counts.
    return days, np.maximum(1, logged) / np.maximum(1, np.minimum(length, logged))


@dataclass(frozen=True)
class Refinement:
    """How posteriors are fitted by gradient steps.

    Attributes:
        steps: gradient steps; each sees a window of every person.
        learning_rate: of Adam, decaying along a cosine.
        config: window length, betas and free bits.
        seed: of windows and noise.
    """

    steps: int
    learning_rate: float
    config: TrainingConfig
    seed: int


def config_of(checkpoint: Checkpoint, window_days: int) -> TrainingConfig:
    """Return a configuration with the beta and free bits that a checkpoint was trained with."""
    training = checkpoint.manifest.get("config", {}).get("training", {})
    penalties = {name: training[name] for name in ("beta", "free_bits") if name in training}
    return TrainingConfig(window_days=window_days, **penalties)


def refine(
    model: WorldModel,
    logs: Logs,
    start: Posterior | None,
    refinement: Refinement,
) -> Posterior:
    """Fit each person's own posterior by gradient steps, with the nets frozen.

    Args:
        model: trained nets; not changed.
        logs: the people, cut off before the day the posterior is for.
        start: where to begin, e.g. the encoder's pass; None begins at the prior. What it says
            of a response is exact, and stays.
        refinement: how.

    Returns:
        The refined posterior of all people of `logs`.
    """
    if start is not None and start.response is not None:
        inner = refine(model, logs, net_posterior(start, model.architecture), refinement)
        return with_response(inner, start.response)
    config, steps, rate = refinement.config, refinement.steps, refinement.learning_rate
    posteriors = PersonalPosteriors(logs.people, model.architecture.net_width)
    if start is not None:
        posteriors.mean = mx.array(start.mean)
        posteriors.log_variance = mx.array(start.log_variance)
    optimiser = optim.Adam(
        learning_rate=optim.cosine_decay(rate, max(1, steps), rate * 0.05),
        bias_correction=True,  # MLX's default would take a good start away in the first steps
    )
    rng = np.random.default_rng(np.random.SeedSequence([refinement.seed, 7]))
    all_people = np.arange(logs.people)
    shape = (logs.people, model.architecture.net_width)

    def loss(
        own: PersonalPosteriors, days: np.ndarray, scale: mx.array, noise: mx.array
    ) -> mx.array:
        mean, log_variance = own.rows(mx.arange(logs.people))
        latents = elbo.sample(mean, log_variance, noise)
        likelihood = log_likelihood(model, latents, windows(logs, all_people, days)).total
        kl = weighted_kl(
            elbo.kl_divergence(mean, log_variance),
            model.architecture,
            config.beta,
            config.free_bits,
            1.0,
        )
        # Summed: people are independent, and Adam makes the step size scale-free.
        return (kl - likelihood * scale).sum() / config.window_days

    value_and_grad = nn.value_and_grad(posteriors, loss)
    for _ in range(steps):
        days, factor = random_days(logs, all_people, config.window_days, rng)
        noise = mx.array(rng.standard_normal(shape, dtype=np.float32))
        scale = mx.array(factor.astype(np.float32))
        value, gradient = value_and_grad(posteriors, days, scale, noise)
        optimiser.update(posteriors, gradient)
        mx.eval(posteriors.parameters(), optimiser.state, value)
    return posteriors.as_posterior()
