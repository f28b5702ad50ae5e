"""Episodes written as a Minari data set come back as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agents.vector_tasks.minari_data import read_episodes, write_episodes
from human_wm_env.errors import DataError
from human_wm_env.vector_dream.episodes import Episode, EpisodeLog
from human_wm_env.vector_dream.task import Task

minari = pytest.importorskip("minari")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))


def episode(steps: int, *, terminated: bool = False, truncated: bool = False) -> Episode:
    rng = np.random.default_rng(steps)
    return Episode(
        rng.uniform(-0.9, 0.9, (steps + 1, 3)).astype(np.float32),
        rng.uniform(-1.0, 1.0, (steps, 1)).astype(np.float32),
        rng.standard_normal(steps),
        terminated,
        truncated,
    )


def test_ragged_episodes_and_their_ends_come_back() -> None:
    task = Task.of("Pendulum-v1", {"g": 9.0})
    episodes = (episode(4, truncated=True), episode(2, terminated=True), episode(3))
    write_episodes(EpisodeLog(task, episodes), "pendulum/some-v0", algorithm="by hand")
    found = read_episodes("pendulum/some-v0")
    assert (found.task.env_id, found.task.kwargs) == ("Pendulum-v1", {"g": 9.0})
    for one, other in zip(found.episodes, episodes, strict=True):
        np.testing.assert_allclose(one.observations, other.observations, atol=1e-6)
        np.testing.assert_allclose(one.actions, other.actions, atol=1e-6)
        np.testing.assert_allclose(one.rewards, other.rewards)
        assert (one.terminated, one.truncated) == (other.terminated, other.truncated)


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(DataError, match="minari list local"):
        read_episodes("pendulum/missing-v0")
