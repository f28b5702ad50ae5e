"""The KL term of the ELBO as it is trained: beta and free bits of each block, and annealing."""

from __future__ import annotations

from collections.abc import Mapping

import mlx.core as mx

from human_wm_env.model.architecture import Architecture


def annealing(epoch: int, epochs: int) -> float:
    """Return the overall weight of the KL in an epoch: it rises to 1 within so many."""
    return min(1.0, (epoch + 1) / max(1, epochs))


def weighted_kl(
    kl: mx.array,
    architecture: Architecture,
    beta: Mapping[str, float],
    free_bits: Mapping[str, float],
    annealing: float,
) -> mx.array:
    """Return the KL term of the loss per person, (people,).

    Args:
        kl: (people, latents), nats.
        architecture: says where the blocks stand.
        beta: weight of each block, keys a, b, c.
        free_bits: nats per block below which the KL costs nothing, averaged over the
            batch (Kingma et al. 2016).
        annealing: overall weight, rising from 0 to 1.
    """
    total = mx.zeros((kl.shape[0],))
    for block, part in architecture.net_blocks.items():
        own = kl[:, part].sum(axis=1)
        if free_bits[block] > 0.0:
            # Free where the batch average is below the allowance: no gradient there.
            is_above = (own.mean() > free_bits[block]).astype(mx.float32)
            own = own * is_above + free_bits[block] * (1.0 - is_above)
        total = total + beta[block] * own
    return annealing * total
