"""`humanwm benchmark only=imports`: every export that it makes is read without a loss."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from human_wm_cli.benchmarks import imports
from human_wm_cli.benchmarks.imports import Sizes, import_rows
from human_wm_env import read_daily_csv, write_logs

SIZES = Sizes(csv=(2, 20), apple=1_500_000, daily=(2, 20), minutes=(2, 3), repeats=1)


def test_every_export_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    people: list[int] = []

    def measured(code: str, source: Path, out: Path) -> tuple[float, float, float]:
        if "write_logs" in code:
            manifest = write_logs(source, out, person="one")
            people.append(manifest["people"])
            rejected = {row["feature"]: row["rejected"] for row in manifest["counts"]}
            assert rejected["sleep_hours"] == 0 and manifest["cells"]["steps"]["observed"] > 0
        elif "read_daily_csv" in code:
            assert read_daily_csv(source).dataset.users == 2
        return 2.0, 1.0, 100.0

    monkeypatch.setattr(imports, "_measured", measured)
    rows, numbers = import_rows(SIZES)
    assert people == [2, 1, 1, 2, 1, 2]
    assert len(rows) == 7 + (importlib.util.find_spec("lxml") is not None)
    assert all(row["MB/s"] == row["MB"] for row in rows)
    assert set(numbers.values()) == {1.0}


def test_seconds_and_memory_of_a_process(tmp_path: Path) -> None:
    seconds, used, peak = imports._measured("kept = b'x' * (64 << 20)", tmp_path, tmp_path)
    assert seconds > 0 and used > 0
    assert 64 < peak < 256
