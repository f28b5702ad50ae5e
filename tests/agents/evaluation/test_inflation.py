from __future__ import annotations

import json

import numpy as np
import pytest

from agents.evaluation.bootstrap_intervals import Bootstrap
from agents.evaluation.inflation import compare_worlds, inflation, rank_correlation
from agents.evaluation.model_exploits import judge_finds
from agents.rollout import Episodes
from human_wm_env.errors import DataError

USERS = np.repeat([f"p{i}" for i in range(10)], 2)
QUICK = Bootstrap(resamples=300)


def episodes(mean: float, noise: float = 0.0, seed: int = 0) -> Episodes:
    returns = mean + noise * np.random.default_rng(seed).standard_normal(len(USERS))
    zeros = np.zeros(len(USERS))
    return Episodes(USERS, np.arange(len(USERS)), returns, zeros.astype(int) + 30, {}, zeros)


def test_inflation_by_hand() -> None:
    found = inflation([episodes(24.0)], episodes(18.0), [episodes(21.0)], episodes(17.0), QUICK)
    assert found is not None
    assert (found.mean, found.low, found.high) == (1.5, 1.5, 1.5)


def test_without_a_gain_there_is_no_inflation() -> None:
    truth = episodes(17.0, noise=1.0, seed=1)
    assert inflation([episodes(24.0)], episodes(18.0), [truth], episodes(17.0), QUICK) is None


def test_inflation_draws_the_same_runs_in_both_worlds() -> None:
    """Each of two runs gains twice as much in the dream: so does every draw of them."""
    dream, truth = ([episodes(17.0 + by * gain) for gain in (1.0, 3.0)] for by in (2.0, 1.0))
    found = inflation(dream, episodes(17.0), truth, episodes(17.0), QUICK)
    assert found is not None
    assert (found.mean, found.low, found.high) == (2.0, 2.0, 2.0)
    # Runs that disagree: the interval knows, though the mean over runs is everywhere 2.
    uneven = [episodes(23.0), episodes(19.0)]
    found = inflation(uneven, episodes(17.0), truth, episodes(17.0), QUICK)
    assert found is not None
    assert found.mean == 2.0 and found.low < 1.0 and found.high > 5.0


def test_rank_correlation_is_of_the_order_alone() -> None:
    truth = {str(i): episodes(float(i)) for i in range(5)}
    dream = {str(i): episodes(float(i) ** 3 + 10.0) for i in range(5)}
    assert rank_correlation(dream, truth, QUICK).mean == pytest.approx(1.0)
    reversed_dream = {str(i): episodes(-float(i)) for i in range(5)}
    assert rank_correlation(reversed_dream, truth, QUICK).mean == pytest.approx(-1.0)
    # One swap of neighbours among five: 1 - 6 * 2 / (5 * 24).
    dream["3"], dream["4"] = dream["4"], dream["3"]
    assert rank_correlation(dream, truth, QUICK).mean == pytest.approx(0.9)
    with pytest.raises(DataError, match="3 policies"):
        rank_correlation({"0": truth["0"]}, truth, QUICK)


def test_a_world_in_which_all_earn_the_same_ranks_nothing() -> None:
    same = {name: episodes(1.0) for name in "abc"}
    apart = {name: episodes(float(k)) for k, name in enumerate("abc")}
    for dream, truth in ((same, apart), (apart, same)):
        assert rank_correlation(dream, truth, QUICK).mean == 0.0


def test_a_comparison_is_plain() -> None:
    truth = {"habit": episodes(17.0), "a": episodes(19.0), "b": episodes(21.0)}
    dream = {"habit": episodes(18.0), "a": episodes(20.0), "b": episodes(24.0)}
    found = compare_worlds(dream, {**truth, "oracle": episodes(25.0)}, QUICK)
    assert found["policies"] == 3
    assert found["median_inflation"] == 1.25
    assert found["inflation"]["b"]["mean"] == 1.5
    json.dumps(found, allow_nan=False)


def test_an_exploit_wins_in_the_dream_and_loses_in_truth() -> None:
    dream = {"cheat": episodes(26.0), "good": episodes(26.0), "modest": episodes(19.0)}
    truth = {"cheat": episodes(15.0), "good": episodes(22.0), "modest": episodes(15.0)}
    finds = judge_finds(
        dream,
        truth,
        dream_habit=episodes(18.0),
        truth_habit=episodes(17.0),
        oracle=episodes(24.0),
        bootstrap=QUICK,
    )
    assert [find.name for find in finds] == ["cheat", "good", "modest"]
    # The modest one gains less than the oracle, and is no less an exploit.
    assert [find.is_exploit for find in finds] == [True, False, True]
    assert finds[0].dream_gain.mean == 8.0 and finds[0].truth_gain.mean == -2.0


def test_a_find_that_may_lose_in_truth_is_an_exploit_only_if_it_surely_wins_in_the_dream() -> None:
    habit = episodes(17.0)
    unsure = episodes(17.3, noise=2.0, seed=3)
    assert unsure.returns.mean() > 17.0

    def judged(dreamt: Episodes) -> bool:
        (find,) = judge_finds(
            {"find": dreamt},
            {"find": unsure},
            dream_habit=habit,
            truth_habit=habit,
            oracle=episodes(24.0),
            bootstrap=QUICK,
        )
        assert find.truth_gain.low < 0.0 < find.truth_gain.mean
        return find.is_exploit

    assert judged(episodes(18.0))
    assert not judged(episodes(16.0))
    assert not judged(episodes(17.1, noise=2.0, seed=4))
