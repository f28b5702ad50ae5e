"""Damaged files are refused in words, or make no difference; `humanwm fuzz` does more of it."""

from __future__ import annotations

import json

import pytest

from human_wm_cli.commands.fuzz import STANDARD
from human_wm_cli.fuzzing.isolation import OUTCOMES
from human_wm_cli.main import main

WRONG = ("raw error", "hang", "crash")


@pytest.mark.parametrize("kind", [*STANDARD, "csv"])
def test_no_mutant_gets_through(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(WRONG) < set(OUTCOMES)
    main(["fuzz", f"kinds=[{kind}]", "count=20", "seed=7", "json=true"])
    found = json.loads(capsys.readouterr().out)
    assert found["faults"] == []
    assert sum(row[outcome] for row in found["rows"] for outcome in OUTCOMES) == 20
    assert sum(row[outcome] for row in found["rows"] for outcome in WRONG) == 0


def test_an_unknown_kind_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["fuzz", "kinds=[pickles]"])
    assert "kinds out of film, response" in capsys.readouterr().err
