"""Episodes on disk, so that a benchmark can be stopped, gone on with, and looked at again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from agents.env_config import EnvConfig
from agents.episode_starts import Starts
from agents.evaluation.fingerprints import agent_digest, as_text, env_identity, people_version
from agents.evaluation.paired_runs import evaluation_world, run_episodes
from agents.protocol import Agent
from agents.rollout import Episodes
from human_wm_env.errors import CheckpointError
from human_wm_env.files.reading import MOST_JSON_BYTES, parse_json, read_bytes
from human_wm_env.files.tensors import read_sealed, write_sealed
from human_wm_env.files.writing import write_whole
from human_wm_env.people.embedded import Dataset

_COMPONENT, _EXECUTED = "component.", "executed."


class EpisodeStore:
    """Runs an agent in a world once, and reads the episodes from then on.

    Args:
        folder: where they are kept, a file per agent and world.
        starts: of all episodes.
        max_slots: see `run_episodes`.
        dataset: a data set object in place of the worlds' own.
        say: gets a line when kept episodes are not those that are asked for.
    """

    def __init__(
        self,
        folder: Path,
        starts: Starts,
        *,
        max_slots: int = 2000,
        dataset: Dataset | None = None,
        say: Callable[[str], object] = lambda line: None,
    ) -> None:
        self.folder, self.starts = folder, starts
        self._max_slots, self._dataset, self._say = max_slots, dataset, say
        self._starts_digest = starts_digest(starts)

    def episodes(
        self, world_name: str, world: EnvConfig, agent_name: str, agent: Agent
    ) -> Episodes:
        """Return the episodes of an agent in a world, from disk where they are there.

        They are run again where starts, world, agent, a world model's weights or the code
        that generates people are not those of the file, or where it is damaged.

        Args:
            world_name: of the world; the folder of its files.
            world: as it is judged; see `evaluation_world`.
            agent_name: of the agent; the file.
            agent: who is judged.

        Raises:
            OSError: they cannot be kept.
        """
        judged = evaluation_world(world)
        file = self.folder / plain_name(world_name) / f"{plain_name(agent_name)}.safetensors"
        settings = as_text(
            {
                "starts": self._starts_digest,
                "world": env_identity(judged),
                "agent": agent_digest(agent),
                "people": people_version(),
            }
        )
        if is_made_of(file.with_suffix(".json"), settings, self._say):
            try:
                return self._read(file)
            except CheckpointError as error:
                self._say(f"{error} It is made again.")
        found = run_episodes(
            agent, judged, self.starts, max_slots=self._max_slots, dataset=self._dataset
        )
        self._write(file, found, settings)
        return self._read(file)

    def _write(self, file: Path, episodes: Episodes, settings: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Nothing is said of the file until it is whole.
        file.with_suffix(".json").unlink(missing_ok=True)
        arrays = {
            "returns": episodes.returns,
            "lengths": episodes.lengths,
            "uncertainty": episodes.uncertainty,
            **{_COMPONENT + name: values for name, values in episodes.components.items()},
            **{_EXECUTED + name: values for name, values in episodes.executed.items()},
        }
        write_sealed(file, arrays, {})
        write_whole(file.with_suffix(".json"), settings.encode())

    def _read(self, file: Path) -> Episodes:
        arrays, _ = read_sealed(file)

        def named(prefix: str) -> dict[str, np.ndarray]:
            return {
                name.removeprefix(prefix): values
                for name, values in arrays.items()
                if name.startswith(prefix)
            }

        return Episodes(
            users=self.starts.users,
            days=self.starts.days,
            returns=arrays["returns"],
            lengths=arrays["lengths"],
            components=named(_COMPONENT),
            uncertainty=arrays["uncertainty"],
            executed=named(_EXECUTED),
        )


def starts_digest(starts: Starts) -> str:
    """Return a hash of people, days and seeds."""
    digest = hashlib.sha256("\0".join(starts.users).encode())
    digest.update(starts.days.tobytes() + starts.seeds.tobytes())
    return digest.hexdigest()


def is_made_of(note: Path, settings: str, say: Callable[[str], object]) -> bool:
    """Say whether something kept was made of what is asked for.

    Args:
        note: what it was made of, as JSON; a missing one counts as other.
        settings: what is asked for, see `as_text`.
        say: gets a line that names what differs.
    """
    if not note.exists():
        return False
    try:
        kept = read_bytes(note, MOST_JSON_BYTES).decode()
    except (CheckpointError, UnicodeDecodeError):
        kept = ""
    if kept == settings:
        return True
    say(f"{note.with_suffix('')} was made of other things ({_differing(kept, settings)}): again.")
    return False


def _differing(kept: str, settings: str) -> str:
    try:
        before = parse_json(kept.encode(), "its note")
    except CheckpointError:
        return "its note is damaged"
    now = json.loads(settings)
    if not isinstance(before, dict):
        return "its note is damaged"
    return ", ".join(name for name in sorted({*before, *now}) if before.get(name) != now.get(name))


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
