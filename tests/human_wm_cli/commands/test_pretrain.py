"""The pretraining script on a small population: checkpoint, manifest, resume, verdict."""

from __future__ import annotations

import json
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from human_wm_cli.commands import pretrain
from human_wm_cli.config import compose
from human_wm_cli.console import run_script
from human_wm_env.model.checkpoint import BUNDLED, load_checkpoint
from human_wm_env.people.embedded import EmbeddedConfig, load_embedded
from tests.human_wm_cli.dashboard.reading import scalars, tags
from world_model.export import load_start

SMALL = [
    "data=mini",
    "model=mini",
    "training=quick",
    "training.nets.epochs=2",
    "training.moments.epochs=1",
    "training.encoder.epochs=1",
    "training.dreamt_people=20",
    *("card=quick", "card.horizons=[1,7]", "card.draws=10", "card.refine_steps=1"),
    *("card.fit_people=20", "card.diversity_draws=5", "card.people=5"),
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
    assert env.unwrapped.user_name(info["user_index"])


def test_the_manifest_says_what_it_was_trained_on(root: Path) -> None:
    manifest = load_checkpoint(root / "small" / "checkpoint").manifest
    assert manifest["command"] == "python scripts/pretrain.py"
    assert manifest["config"]["training"]["nets"]["epochs"] == 2
    assert not {"run", "card"} & set(manifest["config"])
    assert "start" not in manifest
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


def test_the_model_card_is_written_beside_the_weights_and_into_tensorboard(root: Path) -> None:
    checkpoint = root / "small" / "checkpoint"
    card = json.loads((checkpoint / "card.json").read_text())
    manifest = load_checkpoint(checkpoint).manifest
    assert card["about"]["weights_sha256"] == manifest["weights_sha256"]
    assert card["about"]["trained_on_these_data"] is True
    assert "whom training never saw" in (checkpoint / "card.md").read_text()
    events = root / "small/tensorboard"
    assert "verdict/card/active_units_c" in scalars(events / "verdict")
    assert [step for step, _ in scalars(events / "nets")["nets/validation/objective"]] == [0, 1, 2]
    pictures = tags(events / "figures")
    assert {"calibration/coverage", "calibration/PIT by features"} <= pictures
    assert len([name for name in pictures if name.startswith("futures/")]) == 3
    assert "model card" in tags(events / "tables")
    people = (events / "latents/people.tsv").read_text().splitlines()
    assert len(people) == 61 and "sleep_habit_hours" in people[0].split("\t")


def test_it_begins_with_a_checkpoint_and_says_which(root: Path) -> None:
    start = root / "small" / "checkpoint"
    pretrained(root, "run.name=tuned", "card=null", f"training.start={start}")
    tuned = root / "tuned" / "checkpoint"
    assert not (tuned / "card.json").exists()
    before, manifest = load_checkpoint(start).manifest, load_checkpoint(tuned).manifest
    assert manifest["start"]["weights_sha256"] == before["weights_sha256"]
    assert manifest["start"]["data"] == before["data"]
    assert manifest["config"]["training"]["start"] == "a checkpoint; see start.weights_sha256"
    assert str(root) not in json.dumps(manifest)


def test_people_too_few_for_a_card_are_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["data.users=10", "training.moments.batch_people=4", "run.name=few"]
    pretrained(root, *few)
    assert "No model card: expected two or more people" in capsys.readouterr().err
    assert (root / "few" / "checkpoint" / "weights.safetensors").is_file()


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


def test_a_test_on_unseen_people_is_refused_where_everybody_trains(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["data.source=mine.csv", "data.split=time", "data.everybody_trains=true"]
    with pytest.raises(SystemExit):
        run_script(
            pretrain.main,
            pretrain.PretrainConfig,
            "pretrain",
            arguments=["data=few_people", *arguments, f"run.root={tmp_path}"],
        )
    assert "training.empty_blocks=false" in capsys.readouterr().err


def test_fine_tuning_finds_the_bundled_start_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = compose(pretrain.PretrainConfig, "pretrain", ["training=finetune"])
    assert config.training.start is not None
    assert load_start(config.training.start, config.model).folder == BUNDLED
