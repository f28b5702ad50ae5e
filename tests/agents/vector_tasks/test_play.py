"""Episodes that were collected: boundaries, files, refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
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


class Walking(gym.Env[np.ndarray, int]):
    """Says what it pays for; an episode ends after two to four steps."""

    observation_space = gym.spaces.Box(-9.0, 9.0, (1,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, Any]:
        self.left, self.step_number = 2 + (seed or 0) % 3, 0
        return np.zeros(1, np.float32), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        self.step_number += 1
        told = {
            "reward_survive": 5.0,
            "reward_forward": np.float64(self.step_number),
            "x_velocity": self.step_number**2,
            "x_position": 3.0,
            "tendon_velocity": np.ones(2),
        }
        return np.zeros(1, np.float32), 1.0, self.step_number == self.left, False, told


def test_what_an_environment_says_of_rewards_and_velocities() -> None:
    gym.register("Walking-v0", Walking, max_episode_steps=50)
    try:
        task = Task.of("Walking-v0")
        log = play_episodes(task, ChancePolicy(task.action, 0), 6, seed=0, slots=2)
    finally:
        del gym.registry["Walking-v0"]
    assert len(set(log.lengths().tolist())) > 1
    steps = np.concatenate([np.arange(1, length + 1) for length in log.lengths()])
    assert log.told() == pytest.approx(
        {"reward_forward": steps.mean(), "reward_survive": 5.0, "x_velocity": (steps**2).mean()}
    )
    for episode, length in zip(log.episodes, log.lengths(), strict=True):
        assert episode.told["reward_forward"] == pytest.approx((length + 1) / 2)
    silent = replace(log.episodes[0], told={"x_velocity": 2.0})
    assert list(EpisodeLog(log.task, (silent, log.episodes[1])).told()) == ["x_velocity"]
