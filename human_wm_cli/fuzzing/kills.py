"""Kills commands at random and goes on with them: the end must be that of one left alone."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from human_wm_cli.console import Row, say
from human_wm_cli.run import AGENT, CHECKPOINT, CONFIG
from human_wm_env.files.cache import CACHE_VARIABLE
from human_wm_env.files.sealed_folder import MANIFEST_FILE, MANIFEST_SEAL

# Processes of one chain that are killed before one may end.
CHAIN = 3
_NAME = "run"
_SMALL = ["data.users=60", "data.days=80", "card=null", "training.window_days=16"]
_SMALL += ["training.dreamt_people=20", "training.nets.epochs=8", "training.moments.epochs=3"]
_SMALL += ["training.encoder.epochs=2", "model=mini"]
_RESPONSE = ["model.transition=response", "model.latent_a=2", "training.response.steps=30"]
_TRAIN = ["train", "env=simulator", "agent.warm_start=0"]
_SB3 = ["agent.slots=20", "checkpoint_days=600", "agent.steps=4000"]
_MAKE_CACHE = (
    "from human_wm_env.people.embedded import *;"
    "load_embedded(EmbeddedConfig(users=400, days=300, seed=8))"
)
JOBS: dict[str, list[str]] = {
    "pretrain (nets)": ["pretrain", *_SMALL],
    "pretrain (response)": ["pretrain", *_SMALL, *_RESPONSE],
    "CMA-ES": [
        *(*_TRAIN, "agent=cma_es", "agent.population=4", "agent.episodes=5"),
        *("agent.generations=20", "checkpoint_days=600"),
    ],
    "PPO": [*_TRAIN, "agent=ppo", *_SB3, "agent.n_steps=10", "agent.batch_size=50"],
    "SAC": [*_TRAIN, "agent=sac", *_SB3, "agent.learning_starts=300", "agent.gradient_steps=1"],
    "cache": [],
}


@dataclass
class _Job:
    """One command in a folder of its own."""

    words: list[str]
    folder: Path

    def start(self) -> subprocess.Popen[bytes]:
        """Begin, or go on where a process was killed."""
        run = self.folder / _NAME
        how = ["run.overwrite=true"] if run.exists() else []
        if (run / CONFIG).exists():
            how = ["run.resume=true"]
        command = [
            "-m",
            "human_wm_cli",
            *self.words,
            f"run.root={self.folder}",
            f"run.name={_NAME}",
        ]
        environment = dict(os.environ)
        if not self.words:
            command, how = ["-c", _MAKE_CACHE], []
            environment[CACHE_VARIABLE] = str(self.folder)
        return subprocess.Popen(
            [sys.executable, *command, *how],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
        )

    def end(self) -> str:
        """Let a process run to its end and return a digest of what it left."""
        process = self.start()
        _, errors = process.communicate()
        if process.returncode != 0:
            return f"exit code {process.returncode}: {errors.decode()[-300:]}"
        return self._digest()

    def _digest(self) -> str:
        total = hashlib.sha256()
        run = self.folder / _NAME
        folders = [run / CHECKPOINT, run / AGENT] if self.words else [self.folder]
        for file in sorted(file for folder in folders for file in folder.rglob("*")):
            if file.is_file():
                total.update(f"{file.relative_to(self.folder)}\0".encode() + _content(file))
        return total.hexdigest()


def _content(file: Path) -> bytes:
    """Return the bytes of a file; of a manifest all but how long it took."""
    if file.name != MANIFEST_FILE:
        return file.read_bytes()

    def timeless(value: Any) -> Any:
        if isinstance(value, dict):
            left_out = ("seconds", "run", MANIFEST_SEAL)
            return {name: timeless(each) for name, each in value.items() if name not in left_out}
        return value

    return json.dumps(timeless(json.loads(file.read_text()))).encode()


def kill_and_go_on(
    count: int, seed: int, progress: Callable[[int], object] = lambda kills: None
) -> tuple[list[Row], list[str]]:
    """Kill processes of every job by SIGKILL, go on, and compare the ends.

    Args:
        count: kills over all jobs.
        seed: of their times.
        progress: called with 1 after each.

    Returns:
        A row for each job, and what should not have happened.
    """
    rng = np.random.default_rng([seed, 9])
    rows: list[Row] = []
    faults: list[str] = []
    for place, (name, words) in enumerate(JOBS.items()):
        kills = len(range(place, count, len(JOBS)))
        done = ends = same = 0
        with tempfile.TemporaryDirectory(prefix="kills-") as whole:
            began = time.monotonic()
            expected = _Job(words, Path(whole)).end()
            seconds = time.monotonic() - began
        while done < kills:
            with tempfile.TemporaryDirectory(prefix="kills-") as folder:
                job = _Job(words, Path(folder))
                for _ in range(min(CHAIN, kills - done)):
                    process = job.start()
                    try:
                        process.communicate(timeout=float(rng.uniform(0.1, seconds)))
                        break  # it was faster
                    except subprocess.TimeoutExpired:
                        process.kill()
                        process.communicate()
                        done += 1
                        progress(1)
                found = job.end()
                left = list(Path(folder).rglob(".writing-*"))
            ends += 1
            same += found == expected
            if found != expected:
                faults.append(f"{name}: after {done} kills: {found}, not {expected}")
            say(f"{name}: {done} of {kills} kills, {same} of {ends} ends the same")
            if left:
                say(f"{name}: drafts that were too young to be removed: {len(left)}")
        rows.append({"job": name, "kills": done, "ends": ends, "the same": same})
    return rows, faults
