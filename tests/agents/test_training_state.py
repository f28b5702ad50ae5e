from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agents.env_config import EnvConfig
from agents.evolution.hyperparameters import CMAESConfig
from agents.sb3.hyperparameters import PPOConfig
from agents.tensor_tree import save_tree
from agents.training_session import Session
from agents.training_state import keep_state, kept_state, training_settings
from human_wm_env.errors import CheckpointError
from human_wm_env.model.checkpoint import BUNDLED, save_checkpoint
from human_wm_env.people.embedded import EmbeddedConfig, EmbeddedPeople, load_embedded
from human_wm_env.runtime.world_model import load_world_model


def test_what_prolongs_a_training_is_no_setting(
    people: EmbeddedPeople, simulator: EnvConfig
) -> None:
    settings = training_settings(PPOConfig(), simulator, people)
    assert training_settings(PPOConfig(steps=9, threads=2), simulator, people) == settings
    assert training_settings(PPOConfig(seed=1), simulator, people) != settings
    evolved = training_settings(CMAESConfig(), simulator, people)
    assert training_settings(CMAESConfig(generations=1), simulator, people) == evolved


def test_logs_and_world_models_are_known_by_their_content(
    people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path
) -> None:
    dream = replace(simulator, id="HumanWM-v0")
    copied = replace(dream, world_model=str(shutil.copytree(BUNDLED, tmp_path / "copied")))
    assert training_settings(PPOConfig(), copied, people) == training_settings(
        PPOConfig(), dream, people
    )
    others = load_embedded(EmbeddedConfig(users=12, days=120, seed=4))
    settings = training_settings(PPOConfig(), dream, people)
    changed = training_settings(PPOConfig(), dream, others)
    assert [name for name in settings if settings[name] != changed[name]] == ["env.dataset"]


def test_a_session_that_does_not_resume_begins_anew(tmp_path: Path) -> None:
    session = Session(state_folder=tmp_path)
    keep_state({"day": 3}, {"agent.seed": 1}, session)
    keep_state({"day": 3}, {"agent.seed": 1}, Session())  # keeps none
    assert kept_state({"agent.seed": 1}, session) is None
    resumed = replace(session, resume=True)
    assert kept_state({"agent.seed": 1}, resumed)["day"] == 3
    assert kept_state({}, replace(resumed, state_folder=tmp_path / "other")) is None
    with pytest.raises(CheckpointError, match=r"agent\.seed=1; received agent\.seed=2"):
        kept_state({"agent.seed": 2}, resumed)


def test_a_state_without_settings_is_refused(tmp_path: Path) -> None:
    save_tree({"day": 3}, tmp_path)
    with pytest.raises(CheckpointError, match="an earlier version"):
        kept_state({}, Session(state_folder=tmp_path, resume=True))


def test_other_weights_are_another_world_model(
    people: EmbeddedPeople, simulator: EnvConfig, tmp_path: Path
) -> None:
    bundled = load_world_model(None).checkpoint
    name = min(bundled.weights)
    save_checkpoint(
        tmp_path / "other",
        architecture=bundled.architecture,
        weights={**bundled.weights, name: bundled.weights[name] * np.float32(1.001)},
        weather_transitions=bundled.weather_transitions,
        details={},
    )
    dream = replace(simulator, id="HumanWM-v0")
    other = replace(dream, world_model=str(tmp_path / "other"))
    one, two = (training_settings(PPOConfig(), env, people) for env in (dream, other))
    assert [name for name in one if one[name] != two[name]] == ["env.world_model"]
