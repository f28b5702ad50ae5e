"""Rows about a data set that is larger than the memory: read, and trained on for one epoch."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from human_wm_cli.console import Row, say
from human_wm_env import EmbeddedConfig, load_embedded
from human_wm_env.data.dataset import LogDataset
from human_wm_env.exports.folder_writer import new_folder
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.merging import PersonDays
from human_wm_env.exports.reasons import Reason
from human_wm_env.person import schema

#: simulated people, whose days all others have with a level and a beginning of their own
TEMPLATES = 200
FIRST_DAY = 737_425  # 2020-01-01, as an ordinal
# One epoch of every stage; less of what does not grow with the people.
_EPOCH = (
    "card=null training.empty_blocks=true training.response.rounds=1 training.response.steps=20 "
    "training.nets.epochs=1 training.moments.epochs=1 training.encoder.epochs=1 "
    "training.window_days=32 training.rollouts.weight=1.0 training.encoder.batch_people=32"
)
# What runs in the new process: after each part, seconds of the clock and of the processor, and the
# most memory, since the part before.
_MEASURED = """
import json, resource, sys, time
from human_wm_cli.benchmarks.large_data import peak_mb
began, used, parts = time.perf_counter(), time.process_time(), []
def part(name):
    global began, used
    parts.append((name, time.perf_counter() - began, time.process_time() - used, peak_mb()))
    print("part", json.dumps(parts[-1]), file=sys.stderr, flush=True)
    began, used = time.perf_counter(), time.process_time()
def timed(module, function, name):
    inner = getattr(module, function)
    def outer(*given, **named):
        part("before " + (name or given[0].name))
        found = inner(*given, **named)
        part(name or given[0].name)
        return found
    setattr(module, function, outer)
import human_wm_cli.data, world_model.pretrained, world_model.training_stages as stages
timed(human_wm_cli.data, "read_daily_csv", "reading")
timed(stages, "train_response_stage", "response")
timed(stages, "fit", None)
timed(stages, "gain_of_blocks", "blocks that help")
timed(stages, "_synthetic_people", "synthetic people")
timed(world_model.pretrained, "export", "checkpoint")
from human_wm_cli.main import main
main(["pretrain", *sys.argv[1:]])
part("end")
print("parts", json.dumps(parts))
"""


@dataclass(frozen=True)
class LargeSizes:
    """How large the data are.

    Attributes:
        people: how many.
        days: of each person.
    """

    people: int = 10_000
    days: int = 1000


QUICK_LARGE = LargeSizes(300, 60)


def large_data_rows(sizes: LargeSizes) -> list[Row]:
    """Measure one epoch of pretraining on a folder of Parquet shards.

    The folder is written a person at a time, and `humanwm pretrain` runs in a process of its own.

    Returns:
        A row for each part of the run, and one for all: seconds, and the most memory in use, MB of
        2**20 bytes.
    """
    with tempfile.TemporaryDirectory(prefix="humanwm-") as folder:
        began = time.perf_counter()
        write_people(Path(folder, "logs"), sizes.people, sizes.days)
        say(f"{sizes.people} x {sizes.days} written in {time.perf_counter() - began:.0f} s")
        done = subprocess.run(
            [
                *(sys.executable, "-W", "ignore", "-c", _MEASURED),
                *(f"data.source={folder}/logs", f"run.root={folder}", "run.name=large"),
                *_EPOCH.split(),
            ],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    (told,) = re.findall(r"^parts (.*)$", done.stdout, re.MULTILINE)
    parts: list[tuple[str, float, float, float]] = json.loads(told)
    # Nothing happens before most parts.
    parts = [each for each in parts if each[1] >= 1.0 or not each[0].startswith("before")]
    _, seconds, used, peaks = zip(*parts, strict=True)
    return [
        {
            "people": sizes.people,
            "part": name,
            "s": round(clock, 1),
            "CPU s": round(processor, 1),
            "peak MB": round(peak),
        }
        for name, clock, processor, peak in (*parts, ("all", sum(seconds), sum(used), max(peaks)))
    ]


def write_people(folder: Path, people: int, days: int) -> None:
    """Write a folder of logs as an import does, a person at a time."""
    templates = load_embedded(
        EmbeddedConfig(users=min(TEMPLATES, max(3, people)), days=max(days, 60))
    ).dataset
    rng = np.random.default_rng(0)
    with new_folder(folder, salted=False) as writer:
        Ledger(writer.rejected, strict=False)  # of which nothing is rejected
        for person in range(people):
            values = _variant(templates, person % templates.users, days, rng)
            reasons = np.where(np.isnan(values), Reason.NOT_WORN, Reason.OBSERVED)
            days_of = PersonDays(FIRST_DAY + person % 7, values, reasons.astype(np.uint8))
            writer.write(f"p{person:06}", days_of)
        writer.finish({"people": people, "person_days": people * days})


def _variant(templates: LogDataset, user: int, days: int, rng: np.random.Generator) -> np.ndarray:
    """Return the days of somebody like one of the simulated people, float64 (days, 10)."""
    turn = int(rng.integers(templates.days))
    rows = np.roll(templates.rows[user], turn, axis=0)[:days].astype(np.float64)
    observed = np.roll(templates.observed[user], turn, axis=0)[:days]
    for index in schema.CONTINUOUS_FEATURES:
        feature = schema.continuous(index)
        moved = rows[:, index] + 0.3 * feature.scale * rng.standard_normal()
        rows[:, index] = np.clip(moved, feature.low, feature.high)
    rows[~observed] = np.nan
    rows[[0, -1], schema.STEPS] = 5000.0  # everybody's log is as long
    return rows


def peak_mb() -> float:
    """Return the most memory in use since the last call, MB, where the system counts it anew.

    Mapped files count as far as they are in memory.
    """
    try:
        told = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        peak = next(int(line.split()[1]) for line in told if line.startswith("VmHWM"))
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # from now on
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024
