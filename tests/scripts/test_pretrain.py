"""The pretraining script on a small population: checkpoint, manifest, resume, verdict."""

from __future__ import annotations

import json
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

import pretrain
from human_wm_env.people.embedded import EmbeddedConfig, load_embedded
from human_wm_env.runtime.checkpoint import load_checkpoint
from report import run_script

SMALL = [
    "data=mini",
    "model=mini",
    "training=quick",
    "training.nets.epochs=2",
    "training.moments.epochs=1",
    "training.encoder.epochs=1",
    "training.dreamt_people=20",
    "run.name=small",
]


def pretrained(root: Path, *more: str) -> None:
    run_script(
        pretrain.main,
        pretrain.PretrainConfig,
        "pretrain",
        arguments=[*SMALL, f"run.root={root}", *more],
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    pretrained(folder)
    return folder


def test_the_checkpoint_dreams(root: Path) -> None:
    env = gym.make(
        "HumanWM-v0",
        world_model=root / "small" / "checkpoint",
        dataset=load_embedded(EmbeddedConfig(users=60, days=200)),
    )
    observation, info = env.reset(seed=0)
    assert np.isfinite(observation).all()
    assert info["user"]


def test_the_manifest_says_what_it_was_trained_on(root: Path) -> None:
    manifest = load_checkpoint(root / "small" / "checkpoint").manifest
    assert manifest["command"] == "python scripts/pretrain.py"
    assert manifest["config"]["training"]["nets"]["epochs"] == 2
    assert "run" not in manifest["config"]
    assert manifest["data"]["users"] == 60
    dataset = load_embedded(EmbeddedConfig(users=60, days=200)).dataset
    assert manifest["data"]["sha256"] == dataset.fingerprint
    assert str(root) not in json.dumps(manifest)


def test_a_finished_run_resumes_to_the_same_weights(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = root / "small" / "checkpoint" / "weights.safetensors"
    before = file.read_bytes()
    pretrained(root, "run.resume=true", "json=true")
    printed = capsys.readouterr()
    assert file.read_bytes() == before
    assert json.loads(printed.out)["metrics"]["nets_epochs_run"] == 2
    assert "learn" in printed.err  # the verdict of the audit


def test_other_settings_do_not_resume(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        pretrained(root, "run.resume=true", "training.seed=5")
    assert stopped.value.code == 2
    assert "settings" in capsys.readouterr().err


def test_overwriting_starts_anew(root: Path) -> None:
    file = root / "small" / "checkpoint" / "weights.safetensors"
    before = file.read_bytes()
    pretrained(root, "run.overwrite=true", "training.seed=5")
    assert file.read_bytes() != before
