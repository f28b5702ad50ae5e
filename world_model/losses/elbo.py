"""The two halves of the evidence lower bound, in nats per person."""

from __future__ import annotations

from collections.abc import Mapping

import mlx.core as mx

from human_wm_env.model.architecture import Architecture

KL_NAMES = ("kl_a_nats", "kl_b_nats", "kl_c_nats")


def kl_divergence(mean: mx.array, log_variance: mx.array) -> mx.array:
    """Return KL(q || N(0, 1)) of each latent dimension, (people, latents), nats."""
    return 0.5 * (mean * mean + mx.exp(log_variance) - 1.0 - log_variance)


def by_block(kl: mx.array, architecture: Architecture) -> list[mx.array]:
    """Return the mean KL of each block, scalars in the order of `KL_NAMES`."""
    return [kl[:, part].sum(axis=1).mean() for part in architecture.blocks.values()]


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
    for block, part in architecture.blocks.items():
        own = kl[:, part].sum(axis=1)
        if free_bits[block] > 0.0:
            # Free where the batch average is below the allowance: no gradient there.
            is_above = (own.mean() > free_bits[block]).astype(mx.float32)
            own = own * is_above + free_bits[block] * (1.0 - is_above)
        total = total + beta[block] * own
    return annealing * total


def sample(mean: mx.array, log_variance: mx.array, noise: mx.array) -> mx.array:
    """Return a reparametrised draw (Kingma & Welling 2014), shapes (people, latents)."""
    return mean + mx.exp(0.5 * log_variance) * noise
