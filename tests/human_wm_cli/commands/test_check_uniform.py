from __future__ import annotations

import json
from pathlib import Path

import pytest

from human_wm_cli.commands.check_uniform import CheckUniformConfig, main
from human_wm_cli.config import compose
from human_wm_cli.console import run_script
from human_wm_cli.data import UNIFORM

SMALL = ["data.users=100", "data.days=150", "training.nets.epochs=60", "training.dreamt_people=100"]
TINY = ["data.users=12", "data.days=60", "model=mini", "training.nets.epochs=1", "draws=10"]
TINY += ["training.moments.epochs=1", "training.encoder.epochs=0", "training.dreamt_people=0"]


def run(tmp_path: Path, *words: str) -> None:
    arguments = [f"run.root={tmp_path}", "run.name=one", *words]
    run_script(main, CheckUniformConfig, "check_uniform", arguments=arguments)


def test_the_defaults() -> None:
    config = compose(CheckUniformConfig, "check_uniform")
    assert (config.data.source, config.draws) == (UNIFORM, 500)
    assert config.model.state_components > 1


def test_one_json_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, *TINY, "json=true")
    result = json.loads(capsys.readouterr().out)
    assert result == json.loads((tmp_path / "one" / "metrics.json").read_text())
    assert result["verdict"].startswith("Nothing to learn")
    assert len(result["requirements"]) == 5 and result["requirements"][0]["met"]


def test_other_logs_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, "data=mini")
    assert "Nothing else is noise" in capsys.readouterr().err


@pytest.mark.slow
def test_futures_of_noise_are_as_wide_as_the_noise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The latents are not yet empty at this size (docs/world_model.md): measured, not asked."""
    run(tmp_path, *SMALL, "json=true")
    result = json.loads(capsys.readouterr().out)
    by_name = {each["what"]: each for each in result["requirements"]}
    assert by_name["the audit finds nothing"]["met"]
    assert by_name["spread: distance from the numbers' own"]["met"]
    assert by_name["coverage: distance from nominal"]["value"] < 0.08
