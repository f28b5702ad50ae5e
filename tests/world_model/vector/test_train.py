"""From episodes to a checkpoint: what is measured before V and M are trained, and files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agents.vector_tasks.play import collect
from agents.vector_tasks.policies import ChancePolicy
from human_wm_env.errors import CheckpointError
from human_wm_env.vector_dream.architecture import expected_shapes
from human_wm_env.vector_dream.checkpoint import load_vector_checkpoint, save_vector_checkpoint
from human_wm_env.vector_dream.episodes import EpisodeLog
from human_wm_env.vector_dream.nets import VectorNets
from tests.human_wm_env.vector_dream.small import SIZE, batch, checkpoint
from tests.world_model.vector import pendulum
from world_model.vector.train import (
    Splits,
    fit_normaliser,
    fit_scales,
    real_uncertainty,
    train_vector_model,
    untrained_weights,
)
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


def test_the_uncertainty_of_real_steps_by_hand() -> None:
    nets, episode = VectorNets(checkpoint()), EncodedEpisode(*_steps(6))
    h, told = np.zeros((1, 4), np.float32), []
    for step in range(6):
        z, actions = episode.mean[step : step + 1], episode.actions[step : step + 1]
        expected = nets.next_latents(z, actions, h).expected()
        told.append(float((expected.std(axis=0) / np.array([0.5, 2.0])).mean()))
        h = nets.remember(h, z, actions)
    found = real_uncertainty(nets, [episode])
    assert list(found) == ["p50", "p90", "p99"]
    np.testing.assert_allclose(list(found.values()), np.quantile(told, [0.5, 0.9, 0.99]), rtol=1e-4)
    kept = pendulum.checkpoint().manifest["uncertainty"]
    assert 0.0 < kept["p50"] < kept["p90"] < kept["p99"]


def _steps(count: int) -> tuple[np.ndarray, ...]:
    z, ends = batch(2, count + 1), np.zeros(count, np.float32)
    return z, np.ones_like(z), batch(1, count), ends, ends


def test_training_goes_on_with_the_v_of_an_earlier_model(tmp_path: Path) -> None:
    first = pendulum.checkpoint()
    seed = 7
    more = pendulum.log().joined(
        collect(pendulum.task(), ChancePolicy(pendulum.task().action, seed), 600, seed=seed)
    )
    curves = Curves()
    config = replace(pendulum.SMALL, more_epochs=2, hidden=99)
    made = train_vector_model(more, config, tmp_path / "b", begin_with=first, logger=curves)
    assert made.architecture == first.architecture  # not what the settings say
    for name, value in first.weights.items():
        kept = name.startswith(("normaliser.", "encoder.", "decoder.", "scales.step"))
        assert np.array_equal(made.weights[name], value) == kept, name
    np.testing.assert_array_equal(
        made.weights["scales.reward"][:2], first.weights["scales.reward"][:2]
    )
    rewards = np.concatenate([one.rewards for one in Splits.of(more, config.seed).train.episodes])
    np.testing.assert_allclose(made.weights["scales.reward"][2:], [rewards.min(), rewards.max()])
    assert list(made.manifest["scores"]) == ["rnn"]
    assert made.manifest["scores"]["rnn"]["epochs_run"] == 2
    before, *_ = curves.told["rnn/validation/objective"]
    fresh = Curves()
    begun = replace(config, hidden=32, rnn=replace(config.rnn, epochs=1), vae=config.vae)
    train_vector_model(more, begun, tmp_path / "c", logger=fresh)
    assert before < fresh.told["rnn/validation/objective"][0] - 1.0  # it had learned already


class Curves:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.told: dict[str, list[float]] = {}

    def scalar(self, name: str, value: float, step: int) -> None:
        self.told.setdefault(name, []).append(value)


def test_it_does_not_go_on_from_another_environment(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="a world model of Pendulum-v1"):
        train_vector_model(
            pendulum.log(), pendulum.SMALL, tmp_path / "model", begin_with=checkpoint()
        )
    assert not (tmp_path / "model").exists()
