from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from human_wm_cli.commands.evaluate_forecasts import EvaluateForecastsConfig, main
from human_wm_cli.config import compose
from human_wm_cli.console import run_script
from human_wm_cli.data import DataConfig
from human_wm_env.model.checkpoint import save_checkpoint
from human_wm_env.person import schema
from tests.world_model import tiny
from world_model.card import held_out_days
from world_model.card.held_out_days import HeldOutConfig
from world_model.forecasters import forecast

SMALL = [
    "forecasts.draws=10",
    "data.held_out_share=0.1",
    "forecasts.forecasters=[exponential_mean,mixed_model]",
]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """The tiny people as a user's own file."""
    file = tmp_path / "mine.csv"
    some = tiny.logs()
    first = np.datetime64("2024-01-01")
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["user_id", "date", *schema.FEATURE_NAMES])
        for user in range(some.users):
            for day in range(some.days):
                cells = [
                    ""
                    if not some.observed[user, day, index]
                    else feature.categories[int(some.rows[user, day, index])]
                    if isinstance(feature, schema.Categorical)
                    else float(some.rows[user, day, index])
                    for index, feature in enumerate(schema.FEATURES)
                ]
                writer.writerow([some.user_ids[user], first + day, *cells])
    return file


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    loaded = tiny.checkpoint()
    folder = tmp_path / "checkpoint"
    save_checkpoint(
        folder,
        architecture=loaded.architecture,
        weights=loaded.weights,
        weather_transitions=loaded.weather_transitions,
        details={},
    )
    return folder


def run(logs: Path, checkpoint: Path, tmp_path: Path, *words: str) -> None:
    arguments = [f"data.source={logs}", f"checkpoint={checkpoint}", *SMALL, *words]
    arguments += [f"run.root={tmp_path / 'runs'}", "run.name=one"]
    run_script(main, EvaluateForecastsConfig, "evaluate_forecasts", arguments=arguments)


def test_the_defaults() -> None:
    config = compose(EvaluateForecastsConfig, "evaluate_forecasts", ["data.source=mine.csv"])
    assert config.forecasts == HeldOutConfig()
    assert config.data == DataConfig(source="mine.csv", split="time", everybody_trains=True)
    assert config.forecasts.draws >= 500


def test_a_pool(
    logs: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(logs, checkpoint, tmp_path, f"pooled_with=[{checkpoint},{checkpoint}]")
    assert "12 draws of 3 checkpoints together" in capsys.readouterr().out


def test_tables(
    logs: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(logs, checkpoint, tmp_path)
    out = capsys.readouterr().out
    assert out.startswith("mine: 144 held-out days of 12 people (split by time)")
    assert "trained on other logs" in out
    for what in ("steps", "average", "1 day ahead", "7 days ahead", "Coverage", "Significantly"):
        assert what in out
    for what in ("exponential_mean", "mixed_model", "blend", "dream over it, CRPS"):
        assert what in out
    metrics = json.loads((tmp_path / "runs" / "one" / "metrics.json").read_text())
    assert metrics["about"]["held_out_days"] == 144


def test_one_person(
    logs: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head, *rows = logs.read_text().splitlines(keepends=True)
    mine = [row for row in rows if row.startswith(f"{tiny.logs().user_ids[0]},")]
    logs.write_text("".join([head, *mine]))
    run(logs, checkpoint, tmp_path)
    out = capsys.readouterr().out
    assert out.startswith("mine: 12 held-out days of 1 person (split by time)")
    assert "cannot be judged, so there are no intervals" in out
    assert "[" not in out and "Significantly" not in out


def test_without_lightgbm_the_extra_is_named(
    logs: Path,
    checkpoint: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (forecast, held_out_days):
        monkeypatch.setattr(module, "installed", lambda: False)
    run(logs, checkpoint, tmp_path, "forecasts.forecasters=null")
    out = capsys.readouterr().out
    assert "pip install 'humanwm[forecasts]'" in out and "mixed_model" in out


def test_one_json_object(
    logs: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(logs, checkpoint, tmp_path, "json=true")
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "runs" / "one" / "metrics.json").read_text())


def test_people_cannot_be_walked_over(
    logs: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run_script(
            main,
            EvaluateForecastsConfig,
            "evaluate_forecasts",
            arguments=[
                f"data.source={logs}",
                "data.split=people",
                f"run.root={tmp_path / 'runs'}",
            ],
        )
    assert "data.split=time" in capsys.readouterr().err
