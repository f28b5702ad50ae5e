from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from stable_baselines3 import PPO

from agents.env_config import EnvConfig, make_vector_env
from agents.unsafe_zip import load_sb3_zip
from agents.vec_env import SB3VecEnv
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.people.embedded import EmbeddedPeople


@pytest.fixture
def zip_file(people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path) -> Path:
    from gymnasium.vector import AutoresetMode

    vector = make_vector_env(simulator, 2, autoreset=AutoresetMode.SAME_STEP, dataset=people)
    model = PPO("MlpPolicy", SB3VecEnv(vector), n_steps=4, batch_size=4, device="cpu")
    model.save(tmp_path / "model.zip")
    return tmp_path / "model.zip"


def test_without_trust_it_is_refused(zip_file: Path) -> None:
    with pytest.raises(ConfigError, match="trust_sb3_zip"):
        load_sb3_zip(zip_file, "ppo")


def test_with_trust_it_acts_and_warns(zip_file: Path) -> None:
    with pytest.warns(UserWarning, match="can run any code"):
        agent = load_sb3_zip(zip_file, "ppo", trust=True)
    agent.reset(2)
    assert agent.act(np.zeros((2, 43), dtype=np.float32)).shape == (2, 7)
    assert not agent.env.person_context


def test_other_files_and_algorithms_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    with pytest.warns(UserWarning), pytest.raises(CheckpointError, match="saved by"):
        load_sb3_zip(tmp_path / "bad.zip", "ppo", trust=True)
    with pytest.raises(ConfigError, match="Did you mean"):
        load_sb3_zip(tmp_path / "bad.zip", "pppo", trust=True)
