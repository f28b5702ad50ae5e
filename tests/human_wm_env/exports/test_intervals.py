"""Spans of several devices: what two measured counts once, and midnight cuts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from human_wm_env.exports.intervals import by_day, shares_by_priority, union
from human_wm_env.exports.stamps import DAY_SECONDS, EPOCH


def test_what_the_better_device_covers_does_not_count() -> None:
    start, end = np.array([0, 5, 10, 20, 7]), np.array([10, 15, 20, 30, 7])
    rank = np.array([0, 1, 1, 1, 2])
    assert shares_by_priority(start, end, rank).share.tolist() == [1, 0.5, 1, 1, 0]


def test_what_one_device_says_twice_counts_once_where_asked() -> None:
    start, end = np.array([0, 0, 5, 7, 30, 20]), np.array([10, 4, 15, 7, 30, 30])
    rank = np.array([1, 1, 1, 1, 1, 0])
    shares = shares_by_priority(start, end, rank, within_rank=True)
    assert shares.share.tolist() == [1, 0, 0.5, 0, 1, 1]


def test_a_span_over_midnight_is_divided() -> None:
    start = np.array([DAY_SECONDS - 900, 5, 0])
    end = np.array([DAY_SECONDS + 300, 5, 2 * DAY_SECONDS])
    days, sums, counts = by_day(start, end, np.array([400.0, 7.0, 10.0]))
    assert (days - EPOCH).tolist() == [0, 1]
    assert sums.tolist() == [300 + 7 + 5, 100 + 5]
    assert counts.tolist() == [3, 0]


spans = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20), st.integers(0, 2)), min_size=1)


@given(spans)
def test_every_second_counts_for_the_best_device_alone(found: list[tuple[int, int, int]]) -> None:
    start = np.array([one[0] for one in found])
    end = start + np.array([one[1] for one in found])
    rank = np.array([one[2] for one in found])
    shares = shares_by_priority(start, end, rank).share
    alone = shares_by_priority(start, end, rank, within_rank=True).share
    for index in range(len(found)):
        better = [
            set(range(start[other], end[other]))
            for other in range(len(found))
            if rank[other] < rank[index]
        ]
        mine = (start[index], -end[index], index)
        earlier = [
            set(range(start[other], end[other]))
            for other in range(len(found))
            if rank[other] == rank[index] and (start[other], -end[other], other) < mine
        ]
        own = set(range(start[index], end[index]))
        left = len(own - set().union(*better))
        assert np.isclose(shares[index], left / len(own))
        left = len(own - set().union(*better, *earlier))
        assert np.isclose(alone[index], left / len(own))
    lows, highs = union(start, end)
    assert (highs - lows).sum() == len(
        set().union(*(set(range(low, high)) for low, high in zip(start, end, strict=True)))
    )
    assert (lows[1:] > highs[:-1]).all()
