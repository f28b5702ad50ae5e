from __future__ import annotations

import json
from pathlib import Path

import pytest

from human_wm_cli.commands import report
from human_wm_cli.commands.report import ReportWorldModelConfig, main
from human_wm_cli.config import compose
from human_wm_cli.console import run_script
from human_wm_env.model.checkpoint import BUNDLED, save_checkpoint
from tests.world_model import tiny
from world_model.card.config import CardConfig

TINY = ["card=quick", "data.users=60", "data.days=60", "card.horizons=[1,7]", "card.draws=10"]
TINY += ["card.refine_steps=1", "card.fit_people=20", "card.diversity_draws=5"]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    loaded = tiny.checkpoint()
    folder = tmp_path / "run" / "checkpoint"
    save_checkpoint(
        folder,
        architecture=loaded.architecture,
        weights=loaded.weights,
        weather_transitions=loaded.weather_transitions,
        details={},
    )
    return folder


def run(*words: str) -> None:
    run_script(main, ReportWorldModelConfig, "report_world_model", arguments=[*TINY, *words])


def test_the_defaults() -> None:
    assert compose(ReportWorldModelConfig, "report_world_model").card == CardConfig()
    quick = compose(ReportWorldModelConfig, "report_world_model", ["card=quick"]).card
    assert (quick.people, quick.draws) == (20, 50)


def test_card_tables_and_events(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkpoint.parent / "tensorboard").mkdir()
    run(f"checkpoint={checkpoint}")
    out, _ = capsys.readouterr()
    for title in ("Latents", "True traits", "Forecasts", "CRPS", "Spread", "Requirements"):
        assert title in out
    card = json.loads((checkpoint / "card.json").read_text())
    assert card["about"]["trained_on_these_data"] is False
    requirements = json.loads((checkpoint / "requirements.json").read_text())
    assert requirements["coverage: distance from nominal"]["met"] in (True, False)
    text = (checkpoint / "card.md").read_text()
    assert text.startswith("# Model card") and "## Requirements" in text
    assert "whom training never saw" not in text
    assert list((checkpoint.parent / "tensorboard").iterdir())


def test_json_is_the_card(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(f"checkpoint={checkpoint}", "json=true")
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((checkpoint / "card.json").read_text())
    assert not (checkpoint / "tensorboard").exists()  # no run, no curves


def test_a_wrong_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(f"checkpoint={tmp_path / 'nowhere'}")
    assert "CheckpointError" in capsys.readouterr().err


def test_the_card_of_the_bundled_checkpoint_is_written_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = {file: file.read_bytes() for file in BUNDLED.iterdir()}
    given: list[Path | None] = []

    def stop(*arguments: object, folder: Path | None) -> None:
        given.append(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "write_card", stop)
    for words in ([], [f"checkpoint={BUNDLED}"], [f"card_folder={tmp_path}"], ["checkpoint=other"]):
        with pytest.raises(KeyboardInterrupt):
            run(*words)
    assert given == [Path("runs/bundled_card"), Path("runs/bundled_card"), tmp_path, None]
    assert {file: file.read_bytes() for file in BUNDLED.iterdir()} == before


def test_a_card_can_be_written_anywhere(checkpoint: Path, tmp_path: Path) -> None:
    run(f"checkpoint={checkpoint}", f"card_folder={tmp_path / 'new' / 'card'}")
    assert (tmp_path / "new" / "card" / "card.md").exists()
    assert not (checkpoint / "card.md").exists()
