"""The states of an imagined day by a response, beside the regression that it was trained as."""

from __future__ import annotations

import dataclasses
from functools import cache

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.person import schema
from human_wm_env.response.basis import OF_NIGHT, WIDTH, daily_basis, remembered
from human_wm_env.response.carried import joined_channels
from human_wm_env.response.inference import ResponseInference
from human_wm_env.response.ordinal import normal_cdf
from human_wm_env.response.parameters import MOOD_ORDER, ResponseParameters, context_columns
from tests.human_wm_env.response import responses
from tests.world_model import tiny
from world_model.imagination.response_step import (
    CarriedDays,
    ResponseDraw,
    ResponseStep,
    response_basis,
)

SLOTS, DAYS = 40, 9
RATE = schema.continuous(schema.HEART_RATE)


@cache
def parameters(*, morning: bool = False) -> ResponseParameters:
    rows, observed, _ = responses.logs(12, 60)
    return dataclasses.replace(responses.parameters(rows, observed), morning_states=morning)


def days(rng: np.random.Generator) -> np.ndarray:
    rows = np.zeros((SLOTS, DAYS, 10), dtype=np.float32)
    for index, feature in enumerate(schema.FEATURES):
        if isinstance(feature, schema.Continuous):
            rows[..., index] = rng.uniform(feature.low, feature.high, (SLOTS, DAYS))
        else:
            rows[..., index] = rng.integers(feature.width, size=(SLOTS, DAYS))
    return rows


def columns(rows: np.ndarray) -> dict[int, mx.array]:
    encoded = mx.array(schema.encode_rows(rows, np.ones(rows.shape, dtype=bool)))
    return {index: encoded[:, part] for index, part in schema.ROW_SLICES.items()}


def begin(own: ResponseParameters, usual: np.ndarray, latents: np.ndarray) -> CarriedDays:
    logs = tiny.logs()
    history = logs.history(0, int(logs.days_logged[0]))
    carried = ResponseInference(own)([history]).carried[np.zeros(len(usual), dtype=int)]
    nothing = {"night": 0.0, "day": 0.0, "noise": 0.0, "noise_slope": 0.0}
    blank = {name: np.zeros_like(getattr(carried, name)) for name in nothing}
    unknown = np.full(len(usual), -1)
    carried = dataclasses.replace(carried, **blank, usual=usual, weather=unknown)
    return CarriedDays.of(own, carried, latents)


def certain(slots: int = SLOTS) -> ResponseDraw:
    return ResponseDraw(mx.ones((slots, 2)), mx.ones((slots, 4)), temperature=0.0)


def test_the_basis_is_that_of_the_regression() -> None:
    rows = days(np.random.default_rng(0))[:, 0]
    np.testing.assert_allclose(response_basis(columns(rows)), daily_basis(rows), atol=1e-4)


@pytest.mark.parametrize("first_tau", [2.0, 0.0])
@pytest.mark.parametrize("morning", [False, True])
def test_without_noise_the_days_are_those_of_the_regression(
    morning: bool, first_tau: float
) -> None:
    own, rng = parameters(morning=morning), np.random.default_rng(1)
    own = dataclasses.replace(own, tau_days=np.array([first_tau, *own.tau_days[1:]]))
    rows, weekday = days(rng), rng.integers(-1, 7, (SLOTS, 1)) + np.zeros(DAYS, dtype=int)
    weekday = np.where(weekday < 0, -1, (weekday + np.arange(DAYS)) % 7)
    latents = rng.standard_normal((SLOTS, own.rank + 2)).astype(np.float32)
    own_mean = own.actions.mean + 0.5 * own.actions.sd * rng.standard_normal((SLOTS, WIDTH))
    scaled = (daily_basis(rows) - own_mean[:, None]) / own.actions.sd
    memory, _ = remembered(scaled, own.tau_days, morning_states=morning)
    context = context_columns(own, rows, np.ones(rows.shape, dtype=bool), weekday)
    x = np.concatenate([context, memory.reshape(SLOTS, DAYS, -1)], axis=-1)
    rate, mood = ((x * own.coefficients(state, latents)[:, None]).sum(axis=-1) for state in (0, 1))
    night = np.where(OF_NIGHT[:, None], joined_channels(own), 0.0)
    usual = np.stack(
        [(own_mean / own.actions.sd) @ part for part in (night, joined_channels(own) - night)],
        axis=1,
    ).astype(np.float32)
    step, before = ResponseStep(own, mx.array(latents)), begin(own, usual, latents)
    features = schema.weekday_features(weekday)
    for day in range(DAYS):
        today = columns(rows[:, day])
        weather = today[schema.WEATHER]
        states, before = step(before, today, mx.array(features[:, day]), weather, certain())
        bpm = np.clip(own.rate_centre + own.rate_scale * rate[:, day], RATE.low, RATE.high)
        found = np.array(states[schema.HEART_RATE])[:, 0] * RATE.scale + RATE.centre
        np.testing.assert_allclose(found, bpm, rtol=1e-4, atol=2e-3)
        level = (mood[:, day, None] > own.cutpoints).sum(axis=1)
        clear = np.abs(mood[:, day, None] - own.cutpoints).min(axis=1) > 1e-3
        felt = np.array(states[schema.MOOD]).argmax(axis=1)
        np.testing.assert_array_equal(felt[clear], np.array(MOOD_ORDER)[level][clear])


