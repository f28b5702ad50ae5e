from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.errors import DataError
from world_model.card.intervals import mean_interval, mean_of_ratios, ratio_interval


def test_people_are_resampled_whole() -> None:
    """Two people of constant cells: a resample is all 0, half, or all 1."""
    values, people = np.repeat([0.0, 1.0], 50), np.repeat([3, 8], 50)
    found = mean_interval(values, people)
    assert (found.mean, found.low, found.high) == (0.5, 0.0, 1.0)


def test_the_interval_covers_the_mean_of_the_population() -> None:
    """95% of intervals should; a person's cells share a level."""
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(60), 4)
    hits = 0
    for trial in range(100):
        values = np.repeat(rng.standard_normal(60), 4) + 0.5 * rng.standard_normal(240)
        found = mean_interval(values, people, seed=trial)
        assert found.low is not None and found.high is not None
        hits += found.low <= 0.0 <= found.high
    assert 88 <= hits <= 100


def test_a_ratio_of_sums() -> None:
    values, reference = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
    found = ratio_interval(values, reference, np.arange(3))
    np.testing.assert_allclose([found.mean, found.low, found.high], 0.5)


@pytest.mark.parametrize(
    "values", [np.zeros(0), np.zeros((2, 2)), np.array([1.0]), np.array([1.0, np.nan])]
)
def test_what_cannot_be_averaged(values: np.ndarray) -> None:
    with pytest.raises(DataError):
        mean_interval(values, np.arange(2) if len(values) else np.zeros(0))


def test_the_mean_of_ratios_draws_people_for_all_of_them() -> None:
    people = np.arange(20)
    noise = np.random.default_rng(0).standard_normal(20)
    plus, minus = (noise, np.ones(20), people), (-noise, np.ones(20), people)
    both = mean_of_ratios([plus, minus])
    assert both.mean == pytest.approx(0.0)
    assert (both.low, both.high) == (pytest.approx(0.0), pytest.approx(0.0))
    alone = mean_of_ratios([plus])
    assert (alone.mean, alone.low) == pytest.approx(
        (noise.mean(), mean_interval(noise, people).low)
    )


def test_one_person_has_no_interval() -> None:
    found = mean_interval(np.array([1.0, 3.0]), np.array([4, 4]))
    assert (found.mean, found.low, found.high, found.below_zero) == (2.0, None, None, False)


def test_below_zero() -> None:
    assert mean_interval(np.array([-1.0, -2.0]), np.arange(2)).below_zero
    assert not mean_interval(np.array([-1.0, 2.0]), np.arange(2)).below_zero


def test_ratios_of_different_people() -> None:
    first = (np.array([1.0, 3.0]), np.array([2.0, 2.0]), np.array([0, 1]))
    second = (np.array([5.0]), np.array([1.0]), np.array([7]))
    found = mean_of_ratios([first, second])
    assert found.mean == pytest.approx((1.0 + 5.0) / 2.0)
    assert found.low == pytest.approx((0.5 + 5.0) / 2.0)
