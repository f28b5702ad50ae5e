from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.baselines import ConstantAgent, HabitAgent
from agents.env_config import EnvConfig
from agents.episode_starts import Starts, draw_starts
from agents.evaluation.episode_cache import EpisodeStore, mean_over_runs, plain_name
from agents.evaluation.paired_runs import run_episodes
from agents.protocol import Agent
from agents.rollout import Episodes
from human_wm_env.people.embedded import EmbeddedPeople


@pytest.fixture
def starts(people: EmbeddedPeople, simulator: EnvConfig) -> Starts:
    return draw_starts(simulator, people=4, episodes_per_person=1, seed=0, dataset=people)


@pytest.fixture
def run_once(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count what is run."""
    ran: list[str] = []

    def run(agent: Agent, *arguments: Any, **named: Any) -> Episodes:
        ran.append(agent.name)
        return run_episodes(agent, *arguments, **named)

    monkeypatch.setattr("agents.evaluation.episode_cache.run_episodes", run)
    return ran


def test_episodes_are_run_once(
    people: EmbeddedPeople,
    simulator: EnvConfig,
    starts: Starts,
    tmp_path: Path,
    run_once: list[str],
) -> None:
    first, again = (
        EpisodeStore(tmp_path, starts, dataset=people).episodes(
            "the sim", simulator, "habit, 1", HabitAgent()
        )
        for _ in range(2)
    )
    assert run_once == ["habit"]
    np.testing.assert_array_equal(first.returns, again.returns)
    np.testing.assert_array_equal(first.components["mood"], again.components["mood"])
    assert (again.lengths == 5).all()
    assert (tmp_path / "the_sim" / "habit_1.safetensors").is_file()


def test_episodes_of_other_things_are_run_again(
    people: EmbeddedPeople,
    simulator: EnvConfig,
    starts: Starts,
    tmp_path: Path,
    run_once: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[str] = []

    def store(some: Starts = starts) -> EpisodeStore:
        return EpisodeStore(tmp_path, some, dataset=people, say=lines.append)

    def ran(*arguments: Any, kept: EpisodeStore | None = None) -> bool:
        before = len(run_once)
        (kept or store()).episodes("sim", *arguments)
        return len(run_once) > before

    low, high = (ConstantAgent(np.full(7, value)) for value in (-0.5, 0.5))
    assert ran(simulator, "one", low) and not ran(simulator, "one", low)
    assert lines == []
    assert ran(simulator, "one", high)
    assert ran(replace(simulator, adherence=0.5), "one", high)
    assert ran(simulator, "one", high, kept=store(starts.part(slice(0, 2))))
    assert ran(simulator, "one", high) and not ran(simulator, "one", high)
    monkeypatch.setattr("agents.evaluation.episode_cache.people_version", lambda: "other people")
    assert ran(simulator, "one", high)
    reported = [line.partition("(")[2].partition(")")[0] for line in lines]
    assert reported == ["agent", "world", "starts, world", "starts", "people"]


def test_a_damaged_file_is_made_again(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts, tmp_path: Path
) -> None:
    lines: list[str] = []
    store = EpisodeStore(tmp_path, starts, dataset=people, say=lines.append)
    first = store.episodes("sim", simulator, "habit", HabitAgent())
    (tmp_path / "sim" / "habit.safetensors").write_bytes(b"no tensors")
    again = store.episodes("sim", simulator, "habit", HabitAgent())
    np.testing.assert_array_equal(again.returns, first.returns)
    assert len(lines) == 1 and "made again" in lines[0]


def test_names_become_files() -> None:
    assert plain_name("ppo dream, seed 1") == "ppo_dream_seed_1"
    assert plain_name("../../etc") == ".._.._etc".replace("/", "_")


def test_the_mean_over_runs(
    people: EmbeddedPeople, simulator: EnvConfig, starts: Starts, tmp_path: Path
) -> None:
    one = EpisodeStore(tmp_path, starts, dataset=people).episodes(
        "sim", simulator, "habit", HabitAgent()
    )
    other = replace(one, returns=one.returns + 2.0)
    mean = mean_over_runs([one, other])
    np.testing.assert_allclose(mean.returns, one.returns + 1.0)
    for name, of_episodes in one.components.items():
        np.testing.assert_allclose(mean.components[name], of_episodes)
