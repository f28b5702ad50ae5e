"""A small response with made-up parameters, and logs for it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from human_wm_env.model.architecture import RESPONSE
from human_wm_env.model.checkpoint import Checkpoint
from human_wm_env.model.weights import expected_shapes
from human_wm_env.person import schema
from human_wm_env.person.weather import TRANSITIONS
from human_wm_env.response.arrays import to_arrays
from human_wm_env.response.basis import OF_NIGHT, WIDTH, ActionStatistics
from human_wm_env.response.carried import PROCESSES, Carried, joined_channels, next_day_root
from human_wm_env.response.kalman import filter_loop
from human_wm_env.response.moment_matching import match_moments
from human_wm_env.response.noise import StateNoise
from human_wm_env.response.parameters import CONTEXT_WIDTH, STATES, ResponseLogs, ResponseParameters
from human_wm_env.response.posterior import ResponsePosterior
from human_wm_env.runtime.world_model import WorldModelRuntime
from human_wm_env.second_family.people import draw_people
from human_wm_env.second_family.simulate import begin, lose_cells, simulate
from human_wm_env.second_family.structure import draw_structure
from tests.world_model import tiny

TAU_DAYS = np.array([2.0, 20.0])
CHANNELS, RANK = (2, 3), 3
ARCHITECTURE = replace(
    tiny.TINY,
    latent_a=2,
    latent_c=RANK,
    transition=RESPONSE,
    response_rate_channels=CHANNELS[0],
    response_mood_channels=CHANNELS[1],
    response_taus=len(TAU_DAYS),
)


def logs(people: int, days: int, member: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, mask and weekdays of people of a member."""
    structure = draw_structure(member)
    drawn = draw_people(structure, people, 5)
    state = begin(structure, drawn, 5)
    found = simulate(structure, drawn, state, days, np.random.default_rng(6))
    observed = lose_cells(structure, found.rows, np.random.default_rng(7))
    weekday = (found.start_weekday[:, None] + np.arange(days)) % schema.DAYS_PER_WEEK
    return np.where(observed, found.rows, np.float32(0.0)), observed, weekday


def parameters(rows: np.ndarray, observed: np.ndarray) -> ResponseParameters:
    """Return a response whose numbers are drawn."""
    rng = np.random.default_rng(3)
    first, second = (CONTEXT_WIDTH + len(TAU_DAYS) * own for own in CHANNELS)

    def drawn(*shape: int) -> np.ndarray:
        return np.asarray(0.2 * rng.standard_normal(shape))

    noise = StateNoise(np.array([0.8, 0.3]), np.array([0.4, 0.2]), 0.3)
    return ResponseParameters(
        actions=ActionStatistics.of(rows, observed),
        tau_days=TAU_DAYS,
        morning_states=False,
        channels=(drawn(WIDTH, CHANNELS[0]), drawn(WIDTH, CHANNELS[1])),
        mean=(drawn(first), drawn(second)),
        loadings=(drawn(first, RANK), drawn(second, RANK)),
        intercept_sd=np.array([1.0, 0.6]),
        noise=(noise, noise),
        cutpoints=np.array([-0.8, 0.0, 0.7]),
        rate_centre=66.0,
        rate_scale=7.0,
        weather_share=np.array([0.2, 0.2, 0.1]),
    )


@cache
def checkpoint() -> Checkpoint:
    """A checkpoint with the made-up response for the tiny logs, and random nets around it."""
    logs = tiny.logs()
    weights = to_arrays(parameters(logs.rows, logs.observed))
    rng = np.random.default_rng(7)
    for name, shape in expected_shapes(ARCHITECTURE).items():
        if name not in weights:
            fan = max(1, shape[-1]) ** -0.5
            weights[name] = (fan * rng.standard_normal(shape)).astype(np.float32)
    weights["encoder.moments.sd"] = np.abs(weights["encoder.moments.sd"]) + np.float32(0.1)
    return Checkpoint(ARCHITECTURE, weights, TRANSITIONS, {}, Path())


@cache
def runtime(*, morning_states: bool = False, day_apart: bool = False) -> WorldModelRuntime:
    made = checkpoint()
    morning = np.array([float(morning_states)], dtype=np.float32)
    weights = {**made.weights, "response.morning_states": morning}
    if day_apart:
        weights["response.tau_days"] = TAU_DAYS.astype(np.float32) * (np.arange(len(TAU_DAYS)) > 0)
    return WorldModelRuntime(replace(made, weights=weights))


def carried_after(
    parameters: ResponseParameters,
    logs: ResponseLogs,
    posterior: ResponsePosterior,
    last_weather: np.ndarray,
) -> Carried:
    """Return what is kept after the last day of logs.

    Args:
        parameters: of the population.
        logs: of the people, all days of them.
        posterior: of the same people.
        last_weather: int (people,), of the last day, -1 if unknown.
    """
    people = len(logs.memory)
    channels = joined_channels(parameters)
    night = np.where(OF_NIGHT[:, None], channels, 0.0)
    parts = (night, channels - night)
    usual = logs.own_mean / parameters.actions.sd
    noise = np.empty((people, len(STATES), PROCESSES))
    slope = np.empty((*noise.shape, parameters.rank + len(STATES)))
    covariance = np.empty((people, PROCESSES, PROCESSES))
    root = np.empty((*noise.shape, PROCESSES))
    for state in range(len(STATES)):
        spread = parameters.spread(state)
        x = logs.columns @ np.concatenate(
            [spread @ parameters.personal(state), (spread @ parameters.mean[state])[:, None]],
            axis=1,
        )
        explained, base = x[..., :-1], x[..., -1]
        if state == 0:
            response, observed = logs.rate, logs.rate_observed
            variance = np.full(response.shape, parameters.noise[0].white_variance)
        else:
            latent = base + (explained @ posterior.mean[..., None])[..., 0]
            observed = logs.mood_observed
            at = match_moments(
                latent, logs.level, observed, parameters.noise[1], parameters.cutpoints
            )
            response, variance = at.response, at.variance
        columns = np.concatenate([-explained, (response - base)[..., None]], axis=-1)
        own = parameters.noise[state]
        for person in range(people):
            mean = np.empty((PROCESSES, columns.shape[-1]))
            filter_loop(
                columns[person],
                observed[person],
                variance[person],
                (own.persistence, own.sd),
                np.empty_like(columns[person]),
                mean,
                covariance[person],
            )
            slope[person, state], noise[person, state] = mean[:, :-1], mean[:, -1]
        root[:, state] = next_day_root(own, covariance)
    single = np.float32
    return Carried(
        night=(logs.memory @ parts[0]).astype(single),
        day=(logs.memory @ parts[1]).astype(single),
        usual=np.stack([usual @ part for part in parts], axis=1).astype(single),
        weather=last_weather,
        noise=noise.astype(single),
        noise_slope=slope.astype(single),
        noise_root=root.astype(single),
        noise_scale=np.ones((people, len(STATES)), dtype=single),
    )
