"""The loss of this project's predecessor, which collapses; kept to show why.

Four of its choices (the data, and errors in its code, are not repeated here):

- the reconstruction is averaged over observed cells and the KL over latent dimensions, so
  that, counted as an ELBO, beta is some 20 to 40 on a log of two years;
- imagined trajectories are judged by their mean distance to the truth, which is smallest
  when all of them are equal. A proper score takes half their distance to each other off
  (the energy score, Gneiting & Raftery 2007), and is smallest when they vary as the truth;
- categories are points too, here vectors of probabilities;
- what the nets say is certain, so that all variety has to come from z.
"""

from __future__ import annotations

import mlx.core as mx

from world_model.losses import elbo
from world_model.losses.distances import DISTANCES


def averaged_kl(mean: mx.array, log_variance: mx.array) -> mx.array:
    """Return the KL to the prior averaged over people and latent dimensions, a scalar."""
    return elbo.kl_divergence(mean, log_variance).mean()


def rollout_distance(
    name: str, trajectories: mx.array, truth: mx.array, observed: mx.array
) -> mx.array:
    """Return the mean distance of all trajectories to the truth, a scalar.

    Args:
        name: of the point distance.
        trajectories: (people, branches, days, columns).
        truth: (people, days, columns).
        observed: (people, days, columns), 1 where observed.
    """
    shape = trajectories.shape
    return DISTANCES[name](
        trajectories,
        mx.broadcast_to(truth[:, None], shape),
        mx.broadcast_to(observed[:, None], shape),
    )
