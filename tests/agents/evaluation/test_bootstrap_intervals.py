from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from agents.evaluation.bootstrap_intervals import (
    Bootstrap,
    Interval,
    clustered_interval,
    paired_interval,
    plain_iqm,
)
from human_wm_env.errors import ConfigError, DataError


def test_two_people_by_hand() -> None:
    """Resampling {0, 1} with replacement gives means 0, 1/2, 1 with odds 1 : 2 : 1."""
    values, people = np.array([0.0, 1.0]), np.array(["a", "b"])
    assert clustered_interval(values, people, Bootstrap(0.95)) == Interval(0.5, 0.0, 1.0)
    assert clustered_interval(values, people, Bootstrap(0.4)) == Interval(0.5, 0.5, 0.5)


def test_people_are_drawn_with_all_their_episodes() -> None:
    """Person a has three episodes of 0, b one of 4: the means are 0, 1, 4 as 1 : 2 : 1."""
    values, people = np.array([0.0, 0.0, 4.0, 0.0]), np.array(["a", "a", "b", "a"])
    assert clustered_interval(values, people, Bootstrap(0.95)) == Interval(1.0, 0.0, 4.0)
    assert clustered_interval(values, people, Bootstrap(0.4)) == Interval(1.0, 1.0, 1.0)


def test_one_person_has_nothing_to_resample() -> None:
    found = clustered_interval(np.array([1.0, 2.0]), np.array([7, 7]))
    assert found == Interval(1.5, None, None)
    assert found.plain() == {"mean": 1.5} and str(found) == "1.50"
    assert not found.above_zero and not found.below_zero
    runs = np.array([[1.0, 2.0], [5.0, 6.0]])  # of two seeds: still one person
    assert clustered_interval(runs, np.array([7, 7])) == Interval(3.5, None, None)
    assert plain_iqm(np.array([1.0, 2.0, 3.0]), np.array([7, 7, 7])) == {"mean": 2.0}


def test_many_people_agree_with_the_normal_approximation() -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, 400)
    interval = clustered_interval(values, np.arange(400))
    half = 1.96 * values.std() / 20.0
    assert interval.low == pytest.approx(values.mean() - half, abs=0.02)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.02)


def test_it_agrees_with_scipy_for_one_episode_each() -> None:
    # The ends of 100k resamples scatter by 0.003 between seeds, those of 10k by 0.01.
    values = np.random.default_rng(1).exponential(size=50)
    expected = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=100_000, method="percentile", rng=0
    ).confidence_interval
    interval = clustered_interval(values, np.arange(50), Bootstrap(resamples=100_000))
    assert interval.low == pytest.approx(expected.low, abs=0.015)
    assert interval.high == pytest.approx(expected.high, abs=0.015)


def test_repeated_episodes_do_not_narrow_the_interval() -> None:
    values = np.random.default_rng(2).normal(size=30)
    once = clustered_interval(values, np.arange(30))
    often = clustered_interval(np.repeat(values, 20), np.repeat(np.arange(30), 20))
    assert often.low == pytest.approx(once.low)
    assert often.high == pytest.approx(once.high)


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    rng, covered = np.random.default_rng(3), 0
    people = np.repeat(np.arange(40), 5)
    for repeat in range(300):
        values = rng.normal(size=40)[people] + rng.normal(size=200)
        interval = clustered_interval(values, people, Bootstrap(0.9, 400, repeat))
        covered += interval.low <= 0.0 <= interval.high
    assert 0.84 < covered / 300 < 0.95


def test_a_seed_repeats() -> None:
    values, people = np.random.default_rng(4).normal(size=20), np.arange(20)
    assert clustered_interval(values, people) == clustered_interval(values, people)
    assert clustered_interval(values, people, Bootstrap(seed=1)) != clustered_interval(
        values, people
    )


def test_pairing_removes_what_both_share() -> None:
    rng = np.random.default_rng(5)
    person, people = rng.normal(0.0, 10.0, 30), np.arange(30)
    one, other = person + 1.0 + rng.normal(0, 0.1, 30), person
    paired = paired_interval(one, other, people)
    assert paired.mean == pytest.approx((one - other).mean())
    assert 0.9 < paired.low < paired.high < 1.1
    alone = clustered_interval(one, people)
    assert alone.high - alone.low > 5.0


def test_an_agent_against_itself_is_exactly_zero() -> None:
    values = np.random.default_rng(6).normal(size=9)
    assert paired_interval(values, values, np.arange(9)) == Interval(0.0, 0.0, 0.0)


@pytest.mark.parametrize("settings", [{"confidence": 1.0}, {"confidence": 0.0}, {"resamples": 0}])
def test_settings_are_checked(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="0 < confidence < 1"):
        Bootstrap(**settings)  # type: ignore[arg-type]


def test_values_are_checked() -> None:
    with pytest.raises(DataError, match="one value of"):
        clustered_interval(np.zeros(3), np.zeros(2))
    with pytest.raises(DataError, match="one value of"):
        clustered_interval(np.zeros(0), np.zeros(0))
    with pytest.raises(DataError, match="finite values"):
        clustered_interval(np.array([0.0, np.nan]), np.arange(2))
    with pytest.raises(DataError, match="on the same episodes"):
        paired_interval(np.zeros(3), np.zeros(2), np.arange(3))
