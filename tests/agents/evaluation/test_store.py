from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agents.baselines import HabitAgent
from agents.env_config import EnvConfig
from agents.evaluation.store import EpisodeStore, mean_over_runs, plain_name
from agents.protocol import Agent
from agents.starts import Starts, draw_starts
from human_wm_env.errors import CheckpointError
from human_wm_env.people.embedded import EmbeddedPeople


@pytest.fixture
def starts(people: EmbeddedPeople, simulator: EnvConfig) -> Starts:
    return draw_starts(simulator, people=4, episodes_per_person=1, seed=0, dataset=people)


def refuse() -> Agent:
    raise AssertionError("the episodes are on disk")


def test_episodes_are_run_once(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts, tmp_path: Path
) -> None:
    first = EpisodeStore(tmp_path, starts, dataset=people).episodes(
        "the sim", simulator, "habit, 1", HabitAgent
    )
    again = EpisodeStore(tmp_path, starts, dataset=people).episodes(
        "the sim", simulator, "habit, 1", refuse
    )
    np.testing.assert_array_equal(first.returns, again.returns)
    np.testing.assert_array_equal(first.components["mood"], again.components["mood"])
    assert (again.lengths == 5).all()
    assert (tmp_path / "the_sim" / "habit_1.safetensors").is_file()


def test_other_starts_or_worlds_are_refused(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts, tmp_path: Path
) -> None:
    store = EpisodeStore(tmp_path, starts, dataset=people)
    store.episodes("sim", simulator, "habit", HabitAgent)
    with pytest.raises(CheckpointError, match="same starts and world"):
        store.episodes("sim", replace(simulator, adherence=0.5), "habit", refuse)
    other = EpisodeStore(tmp_path, starts.part(slice(0, 2)), dataset=people)
    with pytest.raises(CheckpointError, match="same starts and world"):
        other.episodes("sim", simulator, "habit", refuse)
    (tmp_path / "sim" / "habit.safetensors").write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match="Delete it"):
        store.episodes("sim", simulator, "habit", refuse)


def test_names_become_files() -> None:
    assert plain_name("ppo dream, seed 1") == "ppo_dream_seed_1"
    assert plain_name("../../etc") == ".._.._etc".replace("/", "_")


def test_the_mean_over_runs(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts, tmp_path: Path
) -> None:
    one = EpisodeStore(tmp_path, starts, dataset=people).episodes(
        "sim", simulator, "habit", HabitAgent
    )
    other = replace(one, returns=one.returns + 2.0)
    np.testing.assert_allclose(mean_over_runs([one, other]).returns, one.returns + 1.0)
