"""DAgger on the planner: the actor learns what it is shown, and resumes exactly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.action_layout import bins
from agents.actor.hybrid_head import HybridHead
from agents.distillation.settings import DistilledConfig
from agents.distillation.training import train_distilled
from agents.env_config import EnvConfig
from agents.nudge.planner import NudgePlanner
from agents.planning.cross_entropy import CrossEntropyConfig
from agents.planning.dream_planner import ImaginingPlanner
from agents.planning.model_predictive_control import PlannerConfig
from agents.training_session import Session
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedPeople

SEARCH = CrossEntropyConfig(iterations=1, candidates=4, elite=2)
PLANNER = PlannerConfig(days=2, draws=2, first_iterations=1, search=SEARCH)
TINY = DistilledConfig(rounds=2, episodes=3, planner=PLANNER, passes=3, width=8)
ENV = EnvConfig("HumanWM-v0", horizon=3, split="all")


def test_it_learns_what_it_is_shown(
    people: EmbeddedPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    def advise(self: ImaginingPlanner, seen: np.ndarray) -> np.ndarray:
        action = np.full((len(seen), 7), 0.4, dtype=np.float32)
        action[:, 1] = np.where(seen[:, 36] > 0.0, 0.95, -0.95)  # by the weekday
        return action

    monkeypatch.setattr(ImaginingPlanner, "act", advise)
    config = replace(TINY, episodes=40, passes=300, learning_rate=0.02)
    agent = train_distilled(config, ENV, Session(dataset=people))
    seen = np.zeros((2, 43), dtype=np.float32)
    seen[:, 36] = [0.8, -0.8]
    acted = agent.act(seen)
    np.testing.assert_allclose(acted[:, [0, 3, 4, 5, 6]], 0.4, atol=0.1)
    assert bins(acted[:, 1], 7).tolist() == [6, 0]


def test_it_learns_when_to_send_nudges(
    people: EmbeddedPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days after somebody quit are of another person, and nothing is learned from them."""
    sent: list[np.ndarray] = []

    def advise(self: NudgePlanner, seen: np.ndarray) -> np.ndarray:
        action = np.where(seen[:, 36] > 0.0, 3, 0)  # by the weekday
        sent.append(action)
        return action

    monkeypatch.setattr(NudgePlanner, "act", advise)
    quitting = {"quit_rate": 0.3}
    env = EnvConfig("HumanWMNudge-v0", horizon=6, split="all", compliance=quitting)
    config = replace(TINY, rounds=1, episodes=40, passes=200, learning_rate=0.02)
    learned: list[int] = []
    real_parts = HybridHead.parts

    def parts(self: HybridHead, actions: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        learned.append(len(actions))
        return real_parts(self, actions)

    monkeypatch.setattr(HybridHead, "parts", parts)
    agent = train_distilled(config, env, Session(dataset=people))
    seen = np.zeros((2, 53), dtype=np.float32)
    seen[:, 36] = [0.8, -0.8]
    assert agent.act(seen).tolist() == [3, 0]
    assert 40 < learned[0] < 40 * len(sent)


def test_a_resumed_training_ends_with_the_same_bytes(
    people: EmbeddedPeople, tmp_path: Path
) -> None:
    curves: list[tuple[str, int]] = []

    class Curves:
        def scalar(self, name: str, value: float, step: int) -> None:
            curves.append((name, step))

    whole = train_distilled(TINY, ENV, Session(dataset=people, logger=Curves()))
    assert curves == [
        (name, day) for day in (9, 18) for name in ("rollout/ep_rew_mean", "train/loss")
    ]

    class Stop(Exception):
        pass

    def stop(agent: object, days: int) -> None:
        raise Stop

    kept = Session(dataset=people, state_folder=tmp_path, snapshot=stop)
    with pytest.raises(Stop):
        train_distilled(TINY, ENV, kept)
    days: list[int] = []
    going_on = replace(kept, snapshot=None, resume=True, progress=days.append)
    resumed = train_distilled(TINY, ENV, going_on)
    assert days[0] == 9 and sum(days) == 18
    for name, weights in whole.weights.items():
        np.testing.assert_array_equal(resumed.weights[name], weights)


@pytest.mark.parametrize("settings", [{"rounds": 0}, {"passes": 0}, {"learning_rate": 0.0}])
def test_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        DistilledConfig(**settings)
