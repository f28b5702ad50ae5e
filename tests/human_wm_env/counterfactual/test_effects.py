"""Noise is taken out of the effects, doubt about the person stays."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.counterfactual.effects import effect_draws, share_removed, summarise
from human_wm_env.counterfactual.pairs import OUTCOMES, Days, Pairs

DRAWS, REPEATS, DAYS = 2000, 5, 4


def pairs_with(person_sd: float, noise_sd: float) -> Pairs:
    """Effects of 2 +- person_sd, with noise of each day and future."""
    rng = np.random.default_rng(0)
    shape = (DRAWS, REPEATS, DAYS, len(OUTCOMES))
    person = rng.normal(2.0, person_sd, (DRAWS, 1, 1, 1))
    outcomes = (person + rng.normal(0.0, noise_sd, shape)).astype(np.float32)
    flat = outcomes.reshape(-1, DAYS, len(OUTCOMES))
    nothing = np.zeros((len(flat), DAYS), dtype=np.float32)
    habit = Days(nothing, np.zeros_like(flat), nothing)
    return Pairs(habit, Days(nothing, flat, nothing), np.arange(DAYS), REPEATS)


def test_intervals_are_those_of_the_person_whatever_the_noise() -> None:
    found = effect_draws(pairs_with(person_sd=0.5, noise_sd=2.0))
    for effect in (summarise(found.average[:, 0]), summarise(found.by_day[:, 2, 0])):
        assert effect.mean == pytest.approx(2.0, abs=0.08)
        low, high = effect.intervals["90%"]
        assert high - low == pytest.approx(2 * 1.645 * 0.5, rel=0.15)
    assert found.variance[0] == pytest.approx(0.25, rel=0.15)


def test_noise_alone_leaves_the_error_of_the_mean() -> None:
    found = effect_draws(pairs_with(person_sd=0.0, noise_sd=2.0))
    error = 2.0 / np.sqrt(DRAWS * REPEATS * DAYS)
    assert abs(found.variance).max() < 0.02
    assert found.average.std(axis=0).min() >= 0.9 * error
    assert np.median(found.average.std(axis=0)) < 4.0 * error


def test_what_never_differs_has_no_interval() -> None:
    found = effect_draws(pairs_with(person_sd=0.0, noise_sd=0.0))
    assert summarise(found.average[:, 0]).intervals["80%"] == (2.0, 2.0)


def test_summary_by_hand() -> None:
    effect = summarise(np.linspace(-1.0, 3.0, 401))
    assert effect.mean == pytest.approx(1.0)
    assert effect.intervals["50%"] == pytest.approx((0.0, 2.0))
    assert effect.intervals["80%"] == pytest.approx((-0.6, 2.6))
    assert effect.intervals["90%"] == pytest.approx((-0.8, 2.8))
    assert effect.probability_above_zero == pytest.approx(300.5 / 401)
    assert summarise(np.zeros(3)).probability_above_zero == 0.5


def test_share_removed_by_the_log() -> None:
    assert share_removed(0.25, 1.0) == 0.75
    assert share_removed(-0.01, 1.0) == 1.0
    assert share_removed(1.5, 1.0) == -0.5
    assert share_removed(0.1, 0.0) is None
