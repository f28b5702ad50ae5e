"""Amounts over spans of time from several devices: what two of them measured counts once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.exports.stamps import DAY_SECONDS, EPOCH


@dataclass(frozen=True)
class Shares:
    """Which part of each span counts.

    Attributes:
        share: float (spans,), in [0, 1].
        kept: bool (spans,), True where any part counts.
    """

    share: np.ndarray
    kept: np.ndarray


def shares_by_priority(
    start: np.ndarray, end: np.ndarray, rank: np.ndarray, *, within_rank: bool = False
) -> Shares:
    """Let devices of a better rank hide what others measured at the same time.

    Args:
        start: int (spans,), seconds.
        end: int (spans,), >= start.
        rank: int (spans,), 0 is the best device.
        within_rank: spans of one device hide each other, too: what begins first, and of that the
            longest, hides what begins later. Otherwise they all count.
    """
    share = np.ones(len(start))
    covered_from, covered_to = np.empty(0, np.int64), np.empty(0, np.int64)
    for level in np.unique(rank):
        mine = np.flatnonzero(rank == level)
        begun, ended = start[mine].astype(np.int64), end[mine].astype(np.int64)
        free = _after_earlier(begun, ended) if within_rank else begun
        alone = (free < ended) | (free == begun)
        hidden = free - begun + alone * _covered(free, ended, covered_from, covered_to)
        length = np.maximum(ended - begun, 1)
        share[mine] = 1.0 - np.minimum(hidden / length, 1.0)
        covered_from, covered_to = union(
            np.concatenate([covered_from, begun]), np.concatenate([covered_to, ended])
        )
    share[share < 1e-9] = 0.0
    return Shares(share, share > 0.0)


def _after_earlier(begun: np.ndarray, ended: np.ndarray) -> np.ndarray:
    """Return where each span begins to be alone; a moment that is covered begins a second later.

    All that begins no later than a span covers one stretch of it, from its beginning on.
    """
    order = np.lexsort((-ended, begun))
    reach = np.maximum.accumulate(ended[order])
    before = np.append(begun[order][:1], reach[:-1])
    free = np.empty_like(begun)
    length = np.maximum(ended - begun, 1)[order]
    free[order] = begun[order] + np.clip(before - begun[order], 0, length)
    return free


def union(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the disjoint spans, sorted, that given spans cover together."""
    if len(start) == 0:
        return start, end
    order = np.argsort(start, kind="stable")
    start, reach = start[order], np.maximum.accumulate(end[order])
    begins = np.append(True, start[1:] > reach[:-1])
    ends = np.append(begins[1:], True)
    return start[begins], reach[ends]


def _covered(
    begun: np.ndarray, ended: np.ndarray, covered_from: np.ndarray, covered_to: np.ndarray
) -> np.ndarray:
    """Return how much of each span is covered; a moment within is covered as a second."""
    if len(covered_from) == 0:
        return np.zeros(len(begun))
    before = np.concatenate([[0], np.cumsum(covered_to - covered_from)])

    def up_to(time: np.ndarray) -> np.ndarray:
        index = np.searchsorted(covered_from, time, side="right")
        last = np.maximum(index - 1, 0)
        over = np.where(index > 0, np.maximum(covered_to[last] - time, 0), 0)
        total: np.ndarray = before[index] - over
        return total

    hidden = up_to(ended) - up_to(begun)
    moment = ended == begun
    index = np.maximum(np.searchsorted(covered_from, begun, side="right") - 1, 0)
    inside = (begun >= covered_from[index]) & (begun < covered_to[index])
    return np.where(moment, inside, hidden)


def by_day(
    start: np.ndarray, end: np.ndarray, amount: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add amounts up by local day; a span over midnight gives each day its part.

    Args:
        start: int (spans,), local seconds since 1970.
        end: int (spans,), >= start.
        amount: float (spans,).

    Returns:
        days int (days,), sums float (days,), and how many spans began on each, int (days,).
    """
    first = start // DAY_SECONDS
    last = np.maximum(end - 1, start) // DAY_SECONDS
    days, parts, begun = [first], [amount.astype(np.float64)], [np.ones(len(first), np.int64)]
    over = np.flatnonzero(last > first)
    if len(over):
        parts[0] = parts[0].copy()
        length = (end[over] - start[over]).astype(np.float64)
        midnight = (first[over] + 1) * DAY_SECONDS
        parts[0][over] *= (midnight - start[over]) / length
        for ahead in range(1, int((last - first).max()) + 1):
            still = over[last[over] >= first[over] + ahead]
            span = np.minimum(end[still], (first[still] + ahead + 1) * DAY_SECONDS) - (
                (first[still] + ahead) * DAY_SECONDS
            )
            days.append(first[still] + ahead)
            parts.append(amount[still] * span / (end[still] - start[still]))
            begun.append(np.zeros(len(still), np.int64))
    found, which = np.unique(np.concatenate(days), return_inverse=True)
    sums = np.bincount(which, weights=np.concatenate(parts))
    counts = np.bincount(which, weights=np.concatenate(begun)).astype(np.int64)
    return found + EPOCH, sums, counts
