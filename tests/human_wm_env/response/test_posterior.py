"""The closed-form posterior against a regression that is written out, and effects against steps."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from human_wm_env.response import parameters, posterior
from human_wm_env.response.basis import WIDTH, daily_basis
from human_wm_env.response.effects import policy_effects
from human_wm_env.response.parameters import CONTEXT_WIDTH, response_logs
from human_wm_env.response.posterior import (
    WorkingPoint,
    collect,
    first_working_point,
    infer,
    solve,
)
from human_wm_env.second_family.effects import REST
from human_wm_env.second_family.simulate import Policy, policy_row
from tests.human_wm_env.response import responses

ROWS, OBSERVED, WEEKDAY = responses.logs(6, 90)
PARAMETERS = responses.parameters(ROWS, OBSERVED)
LOGS = response_logs(PARAMETERS, ROWS, OBSERVED, WEEKDAY)


def test_the_posterior_is_that_of_a_regression_written_out() -> None:
    moments = collect(PARAMETERS, LOGS, first_working_point(LOGS))
    found = solve(PARAMETERS, moments)
    person = 2
    precision, pull = np.eye(responses.RANK + 2), np.zeros(responses.RANK + 2)
    for state in (0, 1):
        loadings = PARAMETERS.spread(state) @ PARAMETERS.personal(state)
        mean = PARAMETERS.spread(state) @ PARAMETERS.mean[state]
        products = moments.products[state][person]
        precision += loadings.T @ products @ loadings
        pull += loadings.T @ (moments.slopes[state][person] - products @ mean)
    np.testing.assert_allclose(found.mean[person], np.linalg.solve(precision, pull), rtol=1e-6)
    np.testing.assert_allclose(found.covariance[person] @ precision, np.eye(5), atol=1e-6)


def test_people_do_not_influence_each_other_and_more_days_say_more() -> None:
    whole = infer(PARAMETERS, LOGS)
    two = slice(1, 3)
    some = response_logs(PARAMETERS, ROWS[two], OBSERVED[two], WEEKDAY[two])
    np.testing.assert_allclose(infer(PARAMETERS, some).mean, whole.mean[two], atol=1e-4)
    short = response_logs(PARAMETERS, ROWS[:, :30], OBSERVED[:, :30], WEEKDAY[:, :30])
    few = np.linalg.slogdet(infer(PARAMETERS, short).covariance)[1]
    assert (few > np.linalg.slogdet(whole.covariance)[1]).all()


def test_draws_have_the_posterior_moments() -> None:
    posterior = infer(PARAMETERS, LOGS)
    draws = posterior.draw(4000, np.random.default_rng(1))
    np.testing.assert_allclose(draws.mean(axis=1), posterior.mean, atol=0.1)
    spread = draws - draws.mean(axis=1, keepdims=True)
    found = np.einsum("pdi,pdj->pij", spread, spread) / draws.shape[1]
    np.testing.assert_allclose(found, posterior.covariance, atol=0.12)


def test_effects_are_what_stepping_the_memory_gives() -> None:
    days, latents = 12, infer(PARAMETERS, LOGS).mean[:, None]
    policy, rest = policy_row(Policy(sleep_hours=8.5, workout="Running")), policy_row(REST)
    found = policy_effects(PARAMETERS, LOGS, latents, policy, rest, days)
    change = (daily_basis(policy[None])[0] - daily_basis(rest[None])[0]) / PARAMETERS.actions.sd
    decay = np.exp(-1.0 / PARAMETERS.tau_days)[:, None]
    memory, rates = np.zeros((2, WIDTH)), []
    own = PARAMETERS.coefficients(0, latents[:, 0])[:, CONTEXT_WIDTH:].reshape(6, 2, WIDTH)
    for _ in range(days):
        memory = decay * memory + (1.0 - decay) * change
        rates.append(PARAMETERS.rate_scale * np.einsum("pkw,kw->p", own, memory))
    np.testing.assert_allclose(found[0, :, 0], np.stack(rates, axis=1), rtol=1e-6, atol=1e-9)
    nothing = policy_effects(PARAMETERS, LOGS, latents, rest, rest, days)
    assert not nothing.any()


def test_habit_moves_nothing_away_from_what_is_usual() -> None:
    """Over rest it is minus what rest does to people whose days deviate from their mean by it."""
    days, latents = 12, infer(PARAMETERS, LOGS).mean[:, None]
    rest = policy_row(REST)
    found = policy_effects(PARAMETERS, LOGS, latents, None, rest, days)
    apart = (LOGS.own_mean - daily_basis(rest[None])) / PARAMETERS.actions.sd
    arrived = 1.0 - np.exp(-np.arange(1, days + 1)[:, None] / PARAMETERS.tau_days)
    own = PARAMETERS.coefficients(0, latents[:, 0])[:, CONTEXT_WIDTH:].reshape(6, 2, WIDTH)
    wanted = PARAMETERS.rate_scale * np.einsum("pkw,dk,pw->pd", own, arrived, apart)
    np.testing.assert_allclose(found[0, :, 0], wanted, rtol=1e-6, atol=1e-9)


def test_many_people_are_laid_out_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    before = np.arange(90) < np.arange(30, 90, 10)[:, None]
    whole = response_logs(PARAMETERS, ROWS, OBSERVED, WEEKDAY, before)
    point = WorkingPoint(np.random.default_rng(0).standard_normal(whole.rate.shape))
    moments = collect(PARAMETERS, whole, point)
    for module in (parameters, posterior):
        monkeypatch.setattr(module, "MANY_PEOPLE", 3)
        monkeypatch.setattr(module, "PEOPLE_TOGETHER", 4)
    parts = response_logs(PARAMETERS, ROWS, OBSERVED, WEEKDAY, before)
    for field in dataclasses.fields(whole):
        one, other = getattr(parts, field.name), getattr(whole, field.name)
        assert (one is None) == (other is None)
        if other is not None:
            assert one.dtype == other.dtype
            np.testing.assert_allclose(one, other, atol=1e-12, err_msg=field.name)
    collected = collect(PARAMETERS, whole, point)
    for field in dataclasses.fields(moments):
        for one, other in zip(
            getattr(collected, field.name), getattr(moments, field.name), strict=True
        ):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-4, err_msg=field.name)