def test_noise_is_that_of_the_parameters() -> None:
    """Once the processes are stationary."""
    slots, rng = 4000, np.random.default_rng(2)
    own = dataclasses.replace(parameters(), rate_centre=100.0, rate_scale=2.0)  # within bounds
    latents = np.zeros((slots, own.rank + 2), dtype=np.float32)
    usual = np.zeros((slots, 2, sum(responses.CHANNELS)), dtype=np.float32)
    step, before = ResponseStep(own, mx.array(latents)), begin(own, usual, latents)
    rows = np.repeat(days(rng)[:1, :1], slots, axis=0)[:, 0]
    today, unknown = columns(rows), mx.zeros((slots, 4))
    for _ in range(25):
        normal = mx.array(rng.standard_normal((slots, 6)).astype(np.float32))
        draw = ResponseDraw(normal[:, :2], normal[:, 2:])
        states, before = step(before, today, mx.zeros((slots, 2)), unknown, draw)
    noise = own.noise[0]
    sd = own.rate_scale * np.sqrt((noise.sd**2).sum() + noise.white_variance)
    bpm = np.array(states[schema.HEART_RATE])[:, 0] * RATE.scale
    assert bpm.std() == pytest.approx(sd, rel=0.05)
    spread = np.array(before.noise)[:, 1].sum(axis=1).std()
    assert spread == pytest.approx(np.sqrt((own.noise[1].sd ** 2).sum()), rel=0.05)


def test_moods_drawn_straight_through_have_gradients_and_the_same_values() -> None:
    own, rng = parameters(), np.random.default_rng(3)
    latents = rng.standard_normal((SLOTS, own.rank + 2)).astype(np.float32)
    usual = np.zeros((SLOTS, 2, sum(responses.CHANNELS)), dtype=np.float32)
    before = begin(own, usual, latents)
    rows = days(rng)[:, 0]
    normal = mx.array(rng.standard_normal((SLOTS, 6)).astype(np.float32))
    hard = ResponseDraw(normal[:, :2], normal[:, 2:])
    worth = mx.arange(4.0)

    def happiness(sleep: mx.array, draw: ResponseDraw) -> mx.array:
        today = {**columns(rows), schema.SLEEP: sleep}
        step = ResponseStep(own, mx.array(latents))
        states, _ = step(before, today, mx.zeros((SLOTS, 2)), mx.zeros((SLOTS, 4)), draw)
        return (states[schema.MOOD] @ worth).sum()

    sleep = columns(rows)[schema.SLEEP]
    through = dataclasses.replace(hard, straight_through=True)
    soft = dataclasses.replace(hard, probabilities=True)
    assert happiness(sleep, through).item() == pytest.approx(
        happiness(sleep, hard).item(), abs=1e-4
    )
    gradient = np.array(mx.grad(happiness)(sleep, through))
    np.testing.assert_allclose(gradient, mx.grad(happiness)(sleep, soft), atol=1e-6)
    assert np.abs(gradient).max() > 0.0
    assert not np.array(mx.grad(happiness)(sleep, hard)).any()


def test_probabilities_are_those_of_the_ordinal_probit() -> None:
    own = parameters()
    latents = np.zeros((1, own.rank + 2), dtype=np.float32)
    usual = np.zeros((1, 2, sum(responses.CHANNELS)), dtype=np.float32)
    rows = days(np.random.default_rng(4))[:1, 0]
    draw = ResponseDraw(mx.zeros((1, 2)), mx.zeros((1, 4)), probabilities=True)
    nowhere = mx.zeros((1, 2)), mx.zeros((1, 4))
    step, before = ResponseStep(own, mx.array(latents)), begin(own, usual, latents)
    states, _ = step(before, columns(rows), *nowhere, draw)
    scaled = (daily_basis(rows) / own.actions.sd)[:, None]
    memory, _ = remembered(scaled, own.tau_days, morning_states=False)
    mean = own.coefficients(1, latents)[0] @ np.concatenate([[1.0], np.zeros(8), memory.ravel()])
    below = np.concatenate([[0.0], normal_cdf(own.cutpoints - mean), [1.0]])
    expected = np.empty(4)
    expected[list(MOOD_ORDER)] = np.diff(below)
    np.testing.assert_allclose(np.array(states[schema.MOOD])[0], expected, atol=1e-5)
