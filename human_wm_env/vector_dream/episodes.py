"""What was collected in an environment: whole episodes, in flat arrays and npz shards."""

from __future__ import annotations

import io
import json
import tokenize
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from human_wm_env.errors import CheckpointError, DataError
from human_wm_env.files.reading import read_bytes, read_json
from human_wm_env.files.writing import whole_folder
from human_wm_env.vector_dream.task import Task

FORMAT_VERSION = 1
DESCRIPTION = "episodes.json"
SHARD_STEPS = 50_000
MOST_SHARD_BYTES = 2**31  # compressed or not


@dataclass(frozen=True)
class Episode:
    """One episode.

    Attributes:
        observations: float32 (steps + 1, width), that after the reset first.
        actions: as a controller gives them: float32 (steps, width) or int64 (steps,).
        rewards: float64 (steps,).
        terminated: whether the environment ended it.
        truncated: whether the time limit did; neither where the collection stopped.
        told: means over the steps of what `info` says of rewards and velocities, by its name
            there, such as MuJoCo's "reward_survive" and "x_velocity"; files do not keep it.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminated: bool
    truncated: bool
    told: Mapping[str, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rewards)


@dataclass(frozen=True)
class EpisodeLog:
    """Episodes of one task, in the order of their ends.

    Attributes:
        task: the environment.
        episodes: at least one, each of at least one step.
    """

    task: Task
    episodes: tuple[Episode, ...]

    def __post_init__(self) -> None:
        if not self.episodes or min(map(len, self.episodes)) < 1:
            raise DataError("at least one episode of one step", "none", "Collect more steps.")

    @property
    def steps(self) -> int:
        """Steps of all episodes."""
        return sum(map(len, self.episodes))

    def part(self, chosen: Sequence[int] | np.ndarray) -> EpisodeLog:
        """Return some of the episodes."""
        return EpisodeLog(self.task, tuple(self.episodes[index] for index in chosen))

    def joined(self, other: EpisodeLog) -> EpisodeLog:
        """Return the episodes of both.

        Raises:
            DataError: they are of different tasks.
        """
        if other.task != self.task:
            raise DataError(
                f"episodes of {self.task}", f"some of {other.task}", "Collect in one environment."
            )
        return EpisodeLog(self.task, self.episodes + other.episodes)

    def observations(self) -> np.ndarray:
        """Return all observations, float32 (steps + episodes, width)."""
        return np.concatenate([each.observations for each in self.episodes])

    def first_observations(self) -> np.ndarray:
        """Return what each episode began with, float32 (episodes, width)."""
        return np.stack([each.observations[0] for each in self.episodes])

    def returns(self) -> np.ndarray:
        """Return the undiscounted return of each episode, float64 (episodes,)."""
        return np.array([each.rewards.sum() for each in self.episodes])

    def lengths(self) -> np.ndarray:
        """Return the steps of each episode, int (episodes,)."""
        return np.array([len(each) for each in self.episodes])

    def told(self) -> dict[str, float]:
        """Return the means of `Episode.told` over all steps; of what every episode tells."""
        lengths = self.lengths()
        names = set.intersection(*(set(each.told) for each in self.episodes))
        return {
            name: float(np.average([each.told[name] for each in self.episodes], weights=lengths))
            for name in sorted(names)
        }

    def split(self, seed: int, *, validation: float = 0.1, test: float = 0.15) -> tuple[Self, ...]:
        """Split by whole episodes into train, validation and test.

        Raises:
            DataError: fewer than three episodes.
        """
        count = len(self.episodes)
        if count < 3:
            raise DataError(
                "at least 3 episodes, to hold some out", f"{count}", "Collect more steps."
            )
        order = np.random.default_rng(np.random.SeedSequence([seed, 5])).permutation(count)
        held = max(1, round(test * count))
        judged = max(1, round(validation * count))
        parts = order[held + judged :], order[held : held + judged], order[:held]
        return tuple(self.part(np.sort(part)) for part in parts)  # type: ignore[misc]

    def save(self, folder: Path) -> Path:
        """Write `episodes.json` and compressed shards; the folder appears whole or not at all."""
        shards = self._shards()
        facts = {
            "format_version": FORMAT_VERSION,
            "task": self.task.to_json(),
            "shards": len(shards),
            "episodes": len(self.episodes),
            "steps": self.steps,
        }
        with whole_folder(folder) as draft:
            for number, shard in enumerate(shards):
                np.savez_compressed(draft / _shard(number), **_flat(shard))  # type: ignore[arg-type]
            (draft / DESCRIPTION).write_text(json.dumps(facts, indent=2) + "\n")
        return folder

    def _shards(self) -> list[list[Episode]]:
        shards: list[list[Episode]] = [[]]
        for each in self.episodes:
            if sum(map(len, shards[-1])) >= SHARD_STEPS:
                shards.append([])
            shards[-1].append(each)
        return shards

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read episodes back.

        Raises:
            CheckpointError: missing, damaged, or of another version.
        """
        folder = Path(folder)
        try:
            facts: Any = read_json(folder / DESCRIPTION)
            if facts["format_version"] != FORMAT_VERSION:
                raise ValueError(f"format version {facts['format_version']}")
            task = Task.from_json(facts["task"])
            episodes: list[Episode] = []
            for number in range(facts["shards"]):
                episodes += _episodes(_read_shard(folder / _shard(number)))
            log = cls(task, tuple(episodes))
            if (log.steps, len(episodes)) != (facts["steps"], facts["episodes"]):
                raise ValueError(f"{log.steps} steps in {len(episodes)} episodes")
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            SyntaxError,
            tokenize.TokenError,  # of numpy's second reading of a header
            zipfile.BadZipFile,
            DataError,
        ) as error:
            raise CheckpointError(
                f"a folder of episodes, as `humanwm collect` writes it, version {FORMAT_VERSION}",
                f"{type(error).__name__}: {error} in {folder}",
                "Collect them again.",
            ) from error
        return log


