"""Single people's posteriors are those of `posterior.infer`, for whole logs and beginnings."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from human_wm_env.person import schema
from human_wm_env.person.history import History
from human_wm_env.response.inference import ResponseInference
from human_wm_env.response.parameters import ResponseParameters, response_logs
from human_wm_env.response.posterior import (
    infer,
)
from tests.human_wm_env.response import responses

DAYS = 90
ROWS, OBSERVED, WEEKDAY = responses.logs(5, DAYS)
EVENING = responses.parameters(ROWS, OBSERVED)
MORNING = replace(EVENING, morning_states=True)
DAY_APART = replace(EVENING, tau_days=np.array([0.0, *EVENING.tau_days[1:]]))
MORNING_APART = replace(DAY_APART, morning_states=True)
KINDS = pytest.mark.parametrize(
    "parameters",
    [EVENING, MORNING, DAY_APART, MORNING_APART],
    ids=["evening", "morning", "day apart", "morning, day apart"],
)


def histories(days: int = DAYS) -> list[History]:
    weekday = WEEKDAY.astype(np.int8)
    return [History(ROWS[p, :days], OBSERVED[p, :days], weekday[p, :days]) for p in range(5)]


@KINDS
def test_posteriors_are_the_exact_ones(parameters: ResponseParameters) -> None:
    logs = response_logs(parameters, ROWS, OBSERVED, WEEKDAY)
    wanted = infer(parameters, logs)
    found = ResponseInference(parameters)(histories())
    np.testing.assert_allclose(found.mean, wanted.mean, rtol=1e-5, atol=1e-5)
    covariance = found.root.astype(float) @ found.root.transpose(0, 2, 1)
    np.testing.assert_allclose(covariance, wanted.covariance, rtol=1e-5, atol=1e-5)


@KINDS
def test_what_is_carried_is_what_the_batch_carries(parameters: ResponseParameters) -> None:
    logs = response_logs(parameters, ROWS, OBSERVED, WEEKDAY)
    posterior = infer(parameters, logs)
    weather = np.where(OBSERVED[:, -1, schema.WEATHER], ROWS[:, -1, schema.WEATHER], -1)
    wanted = responses.carried_after(parameters, logs, posterior, weather.astype(int))
    found = ResponseInference(parameters)(histories()).carried
    for each in fields(found):
        one, other = getattr(found, each.name), getattr(wanted, each.name)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-5, err_msg=each.name)


def test_a_beginning_knows_nothing_of_later_days() -> None:
    inference, lengths = ResponseInference(EVENING), np.array([1, 28, 63, DAYS])
    whole = inference.of_beginnings(histories()[2], lengths)
    for place, length in enumerate(lengths.tolist()):
        alone = inference([histories(length)[2]])
        np.testing.assert_allclose(whole.mean[[place]], alone.mean, atol=1e-6)
        np.testing.assert_allclose(whole.root[[place]], alone.root, atol=1e-6)
        np.testing.assert_allclose(whole.carried.noise[[place]], alone.carried.noise, atol=1e-6)


def test_a_day_of_which_nothing_is_known_leaves_the_prior() -> None:
    nothing = np.zeros((1, schema.FEATURE_COUNT))
    history = History.from_arrays(nothing, nothing.astype(bool))
    found = ResponseInference(EVENING)([history])
    assert not found.mean.any()
    np.testing.assert_array_equal(found.root[0], np.eye(responses.RANK + 2))
    assert found.carried.weather.tolist() == [-1]


def test_a_person_whose_noise_is_larger_has_a_larger_scale_and_a_wider_posterior() -> None:
    """Heart rates are drawn from the response itself, with 1.6 times the noise."""
    rng, size = np.random.default_rng(8), EVENING.rank + 2
    logs = response_logs(EVENING, ROWS, OBSERVED, WEEKDAY)
    noise = EVENING.noise[0]
    slow = noise.sd[:, None] * rng.standard_normal((2, 5))
    own = np.empty((5, DAYS))
    for day in range(DAYS):
        new = (noise.sd * np.sqrt(1.0 - noise.persistence**2))[:, None]
        slow = noise.persistence[:, None] * slow + new * rng.standard_normal((2, 5))
        own[:, day] = slow.sum(axis=0) + np.sqrt(noise.white_variance) * rng.standard_normal(5)
    expected = np.einsum("pdw,w->pd", logs.columns, EVENING.coefficients(0, np.zeros(size)))
    found = []
    for scale in (1.0, 1.6):
        rows = ROWS.copy()
        rate = EVENING.rate_centre + EVENING.rate_scale * (expected + scale * own)
        rows[..., schema.HEART_RATE] = rate
        weekday = WEEKDAY.astype(np.int8)
        people = [History(rows[p], OBSERVED[p], weekday[p]) for p in range(5)]
        alike = ResponseInference(EVENING)(people)
        personal = ResponseInference(replace(EVENING, noise_degrees=4.0))(people)
        np.testing.assert_array_equal(alike.carried.noise_scale, 1.0)
        np.testing.assert_array_equal(personal.carried.noise_scale[:, 1], 1.0)
        found.append((personal.carried.noise_scale[:, 0].mean(), alike.root, personal.root))
    (usual, _, _), (large, alone, wide) = found
    assert usual == pytest.approx(1.0, abs=0.12)
    assert large == pytest.approx(1.6, rel=0.12)
    assert np.trace(wide @ wide.transpose(0, 2, 1), axis1=1, axis2=2).mean() > np.mean(
        np.trace(alone @ alone.transpose(0, 2, 1), axis1=1, axis2=2)
    )
