from __future__ import annotations

import numpy as np
import pytest

from human_wm_env import columns, schema
from human_wm_env.envs.decoding import decode_day
from human_wm_env.runtime import inputs, memory, single, stepping
from human_wm_env.runtime.memory import Memory
from tests.world_model import tiny

SLOTS = 9


class Evening:
    """What is known on some evening, and a day that is chosen."""

    def __init__(self, seed: int = 0, slots: int = SLOTS) -> None:
        rng = np.random.default_rng(seed)
        logs = tiny.logs()
        self.rows, self.known = logs.rows[:slots, 60], logs.observed[:slots, 60]
        _, self.memory = memory.run(logs.rows[:slots, :61], logs.observed[:slots, :61])
        self.before = schema.encode_rows(self.rows, self.known)
        self.weekday = rng.integers(-1, 7, slots)
        self.weather = rng.integers(0, 4, slots)
        action = rng.uniform(-1, 1, (slots, 7)).astype(np.float32)
        self.day = decode_day(action)
        self.row = columns.of(slots).batch(self.day.columns)
        self.row[:, schema.WEATHER] = self.weather
        self.sky = np.eye(4, dtype=np.float32)[self.weather]
        self.week = schema.weekday_features(self.weekday)

    def begun(self) -> np.ndarray:
        begun = stepping.begin_inputs(stepping.sums_of(self.memory), self.known, self.weekday)
        begun[: schema.ROW_WIDTH] = self.before.T
        stepping.set_actions(begun[: schema.ROW_WIDTH], self.day, self.weather)
        return begun


@pytest.mark.parametrize("remembers", [True, False])
def test_folded_inputs_give_the_same_products(remembers: bool) -> None:
    evening, rng = Evening(), np.random.default_rng(1)
    remembered = memory.features(evening.memory) * np.float32(remembers)
    everything = np.ones_like(evening.known)
    weights = rng.standard_normal((inputs.TRANSITION_WIDTH, 30)).astype(np.float32)
    wanted = (
        inputs.transition_inputs(
            evening.before,
            evening.known,
            schema.encode_rows(evening.row),
            everything,
            remembered,
            evening.week,
            evening.sky,
        )
        @ weights
    )
    folded = stepping.fold_transition(weights, use_memory=remembers)
    assert len(folded) == stepping.TRANSITION_WIDTH < len(weights)
    np.testing.assert_allclose(evening.begun().T @ folded, wanted, atol=3e-5)

    weights = rng.standard_normal((inputs.POLICY_WIDTH, 30)).astype(np.float32)
    wanted = (
        inputs.policy_inputs(evening.before, evening.known, remembered, evening.week, evening.sky)
        @ weights
    )
    given = stepping.policy_inputs(evening.before, evening.known, evening.begun(), evening.weather)
    folded = stepping.fold_policy(weights, use_memory=remembers)
    np.testing.assert_allclose(given @ folded, wanted, atol=3e-5)


def test_the_memory_moves_as_the_runtimes() -> None:
    evening = Evening()
    begun, everything = evening.begun(), np.ones_like(evening.known)
    moved = stepping.memory_of(stepping.remember(stepping.sums_of(evening.memory), begun))
    wanted = memory.remember(evening.memory, evening.row, everything)
    np.testing.assert_allclose(moved.total, wanted.total, atol=1e-6)
    np.testing.assert_allclose(moved.weight, wanted.weight, atol=1e-6)


def test_the_row_is_encoded_as_by_the_schema() -> None:
    evening = Evening()
    encoded = evening.begun()[: schema.ROW_WIDTH].copy()
    rate = np.linspace(50, 120, SLOTS, dtype=np.float32)
    mood = np.arange(SLOTS) % 4
    stepping.set_states(encoded, rate, mood)
    evening.row[:, schema.HEART_RATE], evening.row[:, schema.MOOD] = rate, mood
    np.testing.assert_allclose(encoded.T, schema.encode_rows(evening.row), atol=1e-6)


def test_sums_are_the_memory() -> None:
    rng = np.random.default_rng(0)
    total, weight = rng.random((2, 5, 3, 4), dtype=np.float32)
    back = stepping.memory_of(stepping.sums_of(Memory(total, weight)))
    np.testing.assert_array_equal(back.total, total)
    np.testing.assert_array_equal(back.weight, weight)


@pytest.mark.parametrize("seed", range(5))
def test_one_persons_inputs_in_floats(seed: int) -> None:
    evening = Evening(seed, 1)
    evening.before = schema.encode_rows(evening.rows)  # everything is known
    sums = stepping.sums_of(evening.memory)
    begun = stepping.begin_inputs(sums, None, evening.weekday)
    begun[: schema.ROW_WIDTH] = evening.before.T
    stepping.set_actions(begun[: schema.ROW_WIDTH], evening.day, evening.weather)
    alone = single.transition_inputs(
        sums, evening.weekday.item(), evening.before, evening.day, evening.weather.item()
    )
    np.testing.assert_allclose(alone, begun, atol=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_one_persons_response_in_floats(temperature: float) -> None:
    """The first slot of a batch of two equals the same person alone."""
    runtime, rng = tiny.runtime(), np.random.default_rng(3)
    for _ in range(30):
        x = rng.standard_normal((2, stepping.TRANSITION_WIDTH)).astype(np.float32)
        latents = rng.standard_normal((2, tiny.TINY.latent_width)).astype(np.float32)
        normal = rng.standard_normal((2, 2)).astype(np.float32)
        uniform = rng.random((2, 3), dtype=np.float32)
        together = runtime.respond(
            x, runtime.transition_modulation(latents), None, temperature, normal, uniform
        )
        alone = runtime.respond(
            x[:1],
            runtime.transition_modulation(latents[:1]),
            None,
            temperature,
            normal[:1],
            uniform[:1],
        )
        for many, one in zip(together, alone, strict=True):
            np.testing.assert_allclose(one[0], many[0], rtol=1e-5, atol=1e-5)
