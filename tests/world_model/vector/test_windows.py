from __future__ import annotations

import numpy as np

from human_wm_env.vector_dream.episodes import Episode, EpisodeLog
from human_wm_env.vector_dream.nets import VectorNets
from tests.human_wm_env.vector_dream.small import TASK, batch, checkpoint
from world_model.vector.windows import EncodedEpisode, cut, encode_log, sample


def encoded(steps: int, start: float) -> EncodedEpisode:
    numbers = start + np.arange(steps + 1, dtype=np.float32)[:, None]
    ends = np.eye(steps, dtype=np.float32)[-1]
    return EncodedEpisode(numbers, numbers / 10.0, -numbers[:-1], numbers[:-1, 0] * 2.0, ends)


def test_windows_by_hand() -> None:
    windows = cut([encoded(3, 1.0), encoded(2, 20.0)], 2)
    assert len(windows) == 3
    assert windows.valid.tolist() == [[1, 1], [1, 0], [1, 1]]
    assert windows.mean[..., 0].tolist() == [[1, 2, 3], [3, 4, 0], [20, 21, 22]]
    np.testing.assert_allclose(windows.deviation, windows.mean / 10.0)
    assert windows.actions[..., 0].tolist() == [[-1, -2], [-3, 0], [-20, -21]]
    assert windows.rewards.tolist() == [[2, 4], [6, 0], [40, 42]]
    assert windows.terminated.tolist() == [[0, 0], [1, 0], [0, 1]]
    part = windows.part(np.array([2, 0]))
    assert len(part) == 2 and part.rewards.tolist() == [[40, 42], [2, 4]]


def test_a_log_is_encoded_by_v() -> None:
    nets = VectorNets(checkpoint())
    seen = batch(3, 6)
    parts = [
        Episode(seen[:4], np.ones((3, 1), np.float32), np.array([1.0, 2.0, 3.0]), True, False),
        Episode(seen[4:], np.zeros((1, 1), np.float32), np.array([4.0]), False, True),
    ]
    one, other = encode_log(nets, EpisodeLog(TASK, tuple(parts)))
    mean, log_variance = nets.encode(seen)
    np.testing.assert_allclose(one.mean, mean[:4], rtol=1e-5)
    np.testing.assert_allclose(one.deviation**2, np.exp(log_variance[:4]), rtol=1e-5)
    assert (len(one), one.rewards.tolist(), one.actions.tolist()) == (3, [1, 2, 3], [[1.0]] * 3)
    assert one.terminated.tolist() == [0, 0, 1] and other.terminated.tolist() == [0]


def test_draws_have_mean_and_deviation_and_stay_in_bounds() -> None:
    rng = np.random.default_rng(0)
    drawn = sample(np.full(20_000, 3.0, np.float32), np.full(20_000, 0.5, np.float32), rng)
    assert abs(drawn.mean() - 3.0) < 0.02 and abs(drawn.std() - 0.5) < 0.02
    far = sample(np.array([50.0, -50.0], np.float32), np.ones(2, np.float32), rng)
    assert far.tolist() == [10.0, -10.0]
    episode = encoded(2, 0.0)
    again = sample(episode.mean, episode.deviation, np.random.default_rng(3))
    np.testing.assert_array_equal(episode.draw(np.random.default_rng(3)), again)
