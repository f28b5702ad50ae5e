"""The KL of posteriors, in nats, and draws from them; how the KL is weighted: `kl_annealing`."""

from __future__ import annotations

import mlx.core as mx

from human_wm_env.model.architecture import Architecture


def kl_names(architecture: Architecture) -> tuple[str, ...]:
    """Return what the KL of each block that nets infer is called, in the order of `by_block`."""
    return tuple(f"kl_{block}_nats" for block in architecture.net_blocks)


def kl_divergence(mean: mx.array, log_variance: mx.array) -> mx.array:
    """Return KL(q || N(0, 1)) of each latent dimension, (people, latents), nats."""
    return 0.5 * (mean * mean + mx.exp(log_variance) - 1.0 - log_variance)


def by_block(kl: mx.array, architecture: Architecture) -> list[mx.array]:
    """Return the mean KL of each block that nets infer, scalars."""
    return [kl[:, part].sum(axis=1).mean() for part in architecture.net_blocks.values()]


def sample(mean: mx.array, log_variance: mx.array, noise: mx.array) -> mx.array:
    """Return a reparametrised draw (Kingma & Welling 2014), shapes (people, latents)."""
    return mean + mx.exp(0.5 * log_variance) * noise
