"""Where the spread of the futures comes from, and whether it is as large as the truth's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.person import schema
from world_model.card.proper_scores import PARTS, embed

SOURCES = ("z_a", "z_b", "z_c", "noise")


@dataclass(frozen=True)
class Spread:
    """The spread of one feature on one day, over the futures of one start, averaged.

    Attributes:
        feature: its name; horizon: day of the future, 1 being the first.
        shares: of the variance, by source; they add up to 1. z_a alone, then what z_b adds,
            then z_c, then the noise of the days.
        dream_to_truth: SD of the dream over the simulator's, given the same traits there;
            the dream's includes what it does not know about the person.
        noise_to_truth: SD of the dream given the latents, over the simulator's given the
            traits. Both are None where the truth is not known.
    """

    feature: str
    horizon: int
    shares: dict[str, float]
    dream_to_truth: float | None
    noise_to_truth: float | None


def designed_noise(
    first: np.ndarray, second: np.ndarray, blocks: Mapping[str, slice]
) -> np.ndarray:
    """Return noise of latents that share more and more blocks: none, z_a, z_a and z_b, all.

    Noise, not latents: where the posterior of blocks is a joint one, only their noise is
    independent.

    Args:
        first: standard normal noise of the latents, (starts, draws, latents).
        second: the same, independent of it.
        blocks: where each block stands, in the order a, b, c.

    Returns:
        (5, starts, draws, latents): `first`, then its four partners.
    """
    partners = [first, second]
    shared = second
    for part in blocks.values():
        shared = shared.copy()
        shared[..., part] = first[..., part]
        partners.append(shared)
    return np.stack(partners)


def nested_shares(designed: np.ndarray) -> np.ndarray:
    """Return the share of the variance that each source adds, (..., 4), adding up to 1.

    The covariance of two futures that share blocks and nothing else is the variance that
    these blocks explain (Sobol 1993, "pick and freeze"); negative estimates are not cut off.

    Args:
        designed: float (5, starts, draws, ..., width): futures by `designed_noise`; the
            variances of the `width` columns are added up.
    """
    centred = designed - designed.mean(axis=2, keepdims=True)
    count = designed.shape[2]
    base = centred[0]
    explained = [
        (base * partner).sum(axis=(1, -1)).mean(axis=0) / (count - 1) for partner in centred[2:]
    ]
    total = (centred**2).sum(axis=(2, -1)).mean(axis=(0, 1)) / (count - 1)
    levels = np.stack([np.zeros_like(total), *explained, total], axis=-1)
    shares: np.ndarray = np.diff(levels, axis=-1) / np.maximum(total, 1e-12)[..., None]
    return shares


def variance(futures: np.ndarray) -> np.ndarray:
    """Return the mean over starts of the variance over draws, by horizon and scored feature.

    Args:
        futures: raw rows, float32 (starts, draws, horizons, 10).

    Returns:
        float (horizons, features): scaled; of a category half the probability that two
        draws differ.
    """
    spread = embed(futures).var(axis=1, ddof=1, dtype=np.float64).mean(axis=0)
    return np.stack([spread[:, part].sum(axis=-1) for part in PARTS.values()], axis=-1)


def spreads(
    designed: np.ndarray,
    horizons: Sequence[int],
    imagined: np.ndarray,
    true: np.ndarray | None,
) -> list[Spread]:
    """Describe the spread of every feature at every horizon.

    Args:
        designed: raw rows (5, starts, draws, horizons, 10), see `designed_noise`.
        horizons: days of the future.
        imagined: raw rows of independent futures, (starts, draws, horizons, 10).
        true: the simulator's from the same starts; None where it is not known.
    """
    points = embed(designed)
    total = variance(imagined)
    truth = None if true is None else variance(true)
    found = []
    for column, (index, part) in enumerate(PARTS.items()):
        shares = nested_shares(points[..., part])
        for row, horizon in enumerate(horizons):
            ratio = None if truth is None else total[row, column] / max(truth[row, column], 1e-12)
            found.append(
                Spread(
                    feature=schema.FEATURE_NAMES[index],
                    horizon=int(horizon),
                    shares=dict(zip(SOURCES, map(float, shares[row]), strict=True)),
                    dream_to_truth=None if ratio is None else float(np.sqrt(ratio)),
                    noise_to_truth=None
                    if ratio is None
                    else float(np.sqrt(ratio * max(0.0, shares[row, -1]))),
                )
            )
    return found
