"""Exact effects of constant days are those that the simulator's world has on the average."""

from __future__ import annotations

import numpy as np

from human_wm_env.people.effects import exact_effects
from human_wm_env.person import schema
from human_wm_env.person.actions import decode, encode
from human_wm_env.random_streams import Stream
from human_wm_env.worlds.simulator import SimulatorWorld
from human_wm_env.worlds.starts import PersonStart
from tests.world_model import tiny

DAYS, REPEATS = 5, 400


def day(**changes: float) -> np.ndarray:
    row = decode(np.zeros((1, 7), dtype=np.float32))[0]
    for name, value in changes.items():
        row[schema.FEATURE_NAMES.index(name)] = value
    return np.asarray(row)


REST, SHORT = day(sleep_hours=8.0), day(sleep_hours=4.0)


def test_a_policy_has_no_effect_over_itself() -> None:
    people, users = tiny.people(), np.arange(4)
    found = exact_effects(people, users, np.full(4, 50), {"rest": REST}, REST, days=3, pairs=2)
    np.testing.assert_array_equal(found["rest"], 0.0)


def test_habit_is_that_of_the_simulators_people() -> None:
    people, user, start = tiny.people(), 3, 50
    found = exact_effects(
        people, np.array([user]), np.array([start]), {"habit": None}, REST, days=DAYS, pairs=400
    )["habit"][:, 0]
    starts = [PersonStart(user, start, 0)] * REPEATS
    streams = [Stream((0, slot, 0), (0, slot, 0)) for slot in range(REPEATS)]
    rates = []
    for habitual in (True, False):
        world = SimulatorWorld(
            people, split="all", horizon=DAYS, masking="none", adherence=float(not habitual)
        )
        state, _ = world.reset(starts, streams)
        days = []
        for _ in range(DAYS):
            if habitual:
                state = world.follow_habits(state)
            else:
                state = world.step(state, np.repeat(encode(REST[None]), REPEATS, axis=0)).state
            days.append(state.row[:, schema.HEART_RATE].mean())
        rates.append(np.array(days))
    np.testing.assert_allclose(found[0], rates[0] - rates[1], atol=0.9)
    np.testing.assert_allclose(found[0].mean(), (rates[0] - rates[1]).mean(), atol=0.4)


def test_effects_are_those_of_the_simulator() -> None:
    people, user, start = tiny.people(), 3, 50
    found = exact_effects(
        people, np.array([user]), np.array([start]), {"short": SHORT}, REST, days=DAYS, pairs=400
    )["short"][:, 0]
    world = SimulatorWorld(people, split="all", horizon=DAYS, masking="none")
    starts = [PersonStart(user, start, 0)] * REPEATS
    streams = [Stream((0, slot, 0), (0, slot, 0)) for slot in range(REPEATS)]
    rates = []
    for policy in (REST, SHORT):
        state, _ = world.reset(starts, streams)
        action = np.repeat(encode(policy[None]), REPEATS, axis=0)
        days = []
        for _ in range(DAYS):
            step = world.step(state, action)
            state = step.state
            mood = step.components[:, world.component_names.index("mood")]
            days.append([state.row[:, schema.HEART_RATE].mean(), mood.mean()])
        rates.append(np.array(days).T)
    simulated = rates[1] - rates[0]
    np.testing.assert_allclose(found[0], simulated[0], atol=0.02)
    np.testing.assert_allclose(found[1], simulated[1], atol=0.06)
    assert found[1].mean() < -0.05
