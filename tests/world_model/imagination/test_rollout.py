from __future__ import annotations

import dataclasses

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.model import inputs
from human_wm_env.person import feasible, schema
from human_wm_env.random_streams import Stream
from human_wm_env.runtime.encoder import response_latents
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.starts import PersonStart
from tests.human_wm_env.response import responses
from tests.world_model import tiny
from world_model.export import restore
from world_model.imagination.response_step import CarriedDays
from world_model.imagination.rollout import RolloutStart, factorial_latents, imagine, normals_of

DAYS = 12
SCALES = np.array([schema.continuous(i).scale for i in schema.CONTINUOUS_FEATURES])


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
@pytest.mark.parametrize("temperature", [1.0, 0.5, 0.0])
def test_the_dream_world_imagines_the_same_days(name: str, temperature: float) -> None:
    """Given the same latents and noise; up to a slot's first category that rounding flips."""
    runtime = tiny.runtime(tiny.ARCHITECTURES[name])
    world = DreamWorld(
        runtime, tiny.logs(), split="all", adherence=0.0, horizon=DAYS, temperature=temperature
    )
    people = [(0, 40), (5, 77), (9, 14), (11, 120)]
    starts = [PersonStart(user, day, 9 * b) for user, day in people for b in range(10)]
    streams = [Stream((1, i // 10, 0), (1, i, 0)) for i in range(40)]
    begun, _ = world.reset(starts, streams)
    state, stepped = begun, []
    for _ in range(DAYS):
        state = world.step(state, np.zeros((40, 7), dtype=np.float32)).state
        stepped.append(state.row)
    rows = np.stack(stepped, axis=1)
    inner = begun.inner
    assert not inner.known.all() and inner.known.any()
    start = RolloutStart.from_rows(begun.row, inner.known, inner.memory, begun.weekday)
    imagined = np.array(
        imagine(
            tiny.model(tiny.ARCHITECTURES[name]),
            mx.array(inner.latents),
            start,
            runtime.checkpoint.weather_transitions,
            mx.array(begun.normal),
            mx.array(begun.uniform),
            temperature=temperature,
        )
    )
    assert imagined.shape == rows.shape
    labels = list(schema.CATEGORICAL_FEATURES)
    flipped = (imagined[..., labels] != rows[..., labels]).any(axis=-1)
    same_so_far = ~np.logical_or.accumulate(flipped, axis=1)
    assert same_so_far[:, -1].mean() > 0.9
    numbers = list(schema.CONTINUOUS_FEATURES)
    scaled = np.abs(imagined[..., numbers] - rows[..., numbers]) / SCALES
    assert scaled[same_so_far].max() < 1e-5
    # The days differ between slots, or this would prove little.
    assert np.ptp(rows[:, -1, schema.HEART_RATE]) > 0.1


@pytest.mark.parametrize("morning", [False, True])
@pytest.mark.parametrize("temperature", [1.0, 0.0])
def test_the_dream_world_imagines_the_same_days_by_a_response(
    morning: bool, temperature: float
) -> None:
    runtime = responses.runtime(morning_states=morning)
    world = DreamWorld(
        runtime, tiny.logs(), split="all", adherence=0.0, horizon=DAYS, temperature=temperature
    )
    people = [(0, 40), (5, 77), (9, 14), (11, 120)]
    starts = [PersonStart(user, day, 9 * b) for user, day in people for b in range(10)]
    streams = [Stream((1, i // 10, 0), (1, i, 0)) for i in range(40)]
    begun, _ = world.reset(starts, streams)
    state, stepped = begun, []
    for _ in range(DAYS):
        state = world.step(state, np.zeros((40, 7), dtype=np.float32)).state
        stepped.append(state.row)
    rows, inner = np.stack(stepped, axis=1), begun.inner
    posterior, _ = runtime.encode([tiny.logs().history(*person) for person in people])
    model = restore(runtime.checkpoint)
    assert posterior.response is not None
    carried = CarriedDays.of(
        model.trained_response,
        posterior.response.carried[np.repeat(np.arange(4), 10)],
        response_latents(inner.latents, responses.RANK + 2),
    )
    start = RolloutStart.from_rows(begun.row, inner.known, inner.memory, begun.weekday, carried)
    imagined = np.array(
        imagine(
            model,
            mx.array(inner.latents),
            start,
            runtime.checkpoint.weather_transitions,
            mx.array(begun.normal),
            mx.array(begun.uniform),
            temperature=temperature,
        )
    )
    assert begun.normal.shape[-1] == normals_of(model)
    labels, numbers = list(schema.CATEGORICAL_FEATURES), list(schema.CONTINUOUS_FEATURES)
    flipped = (imagined[..., labels] != rows[..., labels]).any(axis=-1)
    same_so_far = ~np.logical_or.accumulate(flipped, axis=1)
    assert same_so_far[:, -1].mean() > 0.9
    scaled = np.abs(imagined[..., numbers] - rows[..., numbers]) / SCALES
    assert scaled[same_so_far].max() < 1e-4
    assert np.ptp(rows[:, -1, schema.HEART_RATE]) > 0.1


def with_gaps(observed: np.ndarray, **settings: bool) -> np.ndarray:
    slots, days = observed.shape[:2]
    start = dataclasses.replace(
        tiny.nothing_known(np.zeros(slots, dtype=int)), weather=mx.zeros((slots,), dtype=mx.int32)
    )
    keys = mx.random.split(mx.random.key(0), 3)
    rows = imagine(
        tiny.model(),
        mx.random.normal((slots, tiny.TINY.latent_width), key=keys[0]),
        start,
        tiny.checkpoint().weather_transitions,
        mx.random.normal((slots, days, DreamWorld.normals), key=keys[1]),
        mx.random.uniform(shape=(slots, days, DreamWorld.uniforms), key=keys[2]),
        observed=mx.array(observed.astype(np.float32)),
        **settings,
    )
    return np.array(rows)


def test_a_log_without_gaps_is_imagined_as_in_the_environment() -> None:
    whole = with_gaps(np.ones((6, 5, 10), dtype=bool))
    assert whole.shape == (6, 5, 10)
    flat = whole.reshape(-1, 10)
    np.testing.assert_allclose(feasible.project(flat), flat, rtol=1e-5)
    free = with_gaps(np.ones((6, 5, 10), dtype=bool), feasible_days=False)
    assert (free[:, 0, schema.SLEEP] == whole[:, 0, schema.SLEEP]).all()
    assert (free != whole).any()


@pytest.mark.parametrize("index", [schema.WORKOUT, schema.SLEEP, schema.STEPS, schema.HEART_RATE])
def test_what_is_not_observed_changes_what_comes_after_it_and_nothing_before(index: int) -> None:
    everything = np.ones((40, 3, 10), dtype=bool)
    gap = everything.copy()
    gap[:, 1, index] = False
    one, other = with_gaps(everything, feasible_days=False), with_gaps(gap, feasible_days=False)
    np.testing.assert_array_equal(one[:, 0], other[:, 0])
    chain = (*inputs.ACTION_ORDER, *inputs.STATE_ORDER)
    before = [*chain[: chain.index(index) + 1], schema.WEATHER]
    np.testing.assert_array_equal(one[:, 1, before], other[:, 1, before])
    assert (one[:, 1] != other[:, 1]).any() and (one[:, 2] != other[:, 2]).any()


def test_days_after_nothing_observed_are_all_alike() -> None:
    """Without memory and yesterday a day depends on the person and its own noise alone."""
    nothing = np.zeros((4, 2, 10), dtype=bool)
    one = with_gaps(nothing, feasible_days=False)
    changed = nothing.copy()
    changed[:, 1] = True  # of the day after: too late for the first
    np.testing.assert_array_equal(one[:, 0], with_gaps(changed, feasible_days=False)[:, 0])


def test_unknown_weekdays_and_weather_are_imagined_too() -> None:
    architecture = tiny.TINY
    slots = 3
    start = dataclasses.replace(
        tiny.nothing_known(np.array([-1, 0, 6])), weather=mx.array([-1, 0, 3])
    )
    keys = mx.random.split(mx.random.key(0), 3)
    rows = np.array(
        imagine(
            tiny.model(),
            mx.random.normal((slots, architecture.latent_width), key=keys[0]),
            start,
            tiny.checkpoint().weather_transitions,
            mx.random.normal((slots, 4, DreamWorld.normals), key=keys[1]),
            mx.random.uniform(shape=(slots, 4, DreamWorld.uniforms), key=keys[2]),
        )
    )
    for index, feature in enumerate(schema.FEATURES):
        column = rows[..., index]
        if isinstance(feature, schema.Continuous):
            assert ((column >= feature.low) & (column <= feature.high)).all()
        else:
            assert np.isin(column, np.arange(feature.width)).all()
    flat = rows.reshape(-1, 10)
    np.testing.assert_allclose(feasible.project(flat), flat, rtol=1e-5)


def test_the_125_latents_are_a_factorial_design() -> None:
    rng = np.random.default_rng(0)
    width = tiny.TINY.latent_width
    mean, sd = rng.standard_normal((2, 2, width)).astype(np.float32)
    noise = rng.standard_normal((2, 5, width)).astype(np.float32)
    latents = np.array(
        factorial_latents(mx.array(mean), mx.array(sd), mx.array(noise), tiny.model())
    ).reshape(2, 125, width)
    blocks = tiny.TINY.blocks
    for person in range(2):
        for branch in (0, 1, 7, 31, 124):
            picks = {"a": branch // 25, "b": branch // 5 % 5, "c": branch % 5}
            for block, pick in picks.items():
                part = blocks[block]
                expected = mean[person, part] + sd[person, part] * noise[person, pick, part]
                np.testing.assert_allclose(latents[person, branch, part], expected, atol=1e-6)
