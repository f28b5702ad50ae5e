from __future__ import annotations

from dataclasses import replace
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from tests.human_wm_env.vector_dream.small import SIZE, batch
from world_model.training.config import StageConfig
from world_model.vector.config import VectorModelConfig
from world_model.vector.nets import MDNRNN
from world_model.vector.rnn_stage import RNNStage
from world_model.vector.windows import EncodedEpisode, cut

CONFIG = VectorModelConfig(
    members=2, rnn=StageConfig(epochs=1, learning_rate=1e-2, batch_people=3), member_share=0.5
)
REWARD = (2.0, 4.0)


def episode(steps: int, seed: int) -> EncodedEpisode:
    ends = np.eye(steps, dtype=np.float32)[-1]
    rewards = np.arange(steps, dtype=np.float32)
    deviation = np.full((steps + 1, 2), 0.1, np.float32)
    return EncodedEpisode(
        batch(2, steps + 1, seed), deviation, batch(1, steps, seed), rewards, ends
    )


def stage(config: VectorModelConfig = CONFIG, episodes: int = 7) -> RNNStage:
    mx.random.seed(0)
    rnn = MDNRNN(SIZE, np.array([0.5, 2.0], np.float32))
    train = cut([episode(4, seed) for seed in range(episodes)], 4)
    return RNNStage(rnn, train, cut([episode(6, 50)], 4), REWARD, config)


def parts_of(made: RNNStage, windows: Any, weights: np.ndarray) -> list[float]:
    arrays = made._arrays(windows, weights, np.random.default_rng(0))
    return [float(part) for part in made._loss(*arrays)]


def test_the_parts_by_hand() -> None:
    made = stage()
    windows = cut([episode(6, 50)], 4)  # the second one is half padding
    assert windows.valid.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    weights = np.stack([windows.valid, 3.0 * windows.valid])  # members count one to three
    z = np.array(made._arrays(windows, weights, np.random.default_rng(0))[0])
    rnn, nats, squares, ends = made.learner, [], [], []
    for window in range(2):
        inputs = np.concatenate([z[window, :-1], windows.actions[window]], axis=1)
        h = np.array(rnn.memory(mx.array(inputs[None])))[0]
        for step in range(4 if window == 0 else 2):
            row = (z[window, step], windows.actions[window, step], h[step], z[window, step + 1])
            each = [mx.array(part[None]) for part in row]
            nats.append(-np.array(rnn.log_density(*each))[:, 0])
            seen = np.concatenate([row[0], row[1], row[3], row[2]])
            told = np.array(rnn.outcome(mx.array(seen[None])))[:, 0]
            squares.append((told[:, 0] - (windows.rewards[window, step] - 2.0) / 4.0) ** 2)
            end = windows.terminated[window, step]
            ends.append(np.log1p(np.exp(told[:, 1])) - end * told[:, 1])
    means = [np.mean(part, axis=0) @ [0.25, 0.75] for part in (nats, squares, ends)]
    found = parts_of(made, windows, weights)
    total = means[0] + 0.5 * means[1] + means[2]
    assert found == pytest.approx([total, *means], rel=1e-4)


def test_padding_counts_for_nothing() -> None:
    made, windows = stage(), cut([episode(6, 50)], 4)
    weights = np.stack([windows.valid, windows.valid])
    spoilt = replace(
        windows,
        rewards=np.where(windows.valid > 0, windows.rewards, 99.0).astype(np.float32),
        terminated=np.where(windows.valid > 0, windows.terminated, 1.0).astype(np.float32),
    )
    assert parts_of(made, spoilt, weights) == pytest.approx(parts_of(made, windows, weights))


def test_members_learn_from_their_share() -> None:
    made = stage(episodes=400)
    assert set(np.unique(made._weights)) == {0.0, 2.0}  # a half of the windows, counted twice
    assert abs(made._weights.mean() - 1.0) < 0.1
    assert (made._weights[0] != made._weights[1]).any()
    assert (stage(replace(CONFIG, member_share=1.0))._weights == 1.0).all()


def test_an_epoch_passes_whole_batches_and_learns() -> None:
    made = stage()
    before = made.validate(0)
    assert before == made.validate(5) and list(before) == list(RNNStage.parts)
    found = [made.train_epoch(epoch, np.random.default_rng(epoch)) for epoch in range(30)]
    assert made._batches == 2 and stage(episodes=2)._batch == 2
    assert found[-1][RNNStage.parts[0]] < found[0][RNNStage.parts[0]]


def test_outcomes_do_not_reach_the_memory() -> None:
    made = stage(replace(CONFIG, member_share=1.0))
    windows = made._train
    weights = np.ones((2, *windows.valid.shape), np.float32)
    arrays = made._arrays(windows, weights, np.random.default_rng(0))

    def outcomes_alone(memory: mx.array) -> mx.array:
        made.learner.memory.input = memory
        _, _, square, ends = made._loss(*arrays)
        return square + ends

    gradient = mx.grad(outcomes_alone)(made.learner.memory.input)
    assert not np.array(gradient).any()
