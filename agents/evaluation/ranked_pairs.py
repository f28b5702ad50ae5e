"""Which differences between policies a world ranks as the simulator does, by their size."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from agents.evaluation.scores import FULL_SCORE
from agents.protocol import Plain
from agents.rollout import Episodes

# Upper ends of the sizes of differences in the simulator, in points of the score.
SIZES = (1.0, 3.0, 10.0, float("inf"))


def ranked_pairs(
    dream: Mapping[str, Episodes], truth: Mapping[str, Episodes], *, full_score: float
) -> list[Plain]:
    """Return how many pairs of policies come in the same order in both worlds.

    Args:
        dream: by policy; those in both are paired.
        truth: likewise.
        full_score: return of the oracle above habit, which is 100 points.

    Returns:
        For each size: `points` (from, to; the last is None), `pairs` and `ranked_alike`, their
        share; None where there is no pair. Nothing where the oracle gains nothing.
    """
    if not full_score > 0.0:
        return []  # there are no points without a gain
    alike: list[list[bool]] = [[] for _ in SIZES]
    means = {
        name: (of.returns.mean(), truth[name].returns.mean())
        for name, of in dream.items()
        if name in truth
    }
    for one, other in combinations(means.values(), 2):
        imagined, real = one[0] - other[0], one[1] - other[1]
        if real == 0.0:
            continue  # there is no order
        points = abs(real) / full_score * FULL_SCORE
        size = next(index for index, end in enumerate(SIZES) if points < end)
        alike[size].append(bool(imagined * real > 0.0))
    return [
        {
            "points": [begin, None if end == float("inf") else end],
            "pairs": len(found),
            "ranked_alike": sum(found) / len(found) if found else None,
        }
        for begin, end, found in zip((0.0, *SIZES[:-1]), SIZES, alike, strict=True)
    ]
