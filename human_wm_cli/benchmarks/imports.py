"""Rows about imports: seconds and memory of exports that are made for it, each in a new process."""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from human_wm_cli.benchmarks import import_inputs
from human_wm_cli.console import Row

# What runs in the new process: seconds, of the clock and of the processor, and the peak in MB.
_MEASURED = """
import json, resource, sys, time
began, used = time.perf_counter(), time.process_time()
{work}
seconds = time.perf_counter() - began, time.process_time() - used
try:  # ru_maxrss of Linux begins with what the parent process has
    with open("/proc/self/status") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([*seconds, peak / 1024]))
"""
_IMPORT = "from human_wm_env import write_logs; write_logs(sys.argv[1], sys.argv[2])"
_LOAD = "from human_wm_env import read_daily_csv; read_daily_csv(sys.argv[1])"
_BARE = """
from lxml import etree
for _, element in etree.iterparse(sys.argv[1]):
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]
"""
_APPLE, _BARE_APPLE = "Apple Health", "Apple Health, bare lxml.iterparse"


@dataclass(frozen=True)
class Sizes:
    """How large the exports are.

    Attributes:
        csv: people and days of the daily table.
        apple: bytes of the XML.
        daily: people and days of Fitbit's daily series.
        minutes: people and days of Fitbit's series of minutes.
        repeats: measurements of each; medians are given.
    """

    csv: tuple[int, int] = (1000, 1000)
    apple: int = 10**9
    daily: tuple[int, int] = (1000, 1000)
    minutes: tuple[int, int] = (10, 365)
    repeats: int = 3


QUICK = Sizes((10, 100), 2 * 10**6, (5, 30), (2, 5), 1)


def import_rows(sizes: Sizes) -> tuple[list[Row], dict[str, float]]:
    """Measure imports of a Kaggle-shaped CSV, Apple's XML and Fitbit's JSON files.

    Returns:
        A row an import, and ratios: to a bare `lxml.iterparse` of the same file (where lxml is
        installed), and of the peak memory to that of one person.
    """
    rows: list[Row] = []
    for name, write, work in _exports(sizes):
        with tempfile.TemporaryDirectory(prefix="humanwm-") as folder:
            source = Path(folder, "export.xml" if "Apple" in name else "export")
            write(source)
            given = source / "table.csv" if work == [_IMPORT, _LOAD] else source
            size = sum(file.stat().st_size for file in [source, *source.rglob("*")])
            for code in work:
                rows.append(_row(name, code, given, Path(folder), size / 1e6, sizes.repeats))
    found = {str(row["import"]): row for row in rows}
    numbers = {
        f"peak memory over that of one person, Fitbit's {kind}": _ratio(
            found[f"Fitbit, {kind}, {people} people"], found[f"Fitbit, {kind}, 1 person"], "peak MB"
        )
        for kind, (people, _) in (("days", sizes.daily), ("minutes", sizes.minutes))
    }
    if _BARE_APPLE in found:
        numbers["rate over that of a bare lxml.iterparse, Apple Health"] = _ratio(
            found[_APPLE], found[_BARE_APPLE], "MB/s"
        )
    return rows, numbers


def _exports(sizes: Sizes) -> list[tuple[str, Callable[[Path], None], list[str]]]:
    """Return the name of each export, what writes it, and what is measured on it."""
    bare = [_BARE] if importlib.util.find_spec("lxml") is not None else []

    def table(folder: Path) -> None:
        folder.mkdir()
        import_inputs.write_kaggle_csv(folder / "table.csv", *sizes.csv)

    def apple(file: Path) -> None:
        import_inputs.write_apple_export(file, sizes.apple)

    found: list[tuple[str, Callable[[Path], None], list[str]]] = [
        ("daily CSV", table, [_IMPORT, _LOAD]),
        (_APPLE, apple, [_IMPORT, *bare]),
    ]
    for kind, minutes, (people, days) in (
        ("days", False, sizes.daily),
        ("minutes", True, sizes.minutes),
    ):
        for count in (1, people):
            found.append(
                (
                    f"Fitbit, {kind}, {count} {'person' if count == 1 else 'people'}",
                    lambda folder, count=count, days=days, minutes=minutes: (  # type: ignore[misc]
                        import_inputs.write_fitbit(folder, count, days, minutes=minutes)
                    ),
                    [_IMPORT],
                )
            )
    return found


def _row(name: str, code: str, source: Path, folder: Path, size: float, repeats: int) -> Row:
    told = {_IMPORT: name, _LOAD: f"{name}, loaded without an import", _BARE: _BARE_APPLE}[code]
    measured = [_measured(code, source, folder / f"out-{turn}") for turn in range(repeats)]
    seconds, used, peak = (statistics.median(each) for each in zip(*measured, strict=True))
    return {
        "import": told,
        "MB": size,
        "s": seconds,
        "CPU s": used,
        "MB/s": size / used,
        "peak MB": peak,
    }


def _measured(code: str, source: Path, out: Path) -> tuple[float, float, float]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _MEASURED.format(work=code), str(source), str(out)],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, used, peak = json.loads(done.stdout.splitlines()[-1])
    return seconds, used, peak


def _ratio(one: Row, other: Row, column: str) -> float:
    return float(one[column] or 0) / float(other[column] or 1)
