"""Two checkouts of this repository side by side: measured in turns, compared by time ratios."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

import human_wm_cli
from human_wm_cli.console import Facts, Row, say
from human_wm_env.errors import ConfigError, DataError

SCRIPT = Path("scripts", "benchmark.py")
RESAMPLES, LEVEL = 10_000, 0.95
TOLERANCE = 1.05  # a row is slower whose whole interval lies above
# What a column or a number is, by how its name ends; anything else is no cost and is left out.
_TIMES = ("seconds", "_seconds", " s", "_us", "_ms", "us, median", "us, fastest tenth")
_SIZES = ("_gb",)
_RATE = "/s"


def this_checkout() -> Path:
    """Return the checkout that this module belongs to."""
    return Path(human_wm_cli.__file__).resolve().parents[1]


def measure_checkout(folder: Path, words: Sequence[str]) -> Facts:
    """Run a checkout's benchmark in a process of its own, and return the JSON that it prints.

    Args:
        folder: the checkout.
        words: settings of the benchmark, such as `only=stepping`.

    Raises:
        DataError: the benchmark failed.
    """
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "json=true", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DataError(
            f"a benchmark that runs in {folder}",
            f"exit code {done.returncode}: {(done.stderr or done.stdout)[-500:].strip()}",
            f"Run `python {SCRIPT} {' '.join(words)}` there.",
        )
    found: Facts = json.loads(done.stdout)
    return found


def costs(found: Facts) -> dict[tuple[str, str], float]:
    """Return the times and the memory that a benchmark measured, by group and row: more is worse.

    Rates become times; a row that has its seconds already needs no rate.

    Args:
        found: what the benchmark printed.
    """
    result: dict[tuple[str, str], float] = {}
    for group, parts in found.items():
        if group == "machine":
            continue
        rows = [*parts["rows"], *({name: value} for name, value in parts["numbers"].items())]
        for row in rows:
            label = ", ".join(value for value in row.values() if isinstance(value, str))
            own = {name: value for name, value in row.items() if name.endswith(_TIMES + _SIZES)}
            if not own:
                rates = (name for name in row if name.endswith(_RATE))
                own = {f"1 / ({name})": 1.0 / row[name] for name in rates}
            for name, value in own.items():
                if value > 0.0:  # a difference of two times may not be
                    result[group, f"{label}: {name}" if label else name] = value
    return result


def ratio_rows(
    pairs: Sequence[tuple[Mapping[tuple[str, str], float], Mapping[tuple[str, str], float]]],
) -> list[Row]:
    """Return the median ratio of new to old costs and its 95% bootstrap interval, row by row.

    Args:
        pairs: costs of the new and of the old checkout, measured one after the other.
    """
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(pairs), size=(RESAMPLES, len(pairs)))
    rows: list[Row] = []
    for group, row in pairs[0][0]:
        if not all((group, row) in each for pair in pairs for each in pair):
            continue  # one checkout does not measure it
        ratios = np.array([new[group, row] / old[group, row] for new, old in pairs])
        tail = 50.0 * (1.0 - LEVEL)
        low, high = np.percentile(np.median(ratios[drawn], axis=1), [tail, 100.0 - tail])
        rows.append(
            {
                "group": group,
                "row": row,
                "new / old": float(np.median(ratios)),
                "low": float(low),
                "high": float(high),
                "slower": bool(low > TOLERANCE),
            }
        )
    return rows


def compare(
    against: Path,
    words: Sequence[str],
    pairs: int,
    run: Callable[[Path, Sequence[str]], Facts] = measure_checkout,
) -> list[Row]:
    """Measure this checkout and another one in turns; above 1, this one is slower.

    Args:
        against: the other checkout.
        words: settings of both benchmarks.
        pairs: turns.
        run: measures a checkout.

    Raises:
        ConfigError: one of the folders has no benchmark.
        DataError: see `measure_checkout`.
    """
    folders = this_checkout(), against.resolve()
    for folder in folders:
        if not (folder / SCRIPT).is_file():
            raise ConfigError(
                f"checkouts of this repository, with {SCRIPT}",
                f"{folder}",
                "Name a clone or a worktree, and run the command from one.",
            )
    measured = []
    for turn in range(pairs):
        say(f"pair {turn + 1} of {pairs}")
        new, old = (costs(run(folder, words)) for folder in folders)
        measured.append((new, old))
    return ratio_rows(measured)
