"""Who or what judges a response while it is trained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from human_wm_env.person import schema
from human_wm_env.response.parameters import response_logs
from human_wm_env.response.posterior import collect, first_working_point
from tests.human_wm_env.response import responses
from world_model.training.response import ResponseConfig, first_training, training_rounds
from world_model.training.response_validation import (
    LastDays,
    LastPeople,
    Validation,
    early,
    later_days_score,
    log_likelihood,
)

ROWS, OBSERVED, WEEKDAY = responses.logs(10, 100)
PARAMETERS = responses.parameters(ROWS, OBSERVED)
LOGS = response_logs(PARAMETERS, ROWS, OBSERVED, WEEKDAY)


def test_the_last_people_judge_and_are_not_learned_from() -> None:
    judged = LastPeople(3).split(PARAMETERS, LOGS, first_working_point(LOGS))
    assert len(judged.learned.slopes[0]) == len(judged.logs.rate) == 7
    assert len(judged.known.slopes[0]) == 10
    alone = response_logs(PARAMETERS, ROWS[-3:], OBSERVED[-3:], WEEKDAY[-3:])
    moments = collect(PARAMETERS, alone, first_working_point(alone))
    assert judged.judge(PARAMETERS) == pytest.approx(log_likelihood(PARAMETERS, moments), rel=1e-4)


def test_later_days_judge_given_the_earlier_ones() -> None:
    before = early(LOGS)
    for now, all_days in (
        (before.rate_observed, LOGS.rate_observed),
        (before.mood_observed, LOGS.mood_observed),
    ):
        assert not now[:, 80:].any() and (now <= all_days).all()
        np.testing.assert_array_equal(now[:, :60], all_days[:, :60])
    judged = LastDays().split(PARAMETERS, LOGS, first_working_point(LOGS))
    everything = collect(PARAMETERS, LOGS, first_working_point(LOGS))
    gained = log_likelihood(PARAMETERS, everything) - log_likelihood(PARAMETERS, judged.learned)
    assert judged.judge(PARAMETERS) == pytest.approx(gained)


def test_noise_is_fitted_to_what_is_learned_from_alone() -> None:
    """People and days that judge may say anything: noise and cutpoints stay the same."""
    rows, observed, weekday = responses.logs(8, 90)
    config = ResponseConfig(rate_channels=1, mood_channels=1, rank=2, rounds=1, steps=3)
    start = first_training(rows, observed, config, morning_states=False)

    def noise_after(others: Validation, changed: np.ndarray) -> list[np.ndarray]:
        found = next(training_rounds(changed, observed, weekday, config, start, others)).parameters
        own = [np.array([each.white_variance, *each.sd, *each.persistence]) for each in found.noise]
        return [*own, found.cutpoints]

    other = rows.copy()
    other[-3:, :, schema.HEART_RATE] *= 1.3
    other[-3:, :, schema.MOOD] = 0.0
    late = rows.copy()
    late[:, 80:, schema.HEART_RATE] *= 1.3
    late[:, 80:, schema.MOOD] = 0.0
    for others, changed in ((LastPeople(3), other), (LastDays(), late)):
        before, after = noise_after(others, rows), noise_after(others, changed)
        for one, two in zip(before, after, strict=True):
            np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-5)


def test_later_days_tell_good_parameters_from_bad_ones() -> None:
    """Of noise and cutpoints, too, which the likelihood at one working point cannot compare."""
    fair = later_days_score(PARAMETERS, LOGS)
    assert np.isfinite(fair)
    rate, mood = PARAMETERS.noise
    unsure = replace(PARAMETERS, noise=(replace(rate, white_variance=400.0), mood))
    odd = replace(PARAMETERS, cutpoints=6.0 * PARAMETERS.cutpoints)
    for worse in (unsure, odd):
        assert later_days_score(worse, LOGS) < fair - 1.0


def test_what_made_the_log_is_likelier_than_anything_far_from_it() -> None:
    """Of one working point and noise: the posterior's evidence falls with a wrong mean."""
    moments = collect(PARAMETERS, LOGS, first_working_point(LOGS))
    fair = log_likelihood(PARAMETERS, moments)
    for state in range(2):
        for sign in (-1.0, 1.0):
            shift = [np.zeros_like(each) for each in PARAMETERS.mean]
            shift[state][0] = sign * 20.0
            moved = (PARAMETERS.mean[0] + shift[0], PARAMETERS.mean[1] + shift[1])
            assert log_likelihood(replace(PARAMETERS, mean=moved), moments) < fair
