"""The command that judges effects of actions, on very few people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from human_wm_cli.commands import interventions

SMALL = [
    *("members=[0]", "people=24", "judged=20", "days=80", "draws=20"),
    *(
        "response.rounds=1",
        "response.steps=10",
        "response.rate_channels=1",
        "response.mood_channels=1",
        "response.rank=2",
    ),
    "run.name=small",
]


def test_one_json_object_with_effects_and_members(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    interventions.run(arguments=[*SMALL, f"run.root={tmp_path}", "json=true"])
    found = json.loads(capsys.readouterr().out)
    assert len(found["effects"]) == 20
    assert {row["state"] for row in found["effects"]} == {"heart rate", "mood"}
    assert found["members"][0]["member"] == 0
    assert (tmp_path / "small" / "metrics.json").is_file()


def test_an_unknown_member_is_refused_before_a_folder_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        interventions.run(arguments=[*SMALL[1:], "members=[9]", f"run.root={tmp_path}"])
    assert "a member from 0 to 7" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
