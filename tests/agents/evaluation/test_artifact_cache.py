"""What was made of other things is made again, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agents.baselines import HabitConfig, RandomAgent, RandomConfig
from agents.env_config import EnvConfig
from agents.episode_starts import Starts
from agents.evaluation.artifact_cache import ArtifactCache
from agents.evaluation.benchmark_entries import BenchmarkEntry
from human_wm_env.people.embedded import EmbeddedPeople

NO_STARTS = Starts(np.array([], dtype=str), np.array([], dtype=int), np.array([], dtype=int))


def test_an_untrained_model_is_made_once_of_what_it_is_like(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    cache = ArtifactCache(tmp_path, NO_STARTS, say=lines.append)
    folder = cache.untrained_model(None)
    (folder / "mark").touch()
    assert cache.untrained_model(None) == folder and (folder / "mark").exists()
    assert lines == []
    monkeypatch.setattr("agents.evaluation.artifact_cache.model_digest", lambda like: "another")
    cache.untrained_model(None)
    assert not (folder / "mark").exists() and (folder / "manifest.json").is_file()
    assert len(lines) == 1 and "(like)" in lines[0]


def test_an_agent_is_trained_once_with_its_settings(
    tmp_path: Path, simulator: EnvConfig, people: EmbeddedPeople
) -> None:
    lines: list[str] = []
    cache = ArtifactCache(tmp_path, NO_STARTS, dataset=people, say=lines.append)
    first = BenchmarkEntry("random, 1", "random", RandomConfig(seed=1), simulator)
    cache.agent(first)
    folder = tmp_path / "agents" / "random_1"
    (folder / "mark").touch()
    agent = cache.agent(first)
    assert isinstance(agent, RandomAgent) and agent.seed == 1
    assert (folder / "mark").exists() and lines == []
    other = cache.agent(BenchmarkEntry("random, 1", "random", RandomConfig(seed=2), simulator))
    assert isinstance(other, RandomAgent) and other.seed == 2
    assert not (folder / "mark").exists() and len(lines) == 1
    assert cache.agent(BenchmarkEntry("habit", "habit", HabitConfig(), simulator)).name == "habit"
    assert len(lines) == 1
