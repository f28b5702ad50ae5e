"""Targets of encoder training: histories of several lengths, and draws of the posterior."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import mlx.core as mx
import numpy as np

from human_wm_env.model import moments
from human_wm_env.runtime.encoder import Posterior
from world_model.data.encoded_logs import EncodedLogs, moments_until

SHORTEST_DAYS = 14
LENGTHS = 16


def history_lengths(longest: int) -> np.ndarray:
    """Return the lengths that encoders are trained on: 14 days to all, evenly in the logarithm."""
    shortest = min(SHORTEST_DAYS, longest)
    return np.unique(np.geomspace(shortest, longest, LENGTHS).round().astype(int))


@dataclass
class DistillationData:
    """People whose posterior the encoder has to infer from the first days of their log.

    Attributes:
        logs: encoded logs.
        posterior: of each person, from the whole log: the target.
        mean, sd: of the training people's moments.
    """

    logs: EncodedLogs
    posterior: Posterior
    mean: np.ndarray
    sd: np.ndarray

    @cached_property
    def lengths(self) -> np.ndarray:
        """Lengths of the histories, int (lengths,)."""
        return history_lengths(self.logs.days)

    @cached_property
    def features(self) -> np.ndarray:
        """Moment features of every length, float32 (lengths, people, FEATURE_WIDTH)."""
        collected = moments_until(self.logs, self.lengths)
        return np.stack([moments.features(each, self.mean, self.sd) for each in collected])

    def draw(self, people: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw latents of some people from their own posteriors, float32 (n, latents)."""
        noise = rng.standard_normal((len(people), self.posterior.mean.shape[1]), dtype=np.float32)
        return self.posterior.mean[people] + self.posterior.sd[people] * noise


def negative_log_density(target: mx.array, mean: mx.array, log_variance: mx.array) -> mx.array:
    """Return -log q(target) of each person, nats, (people,).

    Minimised over pairs of a draw and a history, its optimum is the right posterior for
    every length of history: short ones give wide posteriors (neural posterior estimation,
    Papamakarios & Murray 2016).
    """
    distance = (target - mean) ** 2 * mx.exp(-log_variance)
    return 0.5 * (distance + log_variance + math.log(2.0 * math.pi)).sum(axis=1)
