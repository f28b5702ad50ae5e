"""Episodes that were collected: boundaries, files, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agents.vector_tasks.play import collect, play_episodes
from agents.vector_tasks.policies import ChancePolicy
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.vector_dream.episodes import DESCRIPTION, EpisodeLog
from human_wm_env.vector_dream.task import Task


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1"])
def test_no_step_is_lost_and_boundaries_are_kept(env_id: str, tmp_path: Path) -> None:
    task = Task.of(env_id)
    log = collect(task, ChancePolicy(task.action, 0), 500, seed=3, slots=4)
    assert log.steps == 500
    for episode in log.episodes:
        assert len(episode.observations) == len(episode) + 1  # that of the reset is kept
        assert not (episode.terminated and episode.truncated)
    assert any(episode.terminated for episode in log.episodes) == (env_id == "CartPole-v1")
    again = EpisodeLog.load(log.save(tmp_path / "log"))
    assert again.task == task
    for one, other in zip(log.episodes, again.episodes, strict=True):
        np.testing.assert_array_equal(one.observations, other.observations)
        np.testing.assert_array_equal(one.actions, other.actions)
        assert (one.terminated, one.truncated) == (other.terminated, other.truncated)


def test_a_seed_begins_the_same_episodes() -> None:
    task = Task.of("CartPole-v1")
    firsts = [
        play_episodes(task, ChancePolicy(task.action, policy), 5, seed=1, slots=2).episodes
        for policy in (0, 1)
    ]
    for one, other in zip(*firsts, strict=True):
        np.testing.assert_array_equal(one.observations[0], other.observations[0])


def test_what_cannot_be_learned_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="vector observations"):
        Task.of("FrozenLake-v1")
    with pytest.raises(ConfigError, match="Pendulum"):
        Task.of("Pendulun-v1")
    with pytest.raises(CheckpointError, match="episodes"):
        EpisodeLog.load(tmp_path)
    task = Task.of("CartPole-v1")
    log = collect(task, ChancePolicy(task.action, 0), 50, seed=0)
    (log.save(tmp_path / "log") / DESCRIPTION).write_text('{"format_version": 1}')
    with pytest.raises(CheckpointError):
        EpisodeLog.load(tmp_path / "log")
