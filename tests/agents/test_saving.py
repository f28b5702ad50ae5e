from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from safetensors.torch import load_file, save_file

from agents.baselines import ConstantAgent, HabitAgent, RandomAgent
from agents.env_config import EnvConfig
from agents.evaluation.fingerprints import agent_digest
from agents.protocol import Agent
from agents.registry import train_agent
from agents.saving import load_agent, save_agent
from agents.sb3.hyperparameters import PPOConfig
from agents.sb3.policy import PolicyAgent
from agents.training_session import Session
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.files.sealed_folder import (
    MANIFEST_FILE as MANIFEST,
)
from human_wm_env.files.sealed_folder import (
    MANIFEST_SEAL,
    manifest_seal,
)
from human_wm_env.files.sealed_folder import (
    WEIGHTS_FILE as WEIGHTS,
)
from human_wm_env.people.embedded import EmbeddedPeople

OBSERVATIONS = np.random.default_rng(0).normal(size=(20, 43)).astype(np.float32)


@pytest.fixture(scope="module")
def trained(people: EmbeddedPeople) -> PolicyAgent:
    config = PPOConfig(steps=60, slots=6, n_steps=5, batch_size=15, width=8, warm_start=0)
    weights = {"mood": 1.0}
    env = EnvConfig("HumanWMSim-v0", horizon=5, split="all", reward_weights=weights)
    agent = train_agent(config, env, Session(dataset=people))
    assert isinstance(agent, PolicyAgent)
    return agent


@pytest.fixture
def saved(trained: PolicyAgent, tmp_path: Path) -> Path:
    return save_agent(trained, tmp_path / "agent")


def acts_alike(one: Agent, other: Agent) -> bool:
    for agent in (one, other):
        agent.reset(len(OBSERVATIONS))
    return all(np.array_equal(one.act(OBSERVATIONS), other.act(OBSERVATIONS)) for _ in range(3))


def test_ppo_acts_identically(trained: PolicyAgent, saved: Path) -> None:
    loaded = load_agent(saved)
    assert isinstance(loaded, PolicyAgent)
    assert acts_alike(trained, loaded)
    assert (loaded.config, loaded.env) == (trained.config, trained.env)
    assert loaded.env_overrides == trained.env_overrides
    assert loaded.policy.observation_space == trained.policy.observation_space


def test_a_sampling_ppo_samples_identically(trained: PolicyAgent, tmp_path: Path) -> None:
    agent = PolicyAgent("ppo", trained.policy, trained.config, trained.env, deterministic=False)
    loaded = load_agent(save_agent(agent, tmp_path / "agent"))
    assert acts_alike(agent, loaded)


@pytest.mark.parametrize(
    "agent",
    [RandomAgent(5), HabitAgent(), ConstantAgent(np.linspace(-1, 1, 7), "best_constant")],
    ids=lambda agent: agent.name,
)
def test_baselines_act_identically(agent: Agent, tmp_path: Path) -> None:
    loaded = load_agent(str(save_agent(agent, tmp_path / "deep" / "agent")))
    assert type(loaded) is type(agent)
    assert acts_alike(agent, loaded)
    assert (loaded.name, loaded.env_overrides) == (agent.name, agent.env_overrides)


@pytest.mark.parametrize(
    "agent",
    [
        RandomAgent(5, spaces.Discrete(4, start=2)),
        RandomAgent(5, spaces.MultiDiscrete([2, 9])),
        RandomAgent(5, spaces.Box(0.0, 8.0, (2, 3))),
        ConstantAgent(np.full((2, 3), 7.0), space=spaces.Box(0.0, 8.0, (2, 3))),
        ConstantAgent(np.array([7.0]), space=spaces.Box(0.0, 8.0, (1,))),
    ],
    ids=lambda agent: f"{agent.name} in {agent._space}",
)
def test_baselines_of_other_worlds_keep_their_space(agent: Agent, tmp_path: Path) -> None:
    loaded = load_agent(save_agent(agent, tmp_path))
    assert acts_alike(agent, loaded)
    assert agent_digest(loaded) == agent_digest(agent)
    assert agent_digest(RandomAgent(5)) != agent_digest(agent)


def test_the_space_of_people_is_not_written_down() -> None:
    """Manifests and digests of earlier versions do not have it."""
    assert RandomAgent(5).to_manifest() == ({"seed": 5}, {})
    assert ConstantAgent(np.zeros(7)).to_manifest()[0] == {"name": "constant"}


