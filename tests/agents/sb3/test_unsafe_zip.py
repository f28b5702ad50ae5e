from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from sb3_contrib import RecurrentPPO
from stable_baselines3 import A2C, PPO, SAC, TD3
from torch import nn

from agents.env_config import EnvConfig, make_vector_env
from agents.saving import load_agent, save_agent
from agents.sb3.unsafe_zip import load_sb3_zip
from agents.sb3.vec_env import SB3VecEnv
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.people.embedded import EmbeddedPeople

SEEN = np.random.default_rng(0).normal(size=(5, 43)).astype(np.float32)
ON_POLICY = {"n_steps": 32}
MODELS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "relu": ("ppo", PPO, {**ON_POLICY, "policy_kwargs": {"activation_fn": nn.ReLU}}),
    "wide": ("a2c", A2C, {**ON_POLICY, "policy_kwargs": {"net_arch": [24, 24, 24]}}),
    "sac": ("sac", SAC, {}),
    "lstm": (
        "recurrent_ppo",
        RecurrentPPO,
        {**ON_POLICY, "policy_kwargs": {"lstm_hidden_size": 8}},
    ),
}
UNEVEN: dict[str, tuple[str, Any, dict[str, Any], str]] = {
    "td3": ("td3", TD3, {}, r"\(400, 43\)"),
    "branches": (
        "ppo",
        PPO,
        {**ON_POLICY, "policy_kwargs": {"net_arch": {"pi": [8], "vf": [16]}}},
        r"\(8, 43\)",
    ),
    "sde": ("ppo", PPO, {**ON_POLICY, "use_sde": True}, "use_sde=True"),
    "silu": ("ppo", PPO, {**ON_POLICY, "policy_kwargs": {"activation_fn": nn.SiLU}}, "SiLU"),
}


@pytest.fixture
def venv(people: EmbeddedPeople, simulator: EnvConfig) -> SB3VecEnv:
    vector = make_vector_env(simulator, 2, autoreset=AutoresetMode.SAME_STEP, dataset=people)
    return SB3VecEnv(vector)


@pytest.fixture
def zip_file(venv: SB3VecEnv, tmp_path: Path) -> Path:
    return saved(PPO, venv, tmp_path, n_steps=4, batch_size=4)


def saved(algorithm: Any, venv: SB3VecEnv, folder: Path, **settings: Any) -> Path:
    policy = "MlpLstmPolicy" if algorithm is RecurrentPPO else "MlpPolicy"
    model = algorithm(policy, venv, device="cpu", seed=1, **settings)
    model.save(folder / "model.zip")
    return folder / "model.zip"


def test_without_trust_it_is_refused(zip_file: Path) -> None:
    with pytest.raises(ConfigError, match="trust_sb3_zip"):
        load_sb3_zip(zip_file, "ppo")


def test_with_trust_it_acts_and_warns(zip_file: Path) -> None:
    with pytest.warns(UserWarning, match="can run any code"):
        agent = load_sb3_zip(zip_file, "ppo", trust=True)
    agent.reset(2)
    assert agent.act(np.zeros((2, 43), dtype=np.float32)).shape == (2, 7)
    assert not agent.env.person_context


@pytest.mark.filterwarnings("ignore:.*it can run any code")
@pytest.mark.parametrize("name", MODELS)
def test_a_model_saved_as_an_agent_acts_as_before(
    name: str, venv: SB3VecEnv, tmp_path: Path
) -> None:
    kind, algorithm, settings = MODELS[name]
    agent = load_sb3_zip(saved(algorithm, venv, tmp_path, **settings), kind, trust=True)
    loaded = load_agent(save_agent(agent, tmp_path / "agent"))
    for each in (agent, loaded):
        each.reset(5)
    np.testing.assert_array_equal(agent.act(SEEN), loaded.act(SEEN))


@pytest.mark.filterwarnings("ignore:.*it can run any code")
@pytest.mark.parametrize("name", UNEVEN)
def test_a_model_of_nets_that_no_settings_describe_acts_and_is_not_saved(
    name: str, venv: SB3VecEnv, tmp_path: Path
) -> None:
    kind, algorithm, settings, named = UNEVEN[name]
    agent = load_sb3_zip(saved(algorithm, venv, tmp_path, **settings), kind, trust=True)
    agent.reset(5)
    assert agent.act(SEEN).shape == (5, 7)
    with pytest.raises(ConfigError, match=rf"received .*{named}"):
        save_agent(agent, tmp_path / "agent")
    assert not (tmp_path / "agent").exists()


def test_a_missing_file_is_named_without_a_warning(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nothere\.zip, which is no file"):
        load_sb3_zip(tmp_path / "nothere.zip", "ppo", trust=True)


def test_other_files_and_algorithms_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    with pytest.warns(UserWarning), pytest.raises(CheckpointError, match="saved by"):
        load_sb3_zip(tmp_path / "bad.zip", "ppo", trust=True)
    with pytest.raises(ConfigError, match="Did you mean"):
        load_sb3_zip(tmp_path / "bad.zip", "pppo", trust=True)
