from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from agents.baselines import ConstantAgent, HabitAgent, RandomAgent
from agents.env_config import EnvConfig
from agents.episode_starts import Starts, draw_starts
from agents.evaluation.bootstrap_intervals import Bootstrap
from agents.evaluation.replay_foresight import run_replay, summarise_foresight
from agents.evolution.controller import ControllerAgent, ControllerShape
from agents.evolution.hyperparameters import CMAESConfig
from agents.planning.dream_planner import ImaginingPlanner
from agents.planning.model_predictive_control import PlannerConfig
from agents.planning.oracle_planner import OraclePlanner
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.person import actions, observations, rewards
from human_wm_env.runtime.world_model import load_world_model


@pytest.fixture
def starts(people: EmbeddedPeople, simulator: EnvConfig) -> Starts:
    return draw_starts(simulator, people=3, episodes_per_person=1, seed=0, dataset=people)


class Prophet:
    """Has read the log to come."""

    def __init__(self, people: EmbeddedPeople, starts: Starts) -> None:
        self.name = "prophet"
        self.env_overrides: Mapping[str, Any] = {}
        self.logs, self.starts, self.day = people.dataset, starts, 0

    def reset(self, slots: int) -> None:
        self.day = 0

    def act(self, observations: np.ndarray) -> np.ndarray:
        users = [self.logs.index_of(user) for user in self.starts.users]
        logged = self.logs.rows[users, self.starts.days + self.day]
        self.day += 1
        return actions.encode(np.maximum(logged, 0.0))


def test_foresight_is_that_of_the_log(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts
) -> None:
    agents = {"zero": ConstantAgent(np.zeros(7)), "prophet": Prophet(people, starts)}
    found = run_replay({**agents, "random": RandomAgent()}, simulator, starts, dataset=people)
    logs = people.dataset
    users = np.array([logs.index_of(user) for user in starts.users])
    typical = actions.decode(np.zeros((len(users), 7), dtype=np.float32))
    days = [
        rewards.foresight(
            typical, logs.rows[users, starts.days + day], logs.observed[users, starts.days + day]
        )[:, 0]
        for day in range(simulator.horizon)
    ]
    expected = np.mean(days, axis=0)
    np.testing.assert_allclose(found["zero"].components["foresight"], expected, rtol=1e-5)
    summary = summarise_foresight(found, Bootstrap(resamples=100))
    assert summary["zero"]["foresight"]["mean"] == pytest.approx(expected.mean(), rel=1e-5)
    assert summary["prophet"]["foresight"]["mean"] > summary["zero"]["foresight"]["mean"]
    assert summary["prophet"]["minus_random"]["low"] > 0.0
    assert "minus_random" not in summary["random"]


def test_who_chooses_no_days_is_left_out(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts
) -> None:
    shape = ControllerShape(observations.WIDTH + load_world_model().architecture.latent_width)
    seeing = EnvConfig("HumanWM-v0", person_context=True)
    tiny = PlannerConfig(days=1, draws=1, first_iterations=1)
    agents = {
        "habit": HabitAgent(),
        "oracle": OraclePlanner(tiny),
        "planner": ImaginingPlanner(tiny),
        "controller": ControllerAgent(shape, np.zeros(shape.parameters), CMAESConfig(), seeing),
    }
    done: list[int] = []
    found = run_replay(agents, simulator, starts, dataset=people, progress=done.append)
    assert list(found) == ["planner", "controller"]
    assert sum(done) == 4
