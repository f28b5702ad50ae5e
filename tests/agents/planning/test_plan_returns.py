from __future__ import annotations

import numpy as np

from agents.planning.plan_returns import imagined_returns, repeated, with_fresh_noise
from human_wm_env.envs.scalarize import ScalarReward
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.random_streams import Stream
from human_wm_env.registration import make_simulator
from human_wm_env.worlds.starts import PersonStart


def begin(people: EmbeddedPeople, users: int = 3, horizon: int = 4):
    world = make_simulator(dataset=people, split="all", horizon=horizon, masking="none")
    starts = [PersonStart(user, 40, 0) for user in range(users)]
    state, _ = world.reset(starts, [Stream((1, u, 0), (1, u, 0)) for u in range(users)])
    return world, state


def test_fresh_noise_keeps_nothing_of_the_episodes_own(people: EmbeddedPeople) -> None:
    world, state = begin(people)
    copies = repeated(state, 6)
    fresh = with_fresh_noise(copies, world, 3, 4, np.random.default_rng(0))
    assert fresh.normal.shape == (18, 4, world.normals)
    assert not np.isin(fresh.normal, state.normal).any()
    assert not np.isin(fresh.uniform, state.uniform).any()
    np.testing.assert_array_equal(fresh.user, np.repeat(state.user, 6))
    assert (fresh.elapsed == 0).all()


def test_the_draws_of_a_person_are_stratified(people: EmbeddedPeople) -> None:
    world, state = begin(people)
    fresh = with_fresh_noise(repeated(state, 8), world, 3, 2, np.random.default_rng(1))
    strata = np.floor(fresh.uniform.reshape(3, 8, 2, -1) * 8).astype(int)
    np.testing.assert_array_equal(np.sort(strata, axis=1)[0, :, 0, 0], np.arange(8))
    assert (np.sort(strata, axis=1) == np.arange(8)[None, :, None, None]).all()
    assert np.abs(fresh.normal.reshape(3, 8, 2, -1).mean(axis=1)).max() < 0.35


def test_returns_are_those_of_stepping_each_plan_alone(people: EmbeddedPeople) -> None:
    world, state = begin(people)
    draws, days = 2, 3
    fresh = with_fresh_noise(repeated(state, draws), world, 3, days, np.random.default_rng(2))
    plans = np.random.default_rng(3).uniform(-1, 1, (3, 4, 2, 7)).astype(np.float32)
    reward = ScalarReward(world, None, 0.0)
    found = imagined_returns(world, reward, fresh, plans, days)
    assert found.shape == (3, 4)
    for candidate in range(4):
        total, alone = np.zeros(6), fresh
        for day in range(days):
            today = np.repeat(plans[:, candidate, min(day, 1)], draws, axis=0)
            after = world.step(alone, today)
            total += reward.scalar(after.components, after.extras["uncertainty"])[0]
            alone = after.state
        np.testing.assert_allclose(
            found[:, candidate], total.reshape(3, draws).mean(axis=1), rtol=1e-6
        )


def test_chunks_change_nothing(people: EmbeddedPeople, monkeypatch) -> None:
    world, state = begin(people)
    fresh = with_fresh_noise(repeated(state, 2), world, 3, 2, np.random.default_rng(2))
    plans = np.random.default_rng(3).uniform(-1, 1, (3, 4, 1, 7)).astype(np.float32)
    reward = ScalarReward(world, None, 0.0)
    whole = imagined_returns(world, reward, fresh, plans, 2)
    monkeypatch.setattr("agents.planning.plan_returns.MOST_ROWS", 1)
    np.testing.assert_allclose(imagined_returns(world, reward, fresh, plans, 2), whole, atol=1e-6)
