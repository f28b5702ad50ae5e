"""The command that judges what-if on people whose equations are known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from human_wm_cli.commands import check_what_if

SMALL = [
    *("data=mini", "people=2", "day=50", "days=2", "draws=6", "repeats=2", "futures=10"),
    *("changes=[sleep_hours+1,steps*1.3]", "run.name=small"),
]


def test_one_json_object_with_each_change_and_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check_what_if.run(arguments=[*SMALL, f"run.root={tmp_path}", "json=true"])
    found = json.loads(capsys.readouterr().out)
    assert list(found["judged"]) == ["sleep_hours+1", "steps*1.3", check_what_if.ALL]
    assert found["judged"][check_what_if.ALL]["mood"]["people"] == 4
    assert found["met"] in (True, False)


def test_nobody_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        check_what_if.run(arguments=[*SMALL, "people=0", f"run.root={tmp_path}"])
    assert "expected people >= 1; received people=0" in capsys.readouterr().err


def test_logs_without_a_truth_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        check_what_if.run(arguments=[*SMALL, "data=uniform", f"run.root={tmp_path}"])
    assert "data.source=embedded" in capsys.readouterr().err
