"""Episodes of an environment: what they hold, how they are split, and files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from human_wm_env.errors import CheckpointError, DataError
from human_wm_env.vector_dream import episodes as module
from human_wm_env.vector_dream.episodes import Episode, EpisodeLog
from human_wm_env.vector_dream.task import Task

TASK = Task.of("Pendulum-v1")


def episode(steps: int, start: float, *, ended: bool = False) -> Episode:
    rewards = start + np.arange(steps, dtype=np.float64)
    observations = np.full((steps + 1, 3), start, dtype=np.float32)
    observations[1:, 0] += np.arange(steps)
    return Episode(
        observations, np.full((steps, 1), start, dtype=np.float32), rewards, ended, not ended
    )


def log(count: int = 20) -> EpisodeLog:
    return EpisodeLog(
        TASK, tuple(episode(2 + n % 3, float(n), ended=n % 2 == 0) for n in range(count))
    )


def test_sums_by_hand() -> None:
    few = EpisodeLog(TASK, (episode(2, 1.0), episode(3, 10.0)))
    assert few.steps == 5 and few.lengths().tolist() == [2, 3]
    assert few.returns().tolist() == [1.0 + 2.0, 10.0 + 11.0 + 12.0]
    assert few.first_observations()[:, 0].tolist() == [1.0, 10.0]
    assert few.observations().shape == (7, 3)
    assert few.part([1]).returns().tolist() == [33.0]
    assert few.joined(few.part([0])).lengths().tolist() == [2, 3, 2]
    with pytest.raises(DataError, match="CartPole"):
        few.joined(EpisodeLog(Task.of("CartPole-v1"), few.episodes))
    with pytest.raises(DataError, match="at least one episode"):
        EpisodeLog(TASK, ())


def test_splits_hold_every_episode_once() -> None:
    train, validation, test = log().split(3)
    assert [len(part.episodes) for part in (train, validation, test)] == [15, 2, 3]
    firsts = np.concatenate([part.first_observations()[:, 0] for part in (train, validation, test)])
    assert sorted(firsts.tolist()) == list(range(20))
    again = log().split(3)[2].returns().tolist()
    assert test.returns().tolist() == again != log().split(4)[2].returns().tolist()
    assert [len(part.episodes) for part in log(3).split(0)] == [1, 1, 1]
    with pytest.raises(DataError, match="at least 3 episodes"):
        log(2).split(0)


@pytest.mark.parametrize("shard", [1, 7, 10_000])
def test_files_hold_what_was_saved(
    shard: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARD_STEPS", shard)
    saved = log()
    again = EpisodeLog.load(saved.save(tmp_path / "log"))
    # Episodes of 2, 3, 4, 2, ... steps: a shard takes whole ones until it has its steps.
    shards = len(list((tmp_path / "log").glob("shard-*.npz")))
    assert shards == {1: 20, 7: 7, 10_000: 1}[shard]
    assert again.task == TASK and len(again.episodes) == 20
    for one, two in zip(saved.episodes, again.episodes, strict=True):
        assert (one.terminated, one.truncated) == (two.terminated, two.truncated)
        for name in ("observations", "actions", "rewards"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize(
    "changes", [{"format_version": 2}, {"steps": 1}, {"episodes": 19}, {"shards": 0}, {"task": 1}]
)
def test_a_changed_description_is_refused(changes: dict[str, int], tmp_path: Path) -> None:
    file = log().save(tmp_path / "log") / "episodes.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    with pytest.raises(CheckpointError, match="a folder of episodes"):
        EpisodeLog.load(tmp_path / "log")
