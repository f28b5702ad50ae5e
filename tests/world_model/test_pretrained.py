"""Training and using a world model with the public names alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import gymnasium as gym
import numpy as np

from human_wm_env import imagine_futures, load_world_model
from human_wm_env.model.checkpoint import load_checkpoint
from tests.world_model import tiny
from tests.world_model.responding import RESPONSE, SMALL
from world_model import StageConfig, TrainingConfig, pretrain

STAGE = StageConfig(epochs=1, batch_people=4, learning_rate=1e-3)
SHORT = TrainingConfig(
    nets=STAGE, moments=STAGE, encoder=STAGE, window_days=24, likelihood_days=16, dreamt_people=0
)


def test_a_pretrained_model_dreams(tmp_path: Path) -> None:
    dataset = tiny.logs()
    pretrained = pretrain(dataset, tmp_path / "checkpoint", tiny.TINY, SHORT)
    assert pretrained.checkpoint == tmp_path / "checkpoint"
    assert {"seconds", "active_units_a", "nets_objective"} <= pretrained.metrics.keys()
    manifest = load_world_model(pretrained.checkpoint).checkpoint.manifest
    assert manifest["data"]["sha256"] == dataset.fingerprint
    assert manifest["config"]["training"]["nets"]["epochs"] == 1
    assert manifest["posterior"] == dict.fromkeys("abc", "encoder")
    assert manifest["best_at_the_end"] == [] and "states_measured" not in manifest
    assert manifest["metrics"]["active_units_a"] == pretrained.metrics["active_units_a"]
    user = dataset.user_ids[0]
    futures = imagine_futures(
        dataset, user, 40, world_model=pretrained.checkpoint, horizon=3, draws=2
    )
    assert futures.rows.shape == (125, 3, 10)
    env = gym.make(
        "human_wm_env:HumanWM-v0", world_model=pretrained.checkpoint, dataset=dataset, horizon=5
    )
    observation, _ = env.reset(seed=0)
    assert np.isfinite(observation).all()


def test_a_response_names_its_posterior_and_when_states_are_measured(tmp_path: Path) -> None:
    training = dataclasses.replace(SHORT, response=RESPONSE)
    pretrained = pretrain(tiny.logs(), tmp_path, SMALL, training)
    manifest = load_checkpoint(tmp_path).manifest
    assert manifest["posterior"] == {"a": "exact", "b": "encoder", "c": "exact"}
    assert manifest["states_measured"] == "evening"
    assert {"response_kl_a_nats", "response_kl_c_nats", "nets_kl_b_nats", "active_units_c"} <= (
        pretrained.metrics.keys()
    )
