from __future__ import annotations

import numpy as np

from agents.evaluation.ranked_pairs import ranked_pairs
from agents.rollout import Episodes


def episodes(mean: float) -> Episodes:
    returns = np.array([mean - 1.0, mean + 1.0])
    return Episodes(np.array(["a", "b"]), np.arange(2), returns, np.full(2, 30), {}, returns * 0.0)


def test_pairs_are_counted_by_the_size_of_their_difference_in_the_simulator() -> None:
    truth = {"a": 0.0, "b": 0.1, "c": 1.0, "oracle": 9.0}
    dream = {"a": 0.5, "b": 0.4, "c": 2.0, "only here": 3.0}
    found = ranked_pairs(
        {name: episodes(mean) for name, mean in dream.items()},
        {name: episodes(mean) for name, mean in truth.items()},
        full_score=5.0,
    )
    # a and b differ by 2 points and are ranked the other way round; c is 18 and 20 points above.
    assert found == [
        {"points": [0.0, 1.0], "pairs": 0, "ranked_alike": None},
        {"points": [1.0, 3.0], "pairs": 1, "ranked_alike": 0.0},
        {"points": [3.0, 10.0], "pairs": 0, "ranked_alike": None},
        {"points": [10.0, None], "pairs": 2, "ranked_alike": 1.0},
    ]


def test_equal_returns_rank_nothing() -> None:
    truth = {"a": episodes(1.0), "b": episodes(2.0)}
    found = ranked_pairs({name: episodes(1.0) for name in truth}, truth, full_score=1.0)
    assert found[-1] == {"points": [10.0, None], "pairs": 1, "ranked_alike": 0.0}
