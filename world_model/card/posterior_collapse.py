"""Do the latents carry anything? Active units, KL and mutual information of each block."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from human_wm_env.runtime.encoder import Posterior

ACTIVE_VARIANCE = 0.01
DRAWS = 16


@dataclass(frozen=True)
class BlockCollapse:
    """What one latent block holds.

    Attributes:
        dimensions: of the block.
        active_units: dimensions whose posterior means vary between people by more than
            0.01 (Burda et al. 2016).
        kl_nats: mean KL(q(z | log) || N(0, 1)); an upper bound of the information.
        mutual_information_nats: between person and latent, see `mutual_information`; a
            lower bound that cannot exceed `most_nats`.
        most_nats: the logarithm of the number of people.
    """

    dimensions: int
    active_units: int
    kl_nats: float
    mutual_information_nats: float
    most_nats: float


def collapse(
    posterior: Posterior, blocks: Mapping[str, slice], rng: np.random.Generator
) -> dict[str, BlockCollapse]:
    """Measure every block over the posteriors of some people."""
    found = {}
    for block, part in blocks.items():
        mean, log_variance = posterior.mean[:, part], posterior.log_variance[:, part]
        kl = 0.5 * (mean**2 + np.exp(log_variance) - 1.0 - log_variance).sum(axis=1)
        found[block] = BlockCollapse(
            dimensions=mean.shape[1],
            active_units=int((mean.var(axis=0) > ACTIVE_VARIANCE).sum()),
            kl_nats=float(kl.mean()),
            mutual_information_nats=mutual_information(mean, log_variance, rng),
            most_nats=math.log(len(mean)),
        )
    return found


def mutual_information(
    mean: np.ndarray, log_variance: np.ndarray, rng: np.random.Generator
) -> float:
    """Return the information that a draw of the latent gives about whose it is, nats.

    Monte Carlo of E[log q(z | n) - log 1/N sum_m q(z | m)] with z from q(z | n): the
    aggregate posterior is the mixture of all people's. It lies between 0 and log N, so with
    few people it says "at least".

    Args:
        mean: float (people, dimensions), of the posteriors.
        log_variance: float (people, dimensions).
        rng: source of noise.

    Source: Hoffman & Johnson 2016, "ELBO surgery".
    """
    people, width = mean.shape
    total = 0.0
    for _ in range(DRAWS):
        z = mean + np.exp(0.5 * log_variance) * rng.standard_normal((people, width))
        # log density of each draw under each posterior, constants left out
        each = np.empty((people, people))
        for person in range(people):
            scaled = (z - mean[person]) ** 2 * np.exp(-log_variance[person])
            each[:, person] = -0.5 * (scaled + log_variance[person]).sum(axis=1)
        aggregate = np.logaddexp.reduce(each, axis=1) - math.log(people)
        total += float((np.diagonal(each) - aggregate).mean())
    return total / DRAWS
