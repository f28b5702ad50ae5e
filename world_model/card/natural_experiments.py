"""Natural experiments: did states move on a person's unusual days as the response foretells?

Nobody knows what a person's state would have been without a run. But days differ within a person,
and a response that was inferred from earlier days says by how much each later day's state should
differ. The slope of what was observed on what was predicted is 1 where effects are right, 0 where
nothing of them is there. People choose their days, so that a slope of 1 does not prove a cause;
a slope of 0 disproves the effects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema
from human_wm_env.response.moment_matching import match_moments
from human_wm_env.response.noise import StateNoise, whiten
from human_wm_env.response.parameters import (
    CONTEXT_WIDTH,
    STATES,
    ResponseLogs,
    ResponseParameters,
    response_logs,
)
from human_wm_env.response.posterior import ResponsePosterior, infer
from world_model.card.intervals import Interval, ratio_interval

UNUSUAL_SHARE = 0.25  # of a person's held-out days, those with the largest predicted change
FEWEST_DAYS = 100  # with less a slope says nothing
#: of held-out days: with less there are no other weeks to move predictions to
FEWEST_WEEKS = 4
SHIFTS = 200
_WEEK = schema.DAYS_PER_WEEK


@dataclass(frozen=True)
class NaturalExperiment:
    """What unusual held-out days of people showed about one state.

    Attributes:
        state: its name.
        people, days: how many people and days were compared.
        slope: observed change over the predicted one, with an interval over people.
        null: the middle 95% of slopes if each person's predictions are moved by whole weeks: what
            chance alone gives.
        predicted_sd: standard deviation of the predicted changes, of the state's own noise.
    """

    state: str
    people: int
    days: int
    slope: Interval
    null: tuple[float, float]
    predicted_sd: float


@dataclass(frozen=True)
class NotTested:
    """A state whose effects no unusual day could test.

    Attributes:
        state: its name.
        days: unusual days with the state observed: fewer than `FEWEST_DAYS`, or within fewer weeks
            than `FEWEST_WEEKS`.
    """

    state: str
    days: int


def natural_experiments(
    parameters: ResponseParameters,
    dataset: LogDataset,
    users: np.ndarray,
    held_out_days: int,
    seed: int = 0,
) -> list[NaturalExperiment | NotTested]:
    """Compare predicted and observed changes on the last days of logs, state by state.

    Args:
        parameters: of the response.
        dataset: the logs.
        users: int (people,), whose.
        held_out_days: of each log; its posterior knows the days before them only.
        seed: of the shifts.
    """
    rows, observed = dataset.rows[users], dataset.observed[users]
    weekday = dataset.weekday[users].astype(int)
    first = dataset.days_logged[users] - held_out_days
    day = np.arange(dataset.days)
    early = day < first[:, None]
    known = observed & early[..., None]
    posterior = infer(parameters, response_logs(parameters, rows, known, weekday))
    logs = response_logs(parameters, rows, observed, weekday, early)
    late = ~early & (day < dataset.days_logged[users, None])
    rng = np.random.default_rng(np.random.SeedSequence([seed, 47]))
    return [_experiment(parameters, logs, posterior, late, state, rng) for state in (0, 1)]


def _experiment(
    parameters: ResponseParameters,
    logs: ResponseLogs,
    posterior: ResponsePosterior,
    late: np.ndarray,
    state: int,
    rng: np.random.Generator,
) -> NaturalExperiment | NotTested:
    predicted, left, seen = _whitened(parameters, logs, posterior, state)
    unusual = _unusual(np.abs(predicted), late & seen)
    name = schema.FEATURE_NAMES[STATES[state]]
    too_few = unusual.sum() < FEWEST_DAYS or len(np.unique(np.nonzero(unusual)[0])) < 2
    if too_few or late.sum(axis=1).max() < FEWEST_WEEKS * _WEEK:
        return NotTested(name, int(unusual.sum()))
    person, _ = np.nonzero(unusual)
    change, found = predicted[unusual], left[unusual]
    slope = ratio_interval(found * change, change**2, person)
    null = [_slope(_shifted(predicted, late, rng), left, late & seen) for _ in range(SHIFTS)]
    low, high = np.quantile(null, [0.025, 0.975])
    return NaturalExperiment(
        state=name,
        people=len(np.unique(person)),
        days=int(unusual.sum()),
        slope=slope,
        null=(float(low), float(high)),
        predicted_sd=float(np.sqrt((change**2).mean())),
    )


def _whitened(
    parameters: ResponseParameters,
    logs: ResponseLogs,
    posterior: ResponsePosterior,
    state: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what actions should change, what was left to change, and where both are known.

    Both are innovations over their standard deviation, float64 (people, days): what a day brings
    beyond what the days before foretold.
    """
    own = parameters.coefficients(state, posterior.mean)
    context = np.einsum("pdw,pw->pd", logs.columns[..., :CONTEXT_WIDTH], own[:, :CONTEXT_WIDTH])
    change = np.einsum("pdw,pw->pd", logs.columns[..., CONTEXT_WIDTH:], own[:, CONTEXT_WIDTH:])
    noise: StateNoise = parameters.noise[state]
    if state == 0:
        response, seen = logs.rate, logs.rate_observed
        variance = np.full(response.shape, noise.white_variance)
    else:
        latent, seen = context + change, logs.mood_observed
        at = match_moments(latent, logs.level, seen, noise, parameters.cutpoints, logs.evidence)
        response, variance = at.response, at.variance
    columns = np.stack([change, response - context], axis=-1).astype(np.float32)
    white = whiten(columns, seen, variance, noise).columns.astype(np.float64)
    return white[..., 0], white[..., 1], seen


def _unusual(size: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Return each person's days with the largest predicted changes, bool (people, days)."""
    unusual = np.zeros_like(usable)
    for person, days in enumerate(usable):
        if days.any():
            least = np.quantile(size[person, days], 1.0 - UNUSUAL_SHARE)
            unusual[person] = days & (size[person] >= least) & (size[person] > 0.0)
    return unusual


def _slope(predicted: np.ndarray, left: np.ndarray, usable: np.ndarray) -> float:
    unusual = _unusual(np.abs(predicted), usable)
    change = predicted[unusual]
    return float((left[unusual] * change).sum() / max((change**2).sum(), 1e-12))


def _shifted(predicted: np.ndarray, late: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return each person's held-out predictions moved on by whole weeks, as in a ring.

    The days beyond the last whole week would meet another weekday: they get none.
    """
    shifted = predicted.copy()
    for person, days in enumerate(late):
        weeks = int(days.sum()) // _WEEK
        if weeks >= 2:
            shifted[person, days] = 0.0
            at = np.nonzero(days)[0][: weeks * _WEEK]
            shifted[person, at] = np.roll(
                predicted[person, at], _WEEK * int(rng.integers(1, weeks))
            )
    return shifted
