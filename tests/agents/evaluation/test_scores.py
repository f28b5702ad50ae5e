from __future__ import annotations

import numpy as np
import pytest

from agents.evaluation.bootstrap_intervals import (
    Bootstrap,
    clustered_interval,
    interquartile_mean,
    plain_iqm,
    statistic_interval,
    stratified_iqm_interval,
)
from agents.evaluation.scores import (
    headroom,
    normalised_score,
    regret_of_people,
    score_difference,
    score_ratio,
)
from agents.rollout import Episodes
from human_wm_env.errors import DataError

PEOPLE = np.array(["a", "a", "b", "b"])
HABIT = np.array([1.0, 1.0, 2.0, 2.0])
ORACLE = HABIT + np.array([2.0, 2.0, 4.0, 4.0])


def test_scores_by_hand() -> None:
    half = (HABIT + ORACLE) / 2
    assert normalised_score(half, HABIT, ORACLE, PEOPLE).mean == 50.0
    assert normalised_score(HABIT, HABIT, ORACLE, PEOPLE).high == 0.0
    # Gains 1 and 1 of the oracle's 2 and 4: a ratio of means, not a mean of ratios.
    score = normalised_score(HABIT + 1.0, HABIT, ORACLE, PEOPLE)
    assert score.mean == pytest.approx(100 / 3)
    assert (score.low, score.high) == pytest.approx((25.0, 50.0))
    assert headroom(half, HABIT, ORACLE, PEOPLE).mean == 0.5
    assert score_ratio(half, ORACLE, HABIT, PEOPLE).mean == 0.5


def test_runs_are_resampled_too() -> None:
    one_run = normalised_score(HABIT + 1.0, HABIT, ORACLE, PEOPLE)
    apart = np.stack([HABIT, HABIT + 2.0])  # the same mean, but two seeds that disagree
    two_runs = normalised_score(apart, HABIT, ORACLE, PEOPLE)
    assert two_runs.mean == pytest.approx(one_run.mean)
    assert two_runs.low < one_run.low and two_runs.high > one_run.high


def test_a_mean_over_runs_that_disagree_is_less_sure() -> None:
    sure = clustered_interval(np.stack([HABIT, HABIT]), PEOPLE)
    unsure = clustered_interval(np.stack([HABIT - 3.0, HABIT + 3.0]), PEOPLE)
    assert sure == clustered_interval(HABIT, PEOPLE)
    assert unsure.mean == sure.mean and unsure.low < sure.low and unsure.high > sure.high


def test_a_difference_of_scores_is_paired() -> None:
    half = (HABIT + ORACLE) / 2
    noise = np.array([5.0, -5.0, 3.0, 8.0])  # what both share does not count
    found = score_difference(half + noise, HABIT + noise, HABIT, ORACLE, PEOPLE)
    assert (found.mean, found.low, found.high) == pytest.approx((50.0, 50.0, 50.0))
    # Runs of one side that disagree: scores 0 and 100 against 0.
    runs = np.stack([HABIT, ORACLE])
    found = score_difference(runs, HABIT, HABIT, ORACLE, PEOPLE)
    assert (found.mean, found.low, found.high) == pytest.approx((50.0, 0.0, 100.0))


def test_a_plain_mean_agrees_with_the_clustered_interval() -> None:
    rng = np.random.default_rng(0)
    people, values = rng.integers(0, 20, 100), rng.normal(size=100)
    one = statistic_interval({"x": values}, people, lambda m: m["x"])
    other = clustered_interval(values, people)
    assert one.mean == pytest.approx(other.mean)
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=0.02)


def test_shapes_and_values_are_checked() -> None:
    with pytest.raises(DataError, match="4 episodes"):
        normalised_score(np.zeros(3), HABIT, ORACLE, PEOPLE)
    with pytest.raises(DataError, match="'agent'"):
        normalised_score(HABIT * np.nan, HABIT, ORACLE, PEOPLE)


def test_the_interquartile_mean_by_hand() -> None:
    assert interquartile_mean(np.array([-100.0, 1.0, 2.0, 100.0])) == 1.5
    values = np.array([0.0, 4.0, 10.0, 14.0])
    # Two strata: the middle two are one of each side, whatever is drawn.
    found = stratified_iqm_interval(values, PEOPLE, Bootstrap(0.95, 500))
    assert found is not None
    assert found.mean == 7.0
    assert 0.0 <= found.low < 7.0 < found.high <= 14.0
    same = stratified_iqm_interval(np.array([1.0, 1.0, 3.0, 3.0]), PEOPLE)
    assert same is not None
    assert (same.low, same.high) == (2.0, 2.0)


def test_with_one_value_a_stratum_the_interquartile_mean_has_no_interval() -> None:
    values, alone = np.array([1.0, 2.0, 4.0, 9.0]), np.arange(4)
    assert stratified_iqm_interval(values, alone) is None
    assert plain_iqm(values, alone) == {"mean": 3.0}
    assert set(plain_iqm(values, PEOPLE)) == {"mean", "low", "high"}


def test_regret_by_person() -> None:
    def episodes(returns: np.ndarray) -> Episodes:
        count = len(returns)
        return Episodes(PEOPLE, np.arange(count), returns, np.full(count, 30), {}, np.zeros(count))

    regret = regret_of_people(episodes(HABIT), episodes(ORACLE))
    assert regret["by_person"] == {"a": 2.0, "b": 4.0}
    assert (regret["mean"], regret["median"], regret["large"]) == (3.0, 3.0, 3.8)
