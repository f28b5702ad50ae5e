"""PPO and DQN where people are nudged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from agents.env_config import EnvConfig
from agents.registry import train_agent
from agents.saving import load_agent, save_agent
from agents.sb3.hyperparameters import DQNConfig, PPOConfig
from agents.sb3.policy import PolicyAgent
from agents.training_session import Session
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedPeople

# Nobody quits where all comply, so that a resumed training repeats the whole one.
ENV = EnvConfig("HumanWMNudgeSim-v0", horizon=7, split="all", compliance="full")
COMMON: dict[str, Any] = {"steps": 90, "slots": 6, "width": 8, "layers": 1, "warm_start": 0}
CONFIGS = {
    "ppo": PPOConfig(**COMMON, n_steps=5, batch_size=15, n_epochs=2),
    "dqn": DQNConfig(
        **COMMON,
        learning_starts=12,
        batch_size=8,
        buffer_size=48,
        gradient_steps=1,
        target_update_interval=24,
    ),
}
every_algorithm = pytest.mark.parametrize("name", list(CONFIGS))


def trained(name: str, session: Session, **changes: Any) -> PolicyAgent:
    agent = train_agent(replace(CONFIGS[name], **changes), ENV, session)
    assert isinstance(agent, PolicyAgent)
    return agent


@every_algorithm
def test_it_trains_acts_and_is_saved(name: str, people: EmbeddedPeople, tmp_path: Path) -> None:
    env = replace(ENV, compliance="harsh")
    agent = train_agent(CONFIGS[name], env, Session(dataset=people))
    loaded = load_agent(save_agent(agent, tmp_path / "agent"))
    seen = np.random.default_rng(0).random((30, 53)).astype(np.float32)
    acted = agent.act(seen)
    assert acted.shape == (30,) and set(acted) <= set(range(6))
    assert np.array_equal(acted, loaded.act(seen))
    assert loaded.env == env  # type: ignore[attr-defined]


@every_algorithm
def test_a_resumed_training_repeats_the_whole_one(
    name: str, people: EmbeddedPeople, tmp_path: Path
) -> None:
    class Killed(Exception):
        """Stands for the end of a process."""

    def stop(agent: Any, days: int) -> None:
        if days >= 60:
            raise Killed

    whole = trained(name, Session(dataset=people, checkpoint_days=30, state_folder=tmp_path / "a"))
    first = Session(dataset=people, checkpoint_days=30, state_folder=tmp_path / "b", snapshot=stop)
    with pytest.raises(Killed):
        trained(name, first)
    second = Session(dataset=people, checkpoint_days=30, state_folder=tmp_path / "b", resume=True)
    resumed = trained(name, second)
    kept, again = whole.policy.state_dict(), resumed.policy.state_dict()
    assert all(torch.equal(kept[part], again[part]) for part in kept)


def test_there_is_no_best_constant_day_to_begin_with(people: EmbeddedPeople) -> None:
    with pytest.raises(ConfigError, match="warm_start=0"):
        trained("ppo", Session(dataset=people), warm_start=1)
