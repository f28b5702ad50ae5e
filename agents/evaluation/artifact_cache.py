"""Trains each agent of a benchmark once, runs it once in each world, and keeps both."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from agents.differentiable_world import MakeDifferentiable
from agents.env_config import EnvConfig
from agents.episode_starts import Starts
from agents.evaluation.benchmark_entries import BenchmarkEntry
from agents.evaluation.episode_cache import EpisodeStore, is_made_of, plain_name
from agents.evaluation.fingerprints import (
    agent_digest,
    as_text,
    env_identity,
    model_digest,
    people_version,
)
from agents.evaluation.untrained_model import write_untrained_model
from agents.planning.residual_planner import ResidualPlannerConfig, load_actor
from agents.protocol import Agent
from agents.registry import train_agent
from agents.rollout import Episodes
from agents.saving import load_agent, save_agent
from agents.training_session import Session
from human_wm_env.files.sealed_folder import MANIFEST_FILE
from human_wm_env.files.writing import write_whole
from human_wm_env.people.embedded import Dataset


class ArtifactCache:
    """Trains each agent once and runs it once in each world; keeps both on disk.

    Whatever was made of other settings, models or people than those asked for now is made
    again; a line says so.

    Args:
        folder: where agents and episodes are kept.
        starts: of all episodes.
        dataset: a data set object in place of the worlds' own.
        say: gets the lines.
        differentiable: see `Session`.
    """

    def __init__(
        self,
        folder: Path,
        starts: Starts,
        *,
        dataset: Dataset | None = None,
        say: Callable[[str], object] = lambda line: None,
        differentiable: MakeDifferentiable | None = None,
    ) -> None:
        self.folder, self.starts, self.dataset, self._say = folder, starts, dataset, say
        self._differentiable = differentiable
        self._store = EpisodeStore(folder / "episodes", starts, dataset=dataset, say=say)

    def agent(self, entry: BenchmarkEntry) -> Agent:
        """Return a trained agent: loaded, gone on with, or trained."""
        name = plain_name(entry.name)
        folder, state = Path(self.agent_folder(entry.name)), self.folder / "trainings" / name
        settings = {
            "config": asdict(entry.config),
            "env": env_identity(entry.env),
            "models": _models_of(entry),
            "people": people_version(),
        }
        self._begin(
            self.folder / "made_of" / f"agent_{name}.json", as_text(settings), folder, state
        )
        if not (folder / MANIFEST_FILE).is_file():
            session = Session(
                state_folder=state,
                resume=True,
                checkpoint_days=50_000,
                dataset=self.dataset,
                differentiable=self._differentiable,
            )
            save_agent(train_agent(entry.config, entry.env, session), folder)
        return load_agent(folder)

    def agent_folder(self, name: str) -> str:
        """Return where the agent of an entry is kept."""
        return str(self.folder / "agents" / plain_name(name))

    def untrained_model(self, like: str | None) -> Path:
        """Return the checkpoint of a world model with the nets of another, untrained.

        Args:
            like: see `write_untrained_model`.
        """
        folder = self.folder / "untrained_model"
        settings = as_text({"like": model_digest(like)})
        self._begin(self.folder / "made_of" / "untrained_model.json", settings, folder)
        if not (folder / MANIFEST_FILE).is_file():
            write_untrained_model(folder, like=like)
        return folder

    def episodes(self, world: str, env: EnvConfig, name: str, agent: Agent) -> Episodes:
        """Return the episodes of an agent in a world."""
        return self._store.episodes(world, env, name, agent)

    def _begin(self, note: Path, settings: str, *folders: Path) -> None:
        """Remove what was made of other things, and write down what it is made of now."""
        if is_made_of(note, settings, self._say):
            return
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        note.parent.mkdir(parents=True, exist_ok=True)
        write_whole(note, settings.encode())


def _models_of(entry: BenchmarkEntry) -> list[str]:
    """Return the content of a world model and of an agent that an agent's own settings name."""
    model = getattr(entry.config, "world_model", None)
    found = [] if model is None else [model_digest(model)]
    if isinstance(entry.config, ResidualPlannerConfig):
        found.append(agent_digest(load_actor(entry.config.actor)))
    return found