def _shard(number: int) -> str:
    return f"shard-{number:04d}.npz"


def _read_shard(file: Path) -> dict[str, np.ndarray]:
    data = io.BytesIO(read_bytes(file, MOST_SHARD_BYTES))
    size = sum(entry.file_size for entry in zipfile.ZipFile(data).infolist())
    if size > MOST_SHARD_BYTES:
        raise ValueError(f"{size} bytes in {file.name}")
    with np.load(data, allow_pickle=False) as shard:
        return {name: shard[name] for name in shard.files}


def _flat(episodes: Sequence[Episode]) -> dict[str, np.ndarray]:
    arrays = {
        name: np.concatenate([getattr(each, name) for each in episodes])
        for name in ("observations", "actions", "rewards")
    }
    ends = {
        name: [getattr(each, name) for each in episodes] for name in ("terminated", "truncated")
    }
    return {
        **arrays,
        **{name: np.array(values, dtype=bool) for name, values in ends.items()},
        "lengths": np.array([len(each) for each in episodes]),
    }


def _episodes(arrays: dict[str, np.ndarray]) -> list[Episode]:
    lengths = arrays["lengths"]
    found = [len(arrays[name]) for name in ("observations", "actions", "rewards", "terminated")]
    steps = int(lengths.sum())
    if found != [steps + len(lengths), steps, steps, len(lengths)]:
        raise ValueError(f"arrays of lengths {found} for {len(lengths)} episodes")
    cuts, wide = np.cumsum(lengths)[:-1], np.cumsum(lengths + 1)[:-1]
    each = zip(
        np.split(arrays["observations"], wide),
        np.split(arrays["actions"], cuts),
        np.split(arrays["rewards"], cuts),
        arrays["terminated"].tolist(),
        arrays["truncated"].tolist(),
        strict=True,
    )
    return [Episode(*parts) for parts in each]
