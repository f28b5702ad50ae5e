"""Comparisons in one command, on a small population: the table, and going on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from human_wm_cli.commands import experiments as run_experiments
from human_wm_cli.commands.experiments import RunExperimentsConfig, plan
from human_wm_cli.config import CONFIGS_FOLDER, compose
from human_wm_cli.console import run_script
from human_wm_env.model.architecture import Architecture
from world_model.pretrained import DEFAULT

SMALL = [
    *("data=mini", "model=mini", "training.dreamt_people=8", "training.nets.epochs=1"),
    *("training.moments.epochs=1", "training.encoder.epochs=1", "training.joint.epochs=1"),
    *("training.window_days=16", "training.validation_days=32", "training.likelihood_days=16"),
    *("card=quick", "card.horizons=[1,7]", "card.draws=10", "card.refine_steps=1"),
    *("card.fit_people=20", "card.diversity_draws=5", "card.people=5", "run.name=small"),
]


def experiments(root: Path, *more: str) -> None:
    run_script(
        run_experiments.main,
        RunExperimentsConfig,
        "run_experiments",
        arguments=[*SMALL, f"run.root={root}", *more],
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    experiments(folder, "experiments=[default,predecessor]")
    return folder


def result(root: Path) -> dict[str, Any]:
    metrics: dict[str, Any] = json.loads((root / "small" / "metrics.json").read_text())
    return metrics


def test_every_experiment_is_in_the_default_plan() -> None:
    config = compose(RunExperimentsConfig, "run_experiments")
    files = {file.stem for file in (CONFIGS_FOLDER / "experiments").glob("*.yaml")}
    assert set(config.experiments) == files and len(config.experiments) == len(files)
    planned = plan(config)
    default = planned.pop("default")
    assert default.training == config.training and default.card == config.card
    for name, settings in planned.items():
        assert (settings.model, settings.training) != (default.model, default.training), name
        assert (settings.data, settings.card) == (default.data, default.card), name
    assert planned["predecessor"].training.is_joint and planned["encoder_only"].training.is_joint
    assert planned["beta_c_4"].training.beta == {"a": 1.0, "b": 1.0, "c": 4.0}
    assert planned["no_ensemble"].model.members == 1 and not planned["markov"].model.memory
    assert default.model == DEFAULT and DEFAULT.has_response
    for name in ("film", "markov", "predecessor", "no_ensemble", "beta_c_4", "encoder_only"):
        sizes = planned[name].model
        assert (sizes.transition, sizes.latent_a, sizes.latent_c) == ("film", 16, 32), name
    assert planned["film"].model == Architecture()
    assert planned["large"].model.policy_hidden > default.model.policy_hidden


def test_the_table_is_kept_as_json_and_markdown(root: Path) -> None:
    found = result(root)
    assert [row["experiment"] for row in found["experiments"]] == ["default", "predecessor"]
    assert found["budget"].startswith("60 people x 200 days; at most 1 + 1 + 1 epochs")
    for row in found["experiments"]:
        assert row["spread_ratio"] > 0 and row["seconds"] > 0
    text = (root / "small" / "table.md").read_text()
    assert "| default |" in text and "| predecessor |" in text and found["budget"] in text
    default, predecessor = found["experiments"]
    assert predecessor["spread_given_latents_ratio"] < 0.3 * default["spread_given_latents_ratio"]
    for name in ("default", "predecessor"):
        run = root / "small" / "experiments" / name
        assert (run / "checkpoint" / "card.json").is_file()
        assert list((run / "tensorboard").iterdir())


def test_what_is_finished_is_not_run_again(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trained: list[str] = []
    own = run_experiments.run_pretraining

    def counted(settings: Any, run: Any) -> Any:
        trained.append(run.path.name)
        return own(settings, run)

    monkeypatch.setattr(run_experiments, "run_pretraining", counted)
    before = {row["experiment"]: row for row in result(root)["experiments"]}
    experiments(
        root, "run.resume=true", "experiments=[default,no_ensemble,predecessor]", "json=true"
    )
    assert trained == ["no_ensemble"]
    printed = json.loads(capsys.readouterr().out)
    rows = {row["experiment"]: row for row in printed["experiments"]}
    assert list(rows) == ["default", "no_ensemble", "predecessor"]
    assert all(rows[name] == row for name, row in before.items())
    assert result(root)["experiments"] == printed["experiments"]


def test_an_interrupted_training_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["experiments=[encoder_only]", "training.joint.epochs=2"]

    class PowerCutError(Exception):
        pass

    def cut(*_: Any, **__: Any) -> None:
        raise PowerCutError

    with monkeypatch.context() as patched:
        patched.setattr("world_model.pretrained.export", cut)  # after training
        with pytest.raises(PowerCutError):
            experiments(tmp_path, *words)
    state = tmp_path / "small" / "experiments" / "encoder_only" / "training_state"
    assert [file.name for file in state.iterdir()] == ["joint.state.safetensors"]
    monkeypatch.setattr(
        "world_model.training.joint_stage.JointStage.train_epoch",
        lambda *_: pytest.fail("trained again"),
    )
    experiments(tmp_path, *words, "run.resume=true")
    (row,) = result(tmp_path)["experiments"]
    assert row["experiment"] == "encoder_only" and row["seconds"] is None


def test_other_settings_are_not_mixed_into_a_table(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        experiments(root, "run.resume=true", "experiments=[default]", "training.seed=1")
    assert "the settings that 'default' was run with" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("experiments=[default,predecesor]", "Did you mean 'predecessor'?"),
        ("experiments=[default,default]", "experiments, each once"),
        ("experiments=[]", "experiments, each once"),
        ("experiment=[default]", "Did you mean 'experiments'?"),
    ],
)
def test_wrong_names_are_told_before_anything_runs(
    tmp_path: Path, words: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        experiments(tmp_path, words)
    assert message in capsys.readouterr().err
    assert not (tmp_path / "small").exists()
