"""The exact posterior of a person's response, from one pass over their log."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from human_wm_env.response.moment_matching import match_moments
from human_wm_env.response.noise import StateNoise, Whitened, whiten
from human_wm_env.response.parameters import (
    MANY_PEOPLE,
    PEOPLE_TOGETHER,
    STATES,
    ResponseLogs,
    ResponseParameters,
)

SCORING_PASSES = 4


@dataclass(frozen=True)
class LogMoments:
    """Second moments of whitened logs: all that a posterior and its training need of them.

    Attributes:
        products: for each state float64 (people, width, width), X'X.
        slopes: for each state float64 (people, width), X'y.
        squares: for each state float64 (people,), y'y.
        log_variances: for each state float64 (people,).
    """

    products: tuple[np.ndarray, ...]
    slopes: tuple[np.ndarray, ...]
    squares: tuple[np.ndarray, ...]
    log_variances: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class ResponsePosterior:
    """A normal posterior over z of each person.

    Attributes:
        mean: float64 (people, rank + 2).
        covariance: float64 (people, rank + 2, rank + 2).
    """

    mean: np.ndarray
    covariance: np.ndarray

    def draw(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Draw latents, float64 (people, draws, rank + 2)."""
        root = np.linalg.cholesky(self.covariance)
        normal = rng.standard_normal((len(self.mean), draws, self.mean.shape[1]))
        return np.asarray(self.mean[:, None] + normal @ root.transpose(0, 2, 1))


def solve(parameters: ResponseParameters, moments: LogMoments) -> ResponsePosterior:
    """Return the posterior of every person in closed form."""
    size = parameters.rank + len(STATES)
    people = len(moments.slopes[0])
    precision = np.tile(np.eye(size), (people, 1, 1))
    pull = np.zeros((people, size))
    for state in range(len(STATES)):
        spread = parameters.spread(state)
        loadings = spread @ parameters.personal(state)
        precision += loadings.T @ (moments.products[state] @ loadings)
        expected = moments.products[state] @ (spread @ parameters.mean[state])
        pull += (moments.slopes[state] - expected) @ loadings
    covariance = np.linalg.inv(precision)
    mean = np.einsum("pij,pj->pi", covariance, pull)
    return ResponsePosterior(mean, 0.5 * (covariance + covariance.transpose(0, 2, 1)))


@dataclass(frozen=True)
class WorkingPoint:
    """Where the mood's likelihood is approximated.

    Attributes:
        mean: float64 (people, days), of the regression.
    """

    mean: np.ndarray


def first_working_point(logs: ResponseLogs) -> WorkingPoint:
    """Return the working point of people nothing is known of."""
    return WorkingPoint(np.zeros(logs.level.shape))


def collect(parameters: ResponseParameters, logs: ResponseLogs, point: WorkingPoint) -> LogMoments:
    """Whiten the logs, and sum their products over the days, a few people at a time if many."""
    people, width = logs.rate.shape[0], logs.columns.shape[2]
    if people <= MANY_PEOPLE:
        return _collect(parameters, logs, point)
    shapes = (people, width, width), (people, width), (people,), (people,)
    found = LogMoments(*(tuple(np.empty(shape) for _ in STATES) for shape in shapes))
    for first in range(0, people, PEOPLE_TOGETHER):
        part = slice(first, first + PEOPLE_TOGETHER)
        few = _collect(parameters, logs[part], WorkingPoint(point.mean[part]))
        for name in (each.name for each in fields(found)):
            for whole, own in zip(getattr(found, name), getattr(few, name), strict=True):
                whole[part] = own
    return found


def _collect(parameters: ResponseParameters, logs: ResponseLogs, point: WorkingPoint) -> LogMoments:
    parts = [_moments(_whitened_rate(parameters, logs)), _moments(_mood(parameters, logs, point))]
    products, slopes, squares, log_variances = zip(*parts, strict=True)
    return LogMoments(products, slopes, squares, log_variances)


def _whitened_rate(parameters: ResponseParameters, logs: ResponseLogs) -> Whitened:
    noise = parameters.noise[0]
    variance = np.full(logs.rate.shape, noise.white_variance)
    return _whiten(logs, logs.rate, logs.rate_observed, variance, noise)


def _mood(parameters: ResponseParameters, logs: ResponseLogs, point: WorkingPoint) -> Whitened:
    noise = parameters.noise[1]
    at = match_moments(
        point.mean, logs.level, logs.mood_observed, noise, parameters.cutpoints, logs.evidence
    )
    return _whiten(logs, at.response, logs.mood_observed, at.variance, noise)


def _whiten(
    logs: ResponseLogs,
    response: np.ndarray,
    observed: np.ndarray,
    variance: np.ndarray,
    noise: StateNoise,
) -> Whitened:
    columns = np.concatenate([logs.columns, response[..., None].astype(np.float32)], axis=-1)
    return whiten(columns, observed, variance, noise)


def _moments(whitened: Whitened) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    columns = whitened.columns
    products = (columns.transpose(0, 2, 1) @ columns).astype(np.float64)
    inner = products[:, :-1, :-1]
    return inner, products[:, :-1, -1], products[:, -1, -1], whitened.log_variance


def working_point(
    parameters: ResponseParameters, logs: ResponseLogs, posterior: ResponsePosterior
) -> WorkingPoint:
    """Return the working point at a posterior's mean."""
    own = parameters.coefficients(1, posterior.mean).astype(np.float32)
    return WorkingPoint(np.einsum("pdw,pw->pd", logs.columns, own).astype(np.float64))


def infer(parameters: ResponseParameters, logs: ResponseLogs) -> ResponsePosterior:
    """Return every person's posterior: no gradient steps, a few passes for the ordinal mood."""
    point = first_working_point(logs)
    posterior = solve(parameters, collect(parameters, logs, point))
    for _ in range(SCORING_PASSES - 1):
        point = working_point(parameters, logs, posterior)
        posterior = solve(parameters, collect(parameters, logs, point))
    return posterior
