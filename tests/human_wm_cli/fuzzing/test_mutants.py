"""Damaged files are refused in words, or make no difference; `humanwm fuzz` does more of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from human_wm_cli.commands.fuzz import STANDARD
from human_wm_cli.fuzzing.isolation import OUTCOMES
from human_wm_cli.main import main
from tests.human_wm_env.exports.test_mutations import FIXTURES

ROOT = Path(__file__).resolve().parents[3]
WRONG = ("raw error", "hang", "crash")


@pytest.mark.parametrize("kind", [*STANDARD, "csv"])
def test_no_mutant_gets_through(kind: str) -> None:
    """In a process of its own: a fork has no threads, and MLX may have begun some in this one."""
    assert set(WRONG) < set(OUTCOMES)
    words = ["fuzz", f"kinds=[{kind}]", "count=20", "seed=7", "json=true"]
    done = subprocess.run(
        [sys.executable, "-m", "human_wm_cli", *words], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["faults"] == []
    assert sum(row[outcome] for row in found["rows"] for outcome in OUTCOMES) == 20
    assert sum(row[outcome] for row in found["rows"] for outcome in WRONG) == 0


def damaged_exports(folder: Path, name: str, count: int) -> None:
    """Damage an invented export of a format, in a process of its own."""
    FIXTURES[name](folder)
    words = ["fuzz", "kinds=[import]", f"source={folder}", f"format={name}", f"count={count}"]
    done = subprocess.run(
        [sys.executable, "-m", "human_wm_cli", *words, "json=true"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["faults"] == []
    accepted = sum(row["identical"] + row["accepted and different"] for row in found["rows"])
    assert 0 < accepted < count


@pytest.mark.parametrize("name", ["daily", "apple_health"])
def test_a_damaged_export_is_refused_or_balances(tmp_path: Path, name: str) -> None:
    damaged_exports(tmp_path, name, 30)


@pytest.mark.slow
@pytest.mark.parametrize("name", FIXTURES)
def test_a_thousand_damaged_exports_of_each_format(tmp_path: Path, name: str) -> None:
    damaged_exports(tmp_path, name, 1000)


def test_an_export_to_damage_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["kinds=[import]"], ["source=logs"], ["kinds=[film,import]", "source=logs"]):
        with pytest.raises(SystemExit):
            main(["fuzz", *words])
        assert "source=PATH with kinds=[import]" in capsys.readouterr().err


def test_an_unknown_kind_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["fuzz", "kinds=[pickles]"])
    assert "kinds out of film, response" in capsys.readouterr().err
