"""How a response is judged on what it does not learn from: other people, or later days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np

from human_wm_env.response.moment_matching import match_moments
from human_wm_env.response.noise import whiten
from human_wm_env.response.parameters import STATES, ResponseLogs, ResponseParameters
from human_wm_env.response.posterior import LogMoments, WorkingPoint, collect, infer, solve

EARLY_SHARE = 0.8  # of each log, where its later days judge


class Judged(NamedTuple):
    """Moments of logs at one noise and one working point.

    Attributes:
        known: of what each person's posterior may know.
        learned: of what is learned from.
        logs: what is learned from, the first people of all.
        judge: from parameters to nats a person of what is not.
    """

    known: LogMoments
    learned: LogMoments
    logs: ResponseLogs
    judge: Callable[[ResponseParameters], float]


class Validation(Protocol):
    """Says what is learned from, and what judges."""

    def split(
        self, parameters: ResponseParameters, logs: ResponseLogs, point: WorkingPoint
    ) -> Judged:
        """Return both sides of logs."""
        ...


@dataclass(frozen=True)
class LastPeople:
    """The last people judge; `count` of them, at least one."""

    count: int

    def split(
        self, parameters: ResponseParameters, logs: ResponseLogs, point: WorkingPoint
    ) -> Judged:
        """See `Validation`."""
        everything = collect(parameters, logs, point)
        others = _of_people(everything, slice(-self.count, None))
        return Judged(
            everything,
            _of_people(everything, slice(None, -self.count)),
            logs[: -self.count],
            lambda tried: log_likelihood(tried, others),
        )


@dataclass(frozen=True)
class LastDays:
    """The later days of all people judge, given the earlier ones: for too few people."""

    def split(
        self, parameters: ResponseParameters, logs: ResponseLogs, point: WorkingPoint
    ) -> Judged:
        """See `Validation`."""
        everything = collect(parameters, logs, point)
        before = early(logs)
        learned = collect(parameters, before, point)
        return Judged(
            learned,
            learned,
            before,
            lambda tried: log_likelihood(tried, everything) - log_likelihood(tried, learned),
        )


def early(logs: ResponseLogs) -> ResponseLogs:
    """Return the logs without the states of their later days."""
    day = np.arange(logs.rate.shape[1])
    logged = np.where(logs.rate_observed | logs.mood_observed, day + 1, 0).max(axis=1)
    before = day < (EARLY_SHARE * logged)[:, None]
    return replace(
        logs,
        rate_observed=logs.rate_observed & before,
        mood_observed=logs.mood_observed & before,
    )


def _of_people(moments: LogMoments, people: slice) -> LogMoments:
    return LogMoments(
        tuple(each[people] for each in moments.products),
        tuple(each[people] for each in moments.slopes),
        tuple(each[people] for each in moments.squares),
        tuple(each[people] for each in moments.log_variances),
    )


def log_likelihood(parameters: ResponseParameters, moments: LogMoments) -> float:
    """Return the mean log marginal likelihood of people, nats, up to a constant."""
    posterior = solve(parameters, moments)
    _, log_determinant = np.linalg.slogdet(posterior.covariance)
    precision = np.linalg.inv(posterior.covariance)
    explained = np.einsum("pi,pij,pj->p", posterior.mean, precision, posterior.mean)
    total = 0.5 * (log_determinant + explained)
    for state in range(len(STATES)):
        expected = parameters.spread(state) @ parameters.mean[state]
        fitted = np.einsum("w,pwv,v->p", expected, moments.products[state], expected, optimize=True)
        rest = moments.squares[state] - 2.0 * moments.slopes[state] @ expected + fitted
        total = total - 0.5 * (rest + moments.log_variances[state])
    return float(total.mean())


def later_days_score(parameters: ResponseParameters, logs: ResponseLogs) -> float:
    """Return how likely later days are, one day ahead, given a posterior from the earlier ones.

    Unlike `log_likelihood` it compares parameters of different noise and cutpoints. Posterior
    means stand for the posteriors.

    Args:
        parameters: of the population.
        logs: made with the fillings, time constants and scale of these parameters.

    Returns:
        Nats a person, up to a constant.
    """
    before = early(logs)
    latents = infer(parameters, before).mean
    rate, mood = (
        np.einsum("pdw,pw->pd", logs.columns, parameters.coefficients(state, latents))
        for state in range(len(STATES))
    )
    rate_noise, mood_noise = parameters.noise
    white = np.full(rate.shape, rate_noise.white_variance)
    left = (logs.rate - rate)[..., None].astype(np.float32)
    total = np.zeros(len(rate))
    for sign, observed in ((1.0, logs.rate_observed), (-1.0, before.rate_observed)):
        found = whiten(left, observed, white, rate_noise)
        squares = np.square(found.columns[..., 0], dtype=np.float64).sum(axis=1)
        total -= sign * 0.5 * (squares + found.log_variance)
    likely = match_moments(
        mood, logs.level, logs.mood_observed, mood_noise, parameters.cutpoints, logs.evidence
    )
    total += (likely.log_likelihood * (logs.mood_observed & ~before.mood_observed)).sum(axis=1)
    return float(total.mean())
