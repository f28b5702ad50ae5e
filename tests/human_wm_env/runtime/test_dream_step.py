from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.model import inputs, memory
from human_wm_env.model.memory import Memory
from human_wm_env.person import schema
from human_wm_env.person.actions import decode_day
from human_wm_env.runtime import dream_step, folded_inputs
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
        self.row = self.day.T
        self.row[:, schema.WEATHER] = self.weather
        self.weather_one_hot = np.eye(4, dtype=np.float32)[self.weather]
        self.week = schema.weekday_features(self.weekday)

    def yesterday(self) -> np.ndarray:
        sums = folded_inputs.sums_of(self.memory)
        return dream_step.begin_inputs(sums, self.before, self.known, self.weekday)

    def begun(self) -> np.ndarray:
        begun = self.yesterday()
        dream_step.encode_loop(begun, self.day, dream_step.DECIDED)
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
            evening.weather_one_hot,
        )
        @ weights
    )
    folded = folded_inputs.fold_transition(weights, use_memory=remembers)
    assert len(folded) == folded_inputs.TRANSITION_WIDTH < len(weights)
    np.testing.assert_allclose(evening.begun().T @ folded, wanted, atol=3e-5)

    weights = rng.standard_normal((inputs.POLICY_WIDTH, 30)).astype(np.float32)
    wanted = (
        inputs.policy_inputs(
            evening.before, evening.known, remembered, evening.week, evening.weather_one_hot
        )
        @ weights
    )
    given = dream_step.policy_inputs(evening.known, evening.yesterday(), evening.weather)
    folded = folded_inputs.fold_policy(weights, use_memory=remembers)
    np.testing.assert_allclose(given @ folded, wanted, atol=3e-5)


def test_a_day_ends_as_the_schema_and_the_memory_say() -> None:
    evening = Evening()
    rate = np.linspace(50, 120, SLOTS, dtype=np.float32)
    mood = np.arange(SLOTS) % 4
    encoded, sums = evening.begun()[: schema.ROW_WIDTH], folded_inputs.sums_of(evening.memory)
    evening.row[:, schema.HEART_RATE], evening.row[:, schema.MOOD] = rate, mood
    dream_step.encode_loop(encoded, evening.day, dream_step.STATES)
    moved = np.empty((folded_inputs.SUMS_WIDTH, SLOTS), dtype=np.float32)
    dream_step.remember_loop(sums.T, encoded, moved)
    after = moved.T
    np.testing.assert_allclose(encoded.T, schema.encode_rows(evening.row), atol=1e-6)
    wanted = memory.remember(evening.memory, evening.row, np.ones_like(evening.known))
    np.testing.assert_allclose(folded_inputs.memory_of(after).total, wanted.total, atol=1e-6)
    np.testing.assert_allclose(folded_inputs.memory_of(after).weight, wanted.weight, atol=1e-6)


def test_sums_are_the_memory() -> None:
    rng = np.random.default_rng(0)
    total, weight = rng.random((2, 5, 3, 4), dtype=np.float32)
    back = folded_inputs.memory_of(folded_inputs.sums_of(Memory(total, weight)))
    np.testing.assert_array_equal(back.total, total)
    np.testing.assert_array_equal(back.weight, weight)
