"""Targets of encoder training: histories of several lengths, and draws of the posterior."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import mlx.core as mx
import numpy as np

from human_wm_env.data.disk_arrays import DiskArray, let_go
from human_wm_env.files.cache import cache_folder
from human_wm_env.model import moments
from human_wm_env.runtime.encoder import Posterior
from world_model.data.encoded_logs import Logs
from world_model.data.windows import moments_until

SHORTEST_DAYS = 14
LENGTHS = 16
#: floats, 512 MB; of more people than they are of, the features lie in a file of the cache folder
MOST_FEATURES_KEPT = 2**27
_READ_TOGETHER = 64


def history_lengths(longest: int) -> np.ndarray:
    """Return the lengths that encoders are trained on: 14 days to all, evenly in the logarithm."""
    shortest = min(SHORTEST_DAYS, longest)
    return np.unique(np.geomspace(shortest, longest, LENGTHS).round().astype(int))


@dataclass
class DistillationData:
    """People whose posterior the encoder has to infer from the first days of their log.

    Attributes:
        logs: of the people.
        posterior: of each person, from the whole log: the target.
        mean, sd: of the training people's moments.
    """

    logs: Logs
    posterior: Posterior
    mean: np.ndarray
    sd: np.ndarray

    @cached_property
    def lengths(self) -> np.ndarray:
        """Lengths of the histories, int (lengths,)."""
        return history_lengths(self.logs.days)

    @cached_property
    def _features(self) -> np.ndarray:
        """Moment features of every length, float32 (people, lengths, FEATURE_WIDTH)."""
        shape = (self.logs.people, len(self.lengths), moments.FEATURE_WIDTH)
        if np.prod(shape, dtype=np.int64) <= MOST_FEATURES_KEPT:
            found = np.empty(shape, dtype=np.float32)
            for part, of_few in self._features_by_part():
                found[part] = of_few
            return found
        folder = cache_folder()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        with DiskArray(shape, np.float32, None if folder is None else str(folder)) as file:
            for part, of_few in self._features_by_part():
                file.write(part.start, of_few)
            return file.mapped()

    def _features_by_part(self) -> Iterator[tuple[slice, np.ndarray]]:
        for part, logs, people in self.logs.parts(_READ_TOGETHER):
            collected = moments_until(logs, self.lengths, people)
            each = [moments.features(few, self.mean, self.sd) for few in collected]
            yield part, np.stack(each, axis=1)

    def features(self, at: int | np.ndarray, people: np.ndarray) -> np.ndarray:
        """Return moment features of some people, float32 (n, FEATURE_WIDTH).

        Args:
            at: position of the history's length among `lengths`, or one a person, int (n,).
            people: int (n,), positions in the logs.
        """
        found = self._features[people, at]
        let_go(self._features)
        return np.asarray(found)

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
