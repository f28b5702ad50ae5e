"""When states are measured: two models of equal size, before and after the actions of the day.

Whether actions of the same day help is not asked: where a low mood shortens the evening's workout
they would help without doing anything to the mood.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from human_wm_env.response.parameters import ResponseLogs, ResponseParameters
from human_wm_env.response.posterior import WorkingPoint, collect
from world_model.training.response import ResponseConfig, first_training, training_rounds
from world_model.training.response_validation import Judged, log_likelihood

PEOPLE, STEPS = 200, 60
#: what a comparison has to be worth: below it states are taken to be measured in the evening
LEAST_NATS = 3.0


class Timing(NamedTuple):
    """What a comparison found.

    Attributes:
        morning_states: states are measured on waking, rather than in the evening.
        nats: by how much the people prefer the morning, all together; below 0 the evening.
    """

    morning_states: bool
    nats: float


def find_timing(
    rows: np.ndarray, observed: np.ndarray, weekday: np.ndarray, config: ResponseConfig
) -> Timing:
    """Train a response for either time, shortly, and compare their marginal likelihoods.

    Both begin with the same noise and linearise the mood at the same point, so that their
    likelihoods can be compared.

    Args:
        rows: float32 (people, days, 10), raw.
        observed: bool (people, days, 10).
        weekday: int (people, days), 0 = Monday, -1 = unknown.
        config: of the training; the first people are enough, and few steps.
    """
    rows, observed, weekday = rows[:PEOPLE], observed[:PEOPLE], weekday[:PEOPLE]
    # Averages that hold the day: with the day apart, an evening's response could leave it out, and
    # be a morning's.
    averages = tuple(tau for tau in config.tau_days if tau > 0.0) or config.tau_days
    short = replace(config, rounds=1, steps=min(STEPS, config.steps), tau_days=averages)
    found = []
    for morning in (False, True):
        start = first_training(rows, observed, short, morning_states=morning)
        first = next(training_rounds(rows, observed, weekday, short, start, _Everybody()))
        found.append(first.validation[-1] * len(rows))
    evening, morning_nats = found
    nats = morning_nats - evening
    return Timing(nats > LEAST_NATS, nats)


class _Everybody:
    """Everybody is learned from, and judges: models of equal size fit as much by chance."""

    def split(
        self, parameters: ResponseParameters, logs: ResponseLogs, point: WorkingPoint
    ) -> Judged:
        """See `Validation`."""
        moments = collect(parameters, logs, point)
        return Judged(moments, moments, logs, lambda tried: log_likelihood(tried, moments))
