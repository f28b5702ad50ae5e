"""Scores of effects: numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from world_model.card.interventions import score_effects, share_of_best_choice


def test_perfect_draws_score_perfectly() -> None:
    rng = np.random.default_rng(0)
    true = {"run": np.stack([np.linspace(-3.0, -1.0, 50), np.linspace(0.1, 0.3, 50)])}
    true["run"] = np.repeat(true["run"][..., None], 30, axis=2)
    noise = rng.standard_normal((2, 50, 400, 1)) * 0.01
    rate, mood = score_effects({"run": true["run"][:, :, None] + noise}, true)
    assert rate.ratio == pytest.approx((1.0, 1.0, 1.0), abs=1e-2)
    assert mood.correlation == pytest.approx(1.0, abs=1e-3)
    assert rate.relative_rmse < 0.01
    assert rate.coverage[2] == 1.0
    assert rate.is_individual is True
    same = {"run": np.full((2, 50, 30), 2.0)}
    alike, _ = score_effects({"run": same["run"][:, :, None] + noise}, same)
    assert alike.is_individual is False and alike.relative_rmse is None


def test_everybody_the_mean_has_a_relative_error_of_one_and_no_ratio_without_a_mean() -> None:
    exact = np.repeat(np.linspace(-1.0, 1.0, 20)[None, :, None], 2, axis=0)
    true = {"walk": np.repeat(exact, 30, axis=2)}
    estimated = {"walk": np.zeros((2, 20, 10, 30))}
    rate, _ = score_effects(estimated, true)
    assert rate.relative_rmse == pytest.approx(1.0)
    assert rate.ratio == (None, None, None)
    assert rate.correlation == 0.0
    assert "r of the reference" in rate.as_row()


def test_choosing_by_the_truth_gains_all_of_it_and_by_nothing_none() -> None:
    # Heart rate falls with policy a for half of the people, with b for the others.
    sign = np.where(np.arange(10) < 5, -1.0, 1.0)
    effects = np.zeros((2, 10, 30))
    effects[0] = sign[:, None]
    true = {"a": effects, "b": -effects}
    draws = {name: each[:, :, None] for name, each in true.items()}
    assert share_of_best_choice(draws, true) == pytest.approx(1.0)
    same = {name: np.zeros((2, 10, 1, 30)) for name in true}
    assert share_of_best_choice(same, true) == pytest.approx(0.0)
