"""The same controllers in both worlds."""

from __future__ import annotations

import numpy as np
import pytest

from agents.vector_tasks.controllers import (
    AT_RANDOM,
    CHANCES,
    FEWEST,
    RANDOM,
    DilutedAgent,
    controllers_of_all_qualities,
)
from agents.vector_tasks.paired import as_episodes, play_dream, play_paired, play_real
from tests.world_model.vector import pendulum


def drawn() -> dict:
    checkpoint = pendulum.checkpoint()
    first = controllers_of_all_qualities({}, checkpoint)
    return controllers_of_all_qualities({"own": first["drawn 1"]}, checkpoint)


def test_controllers_of_all_qualities_differ() -> None:
    agents = drawn()
    assert len(agents) == FEWEST
    assert list(agents)[FEWEST - 2 - len(CHANCES)] == RANDOM
    five = dict.fromkeys("abcde", agents["own"])
    many = controllers_of_all_qualities(five, pendulum.checkpoint())
    assert len(many) == AT_RANDOM + 1 + 5 * (1 + len(CHANCES))
    seen = np.random.default_rng(0).normal(size=(64, pendulum.checkpoint().architecture.features))
    acted = {}
    for name, agent in agents.items():
        agent.reset(64)
        acted[name] = agent.act(seen.astype(np.float32))
        agent.reset(64)
        np.testing.assert_array_equal(acted[name], agent.act(seen.astype(np.float32)))
    replaced = (acted["own, 50% random"] != acted["own"]).mean()
    assert 0.25 < replaced < 0.75
    assert (acted[RANDOM] != acted["own"]).all()
    assert (acted["drawn 2"] != acted["drawn 3"]).any()


def test_both_worlds_begin_alike_and_replay() -> None:
    checkpoint = pendulum.checkpoint()
    agent = DilutedAgent(drawn()["own"], checkpoint.task.action.space, 0.5)
    real, log = play_real(agent, checkpoint, 3, seed=4)
    assert real.lengths.tolist() == [200, 200, 200]
    np.testing.assert_array_equal(real.returns, as_episodes(log).returns)
    starts = log.first_observations()
    dreams = [play_dream(agent, checkpoint, starts, seed=4) for _ in range(2)]
    np.testing.assert_array_equal(dreams[0].returns, dreams[1].returns)
    short = play_dream(agent, checkpoint, starts, seed=4, arguments={"horizon": 7})
    assert short.lengths.tolist() == [7, 7, 7]
    found = play_paired({"own": agent}, checkpoint, 3, seed=4)
    np.testing.assert_allclose(found.real["own"].returns, real.returns)
    assert found.told == {"own": log.told()}
    assert found.dream["own"].returns == pytest.approx(dreams[0].returns)
