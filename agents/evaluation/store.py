"""Episodes on disk, so that a benchmark can be stopped, gone on with, and looked at again."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from agents.env_config import EnvConfig
from agents.evaluation.paired import Episodes, evaluation_world, run_episodes
from agents.protocol import Agent
from agents.starts import Starts
from human_wm_env.errors import CheckpointError

_COMPONENT = "component."


class EpisodeStore:
    """Runs an agent in a world once, and reads the episodes from then on.

    Args:
        folder: where they are kept, a file per agent and world.
        starts: of all episodes; a file that belongs to others is refused.
        max_slots: see `run_episodes`.
        dataset: a data set object in place of the worlds' own.
    """

    def __init__(
        self, folder: Path, starts: Starts, *, max_slots: int = 2000, dataset: Any = None
    ) -> None:
        self.folder, self.starts = folder, starts
        self._max_slots, self._dataset = max_slots, dataset
        digest = hashlib.sha256("\0".join(starts.users).encode())
        digest.update(starts.days.tobytes() + starts.seeds.tobytes())
        self._starts_digest = digest.hexdigest()

    def episodes(
        self, world_name: str, world: EnvConfig, agent_name: str, agent: Callable[[], Agent]
    ) -> Episodes:
        """Return the episodes of an agent in a world, from disk where they are there.

        Args:
            world_name: of the world; the folder of its files.
            world: as it is judged; see `evaluation_world`.
            agent_name: of the agent; the file.
            agent: makes it, where it has to be run.

        Raises:
            CheckpointError: the file is damaged, or of other starts or another world.
        """
        judged = evaluation_world(world)
        file = self.folder / plain_name(world_name) / f"{plain_name(agent_name)}.safetensors"
        told = {"starts": self._starts_digest, "world": json.dumps(asdict(judged), sort_keys=True)}
        if not file.is_file():
            found = run_episodes(
                agent(), judged, self.starts, max_slots=self._max_slots, dataset=self._dataset
            )
            self._write(file, found, told)
        return self._read(file, told)

    def _write(self, file: Path, episodes: Episodes, told: dict[str, str]) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        arrays = {
            "returns": episodes.returns,
            "lengths": episodes.lengths,
            "uncertainty": episodes.uncertainty,
            **{_COMPONENT + name: values for name, values in episodes.components.items()},
        }
        draft = file.with_suffix(f".{os.getpid()}")
        save_file({name: np.ascontiguousarray(a) for name, a in arrays.items()}, draft)
        draft.replace(file)
        file.with_suffix(".json").write_text(json.dumps(told, indent=2), encoding="utf-8")

    def _read(self, file: Path, told: dict[str, str]) -> Episodes:
        try:
            kept = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
            arrays = load_file(file)
        except (OSError, ValueError, SafetensorError) as error:
            raise CheckpointError(
                f"episodes in {file}", f"{type(error).__name__}: {error}", "Delete it; run again."
            ) from error
        if kept != told:
            raise CheckpointError(
                f"episodes of the same starts and world in {file}",
                "those of others",
                "Settings have changed: choose another run.name, or run.overwrite=true.",
            )
        return Episodes(
            users=self.starts.users,
            days=self.starts.days,
            returns=arrays["returns"],
            lengths=arrays["lengths"],
            components={
                name.removeprefix(_COMPONENT): values
                for name, values in arrays.items()
                if name.startswith(_COMPONENT)
            },
            uncertainty=arrays["uncertainty"],
        )


def plain_name(name: str) -> str:
    """Return a name as a file can have it."""
    return re.sub(r"[^A-Za-z0-9_.+-]+", "_", name).strip("_")


def mean_over_runs(runs: list[Episodes]) -> Episodes:
    """Return the mean, episode by episode, over training seeds judged on the same starts."""
    first = runs[0]
    return Episodes(
        users=first.users,
        days=first.days,
        returns=np.mean([run.returns for run in runs], axis=0),
        lengths=first.lengths,
        components={
            name: np.mean([run.components[name] for run in runs], axis=0)
            for name in first.components
        },
        uncertainty=np.mean([run.uncertainty for run in runs], axis=0),
    )
