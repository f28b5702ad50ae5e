"""Two checkouts compared: toy benchmarks in folders of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from human_wm_cli.benchmarks import checkouts
from human_wm_cli.benchmarks.checkouts import compare, costs, measure_checkout, ratio_rows
from human_wm_cli.commands.benchmark import BenchmarkConfig, main
from human_wm_env.errors import ConfigError, DataError

TOY = """
import json, os, sys
print("progress", file=sys.stderr)
assert os.environ["PYTHONPATH"] == os.getcwd() and sys.argv[1] == "json=true"
print(json.dumps({"machine": {}, "toy": {"rows": [{"row": " ".join(sys.argv[2:]), "seconds": %s,
    "days/s": 1.0, "share": 2.0}, {"row": "rate", "steps/s": %s}], "numbers": {"x_ms": 3.0}}}))
"""


def toy(folder: Path, seconds: float, rate: float) -> Path:
    (folder / "scripts").mkdir(parents=True)
    (folder / checkouts.SCRIPT).write_text(TOY % (seconds, rate))
    return folder


def test_costs_are_times_and_memory() -> None:
    found = {
        "machine": {"cores": 2},
        "one": {
            "rows": [
                {"row": "a", "seconds": 2.0, "days/s": 5.0, "slope": 1.0},
                {"row": "b", "env steps/s": 4.0, "times_torch": 3.0},
                {"row": "c", "ours s": 1.0, "ours / torch": 2.0},
            ],
            "numbers": {"batch_us": 7.0, "peak_memory_gb": 1.0, "peak_gflops": 9.0},
        },
    }
    assert costs(found) == {
        ("one", "a: seconds"): 2.0,
        ("one", "b: 1 / (env steps/s)"): 0.25,
        ("one", "c: ours s"): 1.0,
        ("one", "batch_us"): 7.0,
        ("one", "peak_memory_gb"): 1.0,
    }


def test_ratios_are_medians_with_an_interval() -> None:
    key, other = ("one", "a"), ("one", "gone")
    pairs = [({key: new, other: 1.0}, {key: 2.0}) for new in (2.0, 2.2, 2.4, 2.6, 2.8)]
    (row,) = ratio_rows(pairs)
    assert row["row"] == "a" and row["new / old"] == pytest.approx(1.2)
    assert 1.0 <= row["low"] < 1.2 < row["high"] <= 1.4


def test_checkouts_are_measured_in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = toy(tmp_path / "new", 3.0, 10.0), toy(tmp_path / "old", 2.0, 40.0)
    monkeypatch.setattr(checkouts, "this_checkout", lambda: new)
    order: list[str] = []

    def run(folder: Path, words: Sequence[str]) -> dict[str, Any]:
        order.append(folder.name)
        return measure_checkout(folder, words)

    rows = {row["row"]: row["new / old"] for row in compare(old, ["only=toy"], 2, run)}
    assert order == ["new", "old", "new", "old"]
    assert rows == {"only=toy: seconds": 1.5, "rate: 1 / (steps/s)": 4.0, "x_ms": 1.0}


def test_the_command_compares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new, old = toy(tmp_path / "new", 3.0, 10.0), toy(tmp_path / "old", 2.0, 40.0)
    monkeypatch.setattr(checkouts, "this_checkout", lambda: new)
    main(BenchmarkConfig(against=str(old), pairs=1, only="stepping", quick=True))
    assert "quick=true only=stepping: seconds" in capsys.readouterr().out


def test_what_cannot_be_compared_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="checkouts"):
        compare(tmp_path, [], 1)
    with pytest.raises(ConfigError, match="pairs"):
        BenchmarkConfig(pairs=0)
    broken = toy(tmp_path / "broken", 1.0, 1.0)
    (broken / checkouts.SCRIPT).write_text("raise SystemExit('no')")
    with pytest.raises(DataError, match="exit code 1: no"):
        measure_checkout(broken, [])
