"""Many people's exports take the memory of one: nothing of a person stays once it is written."""

from __future__ import annotations

import subprocess
import sys
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from human_wm_cli.benchmarks.import_inputs import write_fitbit
from human_wm_env import write_logs
from human_wm_env.exports import import_logs as module

# In a process of its own: what other tests left decides how often garbage is collected.
_PEAKS = """
import sys, tracemalloc
from human_wm_env import write_logs
from human_wm_env.exports import shards

shards.GROUP_ROWS, folder = int(sys.argv[1]), sys.argv[2]
write_logs(f"{folder}/48", f"{folder}/warm")
for people in (16, 48):
    tracemalloc.start()
    write_logs(f"{folder}/{people}", f"{folder}/out-{people}")
    print(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
"""


def test_python_holds_no_more_for_many_people_than_for_few(tmp_path: Path) -> None:
    days = 60  # of one person, who fills a group of rows
    for people in (16, 48):
        write_fitbit(tmp_path / f"{people}", people, days, minutes=False)
    run = subprocess.run(
        [sys.executable, "-c", _PEAKS, f"{days}", f"{tmp_path}"],
        capture_output=True,
        text=True,
        check=True,
    )
    few, many = (int(line) for line in run.stdout.split())
    # Less than what the days of the other people take; caches are of a bounded size.
    assert many - few < 32 * 6000
    assert few < 3_000_000


def test_readers_are_let_go_of_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for person in ("ann", "bob", "eve"):
        folder = tmp_path / "source" / person
        folder.mkdir(parents=True)
        (folder / "Daily activity metrics.csv").write_text(
            "Date,Move Minutes count,Calories (kcal),Distance (m),Step count\n"
            + "".join(f"2021-05-{day:02},50,2000,5000,{day}000\n" for day in range(10, 28)),
            encoding="utf-8",
        )
    write, seen = module._write_person, []

    def written(person: str, readers: Sequence[tuple[str, Callable[[], Any]]], *rest: Any) -> None:
        assert [one for one in seen if one() is not None] == []
        write(person, readers, *rest)
        seen.extend(weakref.ref(read) for _, read in readers)

    monkeypatch.setattr(module, "_write_person", written)
    assert write_logs(tmp_path / "source", tmp_path / "out")["people"] == len(seen) == 3
