from __future__ import annotations

import copy

import numpy as np
import pytest

from human_wm_env.envs.env import Env
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ResetNeededError
from human_wm_env.people.embedded import EmbeddedPeople
from tests.human_wm_env.envs.vector_envs import Make, world_of

NOTHING = np.zeros(7)


@pytest.fixture(params=["simulator", "dream"])
def env(request: pytest.FixtureRequest, small: EmbeddedPeople) -> Env:
    env = Env(world_of(request.param, small, horizon=8))
    env.reset(seed=3)
    env.step(NOTHING)
    return env


def rest(env: Env) -> np.ndarray:
    return np.array([env.step(NOTHING)[0] for _ in range(7)])


def test_a_plain_copy_foresees_and_a_reseeded_one_does_not(env: Env) -> None:
    plain, one, same, other = (copy.deepcopy(env) for _ in range(4))
    one.reseed(7), same.reseed(7), other.reseed(np.int64(8))  # type: ignore[arg-type]
    assert one.state.user == env.state.user and one.state.day == env.state.day
    days = [rest(each) for each in (env, plain, one, same, other)]
    np.testing.assert_array_equal(days[0], days[1])
    np.testing.assert_array_equal(days[2], days[3])
    for changed in (days[2], days[4]):
        assert (changed != days[0]).any(axis=1).all()
    assert (days[2] != days[4]).any()
    np.testing.assert_array_equal(one.reset()[0], same.reset()[0])  # later episodes, too
    assert (one.reset()[0] != env.reset()[0]).any()


def test_slots_are_reseeded_as_scalar_envs_are(make: Make) -> None:
    many = make(3, layout="people", horizon=8)
    many.reset(seed=3)
    plain, other = copy.deepcopy(many), copy.deepcopy(many)
    other.reseed(9)
    assert (other.state.day == many.state.day).all()
    steps = [each.step(np.zeros((3, 7)))[0] for each in (many, plain, other)]
    np.testing.assert_array_equal(steps[0], steps[1])
    assert (steps[2] != steps[0]).any(axis=1).all()


def test_it_needs_an_episode(small: EmbeddedPeople) -> None:
    world = world_of("simulator", small, horizon=1)
    env = Env(world)
    with pytest.raises(ResetNeededError, match="before reseed"):
        env.reseed(1)
    env.reset(seed=0)
    env.step(NOTHING)
    with pytest.raises(ResetNeededError, match="no episode that goes on"):
        env.reseed(1)
    with pytest.raises(ResetNeededError, match="before reseed"):
        VectorEnv(world, 2).reseed(1)