def test_the_folder_holds_two_files(saved: Path) -> None:
    assert sorted(file.name for file in saved.iterdir()) == [MANIFEST, WEIGHTS]
    manifest = json.loads((saved / MANIFEST).read_text())
    assert manifest["algorithm"] == "ppo"
    assert manifest["env"]["reward_weights"] == {"mood": 1.0}
    assert len(manifest["observation_space"]["low"]) == 43


def test_saving_again_replaces(saved: Path) -> None:
    save_agent(HabitAgent(), saved)
    assert isinstance(load_agent(saved), HabitAgent)


def test_an_unknown_agent_cannot_be_saved(tmp_path: Path) -> None:
    class Planner(HabitAgent):  # its kind is still "habit"
        pass

    with pytest.raises(ConfigError, match="Planner"):
        save_agent(Planner(), tmp_path)


def edit(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        manifest = json.loads((folder / MANIFEST).read_text())
        change(manifest)
        manifest[MANIFEST_SEAL] = manifest_seal(manifest)
        (folder / MANIFEST).write_text(json.dumps(manifest))

    return apply


def cut_the_weights(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-5])


def swap_a_byte(folder: Path) -> None:
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (folder / WEIGHTS).write_bytes(content)


def write_garbage_with_its_checksum(folder: Path) -> None:
    import hashlib

    (folder / WEIGHTS).write_bytes(b"no tensors")
    digest = hashlib.sha256(b"no tensors").hexdigest()
    edit(lambda m: m.update(weights_sha256=digest))(folder)


def drop_a_tensor_with_its_checksum(folder: Path) -> None:
    import hashlib

    tensors = load_file(folder / WEIGHTS)
    del tensors["log_std"]
    save_file(tensors, folder / WEIGHTS)
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    edit(lambda m: m.update(weights_sha256=digest))(folder)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / MANIFEST).unlink(), "humanwm train"),
        (lambda f: (f / WEIGHTS).unlink(), "none in"),
        (lambda f: (f / MANIFEST).write_text("{"), "valid JSON"),
        (lambda f: (f / MANIFEST).write_bytes(b"\xff\xfe"), "valid JSON"),
        (lambda f: (f / MANIFEST).write_text("[]"), "a manifest in"),
        (edit(lambda m: m.update(format=3)), "format 2"),
        (edit(lambda m: m.update(schema_version=99)), "schema_version 1"),
        (edit(lambda m: m.update(algorithm="rainbow")), "'rainbow'"),
        (edit(lambda m: m["config"].update(width=16)), "size mismatch"),
        (edit(lambda m: m["config"].update(widht=8)), "widht"),
        (edit(lambda m: m["config"].update(steps=0)), "steps >= 1"),
        (edit(lambda m: m["observation_space"].update(low=[0.0])), "describes its weights"),
        (edit(lambda m: m.pop("env")), "env"),
        (cut_the_weights, "checksum"),
        (swap_a_byte, "checksum"),
        (write_garbage_with_its_checksum, "safetensors in"),
        (drop_a_tensor_with_its_checksum, "log_std"),
    ],
)
def test_damage_is_a_checkpoint_error(
    saved: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(saved)
    with pytest.raises(CheckpointError, match=message):
        load_agent(saved)


def test_a_missing_folder_is_a_checkpoint_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such folder"):
        load_agent(tmp_path / "nowhere")


def test_weights_of_another_agent_are_refused(saved: Path, tmp_path: Path) -> None:
    other = save_agent(ConstantAgent(np.zeros(7)), tmp_path / "other")
    (saved / WEIGHTS).write_bytes((other / WEIGHTS).read_bytes())
    with pytest.raises(CheckpointError, match="other bytes"):
        load_agent(saved)


def test_loading_never_unpickles(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("torch.load was called")

    monkeypatch.setattr(torch, "load", refuse)
    load_agent(saved)


def test_a_zip_of_stable_baselines3_is_told_from_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "mine.zip"
    file.write_bytes(b"PK")
    with pytest.raises(CheckpointError, match=r"sb3_zips=\{ppo: \[.*mine.zip\]\}. trust_sb3_zip"):
        load_agent(file)


@pytest.mark.parametrize("place", [None, 3])
def test_agents_are_kept_under_a_path(place: Any) -> None:
    with pytest.raises(ConfigError, match="the folder of an agent as a path"):
        save_agent(HabitAgent(), place)
    with pytest.raises(ConfigError, match="the folder of an agent as a path"):
        load_agent(place)
