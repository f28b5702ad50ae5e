"""The same futures with each habitual day changed, and the dream of anybody."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import schema
from human_wm_env.person.feasible import project
from human_wm_env.worlds.person_world import PersonWorld
from human_wm_env.worlds.simulator import SimulatorWorld
from tests.human_wm_env.worlds.dreams import HORIZON, START, dream, streams
from tests.world_model import tiny

SLOTS = 40


@pytest.fixture(params=["dream", "simulator"])
def world(request: pytest.FixtureRequest, small: EmbeddedPeople) -> PersonWorld[Any]:
    if request.param == "dream":
        return dream(adherence=0.0)
    return SimulatorWorld(small, split="all", horizon=HORIZON, adherence=0.0)


def hour_more_on_mondays(days: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    changed = days.copy()
    changed[:, schema.SLEEP] += weekday == 0
    return changed


def test_futures_differ_from_the_changed_day_on(world: PersonWorld[Any]) -> None:
    state = world.first_state([START] * SLOTS, streams(SLOTS))
    own, other = state, state
    changed_world = world.changed_by(hour_more_on_mondays)
    for _ in range(HORIZON):
        is_monday = own.weekday[0] == 0
        own, other = world.follow_habits(own), changed_world.follow_habits(other)
        if is_monday:
            break
        np.testing.assert_array_equal(own.row, other.row)
    assert is_monday
    wanted = own.row.copy()
    wanted[:, schema.SLEEP] += 1.0
    decided = [*schema.ACTION_FEATURES, schema.WEATHER]
    np.testing.assert_allclose(other.row[:, decided], project(wanted)[:, decided], rtol=1e-6)
    own, other = world.follow_habits(own), changed_world.follow_habits(other)
    assert (own.row[:, schema.HEART_RATE] != other.row[:, schema.HEART_RATE]).any()


def test_changed_days_are_feasible(world: PersonWorld[Any]) -> None:
    endless = world.changed_by(lambda days, weekday: days + np.float32(1e5) * (days > 10.0))
    state = endless.first_state([START] * SLOTS, streams(SLOTS))
    row = endless.follow_habits(state).row
    np.testing.assert_allclose(project(row), row, rtol=1e-6)
    assert row[:, schema.STEPS].max() <= schema.continuous(schema.STEPS).high


def test_people_of_the_prior_are_standard_normal_and_keep_the_past_days() -> None:
    world = dream(adherence=0.0)
    # Each slot is a group of its own: independent people.
    many = [streams(1, seed, group=seed)[0] for seed in range(400)]
    person = world.first_state([START] * len(many), many)
    anybody = world.from_prior().first_state([START] * len(many), many)
    posterior, _ = tiny.runtime().encode([tiny.logs().history(START.user, START.day)])
    np.testing.assert_allclose(
        posterior.mean + posterior.sd * anybody.inner.latents, person.inner.latents, atol=1e-5
    )
    assert abs(anybody.inner.latents.mean()) < 0.05
    assert abs(anybody.inner.latents.std() - 1.0) < 0.05
    np.testing.assert_array_equal(person.inner.sums, anybody.inner.sums)
    np.testing.assert_array_equal(person.row, anybody.row)
