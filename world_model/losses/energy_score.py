"""The energy score of factorial futures: a proper score, so diversity is rewarded when right."""

from __future__ import annotations

from functools import cache

import mlx.core as mx
import numpy as np

_TINY = 1e-6  # keeps the gradient of a norm finite at equal trajectories


@cache
def independent_pairs(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of branches of a size x size x size design that share no latent draw.

    Branch b has draws b // size**2, b // size % size and b % size. Pairs that share a draw
    are nearer to each other than independent futures: scored over all pairs, the spread of
    the latents comes out at .75 of the true one, over these at 1.0.

    Returns:
        int (pairs,) each; every unordered pair once.
    """
    branch = np.arange(size**3)
    draws = np.stack([branch // size**2, branch // size % size, branch % size], axis=1)
    differ = (draws[:, None] != draws[None]).all(axis=2)
    first, second = np.nonzero(np.triu(differ))
    return first, second


def energy_score(futures: mx.array, truth: mx.array, observed: mx.array, size: int) -> mx.array:
    """Return E|X - y| - E|X - X'| / 2 of each person, (people,); 0 where nothing was observed.

    Args:
        futures: (people, size**3, cells), branches of a factorial design.
        truth: (people, cells), anything where masked.
        observed: (people, cells), 1 where observed.
        size: draws of each block, >= 2.

    Source: Gneiting & Raftery 2007, eq. 22, with norms over the observed cells, divided by
    the square root of their number.
    """
    first, second = (mx.array(side) for side in independent_pairs(size))
    count = mx.maximum(observed.sum(axis=1), 1.0)[:, None]

    def norm(difference: mx.array) -> mx.array:
        squares = (difference * difference * observed[:, None]).sum(axis=-1)
        return mx.sqrt(squares / count + _TINY)

    apart = norm(futures - truth[:, None]).mean(axis=1)
    spread = norm(futures[:, first] - futures[:, second]).mean(axis=1)
    return apart - 0.5 * spread
