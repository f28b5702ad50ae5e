"""From episodes to a checkpoint: what is measured before V and M are trained, and files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from human_wm_env.errors import CheckpointError
from human_wm_env.vector_dream.architecture import expected_shapes
from human_wm_env.vector_dream.checkpoint import load_vector_checkpoint, save_vector_checkpoint
from human_wm_env.vector_dream.episodes import EpisodeLog
from tests.human_wm_env.vector_dream.small import SIZE
from tests.world_model.vector import pendulum
from world_model.vector.train import Splits, fit_normaliser, fit_scales, untrained_weights
from world_model.vector.windows import EncodedEpisode


def test_episodes_are_split_whole() -> None:
    splits = Splits.of(pendulum.log(), 0)
    parts = [splits.train, splits.validation, splits.test]
    assert sum(len(part.episodes) for part in parts) == len(pendulum.log().episodes)


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    made = pendulum.checkpoint()
    save_vector_checkpoint(
        tmp_path / "model",
        task=made.task,
        architecture=made.architecture,
        weights=made.weights,
        starts=made.starts,
        terminates=made.terminates,
        details={},
    )
    again = load_vector_checkpoint(tmp_path / "model")
    assert (again.task, again.architecture) == (made.task, made.architecture)
    for name, value in made.weights.items():
        np.testing.assert_array_equal(again.weights[name], value)
    (tmp_path / "model" / "manifest.json").write_text("{}")
    with pytest.raises(CheckpointError):
        load_vector_checkpoint(tmp_path / "model")


def test_entries_that_never_vary_are_not_scaled() -> None:
    seen = np.array([[1.0, 7.0, 0.0], [3.0, 7.0, 0.0019], [5.0, 7.0, 0.0]], dtype=np.float32)
    found = fit_normaliser(seen)
    np.testing.assert_allclose(found["normaliser.mean"], seen.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found["normaliser.scale"], [np.sqrt(8.0 / 3.0), 1.0, 1.0], rtol=1e-5)
    assert found["normaliser.active"].tolist() == [1.0, 0.0, 0.0]
    assert all(value.dtype == np.float32 for value in found.values())


def test_scales_of_steps_and_rewards_by_hand() -> None:
    def episode(path: list[float], rewards: list[float]) -> EncodedEpisode:
        z = np.array([[value, 5.0] for value in path], dtype=np.float32)
        paid = np.array(rewards, dtype=np.float32)
        return EncodedEpisode(z, z, z[:-1], paid, np.zeros_like(paid))

    found = fit_scales([episode([0.0, 1.0, 4.0], [1.0, 5.0]), episode([9.0, 7.0], [3.0])])
    np.testing.assert_allclose(found["scales.step"], [np.std([1.0, 3.0, -2.0]), 1e-3], rtol=1e-5)
    np.testing.assert_allclose(
        found["scales.reward"], [3.0, np.std([1, 5, 3]), 1.0, 5.0], rtol=1e-5
    )
    constant = fit_scales([episode([0.0, 1.0], [2.0])])
    np.testing.assert_allclose(constant["scales.reward"], [2.0, 1e-3, 2.0, 2.0], rtol=1e-5)


def test_untrained_weights_are_those_of_a_checkpoint() -> None:
    found = untrained_weights(SIZE)
    shapes = {name: value.shape for name, value in found.items()}
    expected = expected_shapes(SIZE)
    assert {name: expected[name] for name in shapes} == shapes
    left = expected.keys() - shapes.keys()
    assert left == {f"normaliser.{name}" for name in ("mean", "scale", "active")}
    assert (found["scales.step"] == 1.0).all()
    assert found["scales.reward"].tolist() == [0.0, 1.0, 0.0, 0.0]


def test_what_was_written_down_of_a_training() -> None:
    made = pendulum.checkpoint()
    assert not made.terminates and made.manifest["data"]["steps"] == 2000
    assert made.manifest["data"]["episodes"] == len(pendulum.log().episodes)
    assert set(made.manifest["scores"]) == {"vae", "rnn"}
    assert made.starts.shape == (len(pendulum.log().episodes), 3)
    rewards = np.concatenate([one.rewards for one in _train_part().episodes])
    np.testing.assert_allclose(made.weights["scales.reward"][2:], [rewards.min(), rewards.max()])
    assert made.architecture.latent == 3  # all three entries vary


def _train_part() -> EpisodeLog:
    return Splits.of(pendulum.log(), pendulum.SMALL.seed).train
