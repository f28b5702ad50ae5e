from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import numpy as np

import human_wm_env  # noqa: F401
from agents.evaluation.untrained_model import write_untrained_model
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.runtime.world_model import load_world_model


def test_it_has_the_same_nets_and_nothing_learned(tmp_path: Path) -> None:
    folder = write_untrained_model(tmp_path / "model")
    untrained, trained = load_world_model(folder), load_world_model(None)
    assert untrained.architecture == trained.architecture
    one, other = untrained.checkpoint.weights, trained.checkpoint.weights
    assert one.keys() == other.keys()
    for name in ("policy.head", "response.loadings.mood"):
        assert not np.array_equal(one[name], other[name])
    np.testing.assert_array_equal(one["encoder.moments.mean"], other["encoder.moments.mean"])


def test_it_can_be_dreamt_with(tmp_path: Path, people: EmbeddedPeople) -> None:
    folder = write_untrained_model(tmp_path / "model")
    env = gym.make("HumanWM-v0", dataset=people, world_model=str(folder), horizon=3, split="all")
    env.reset(seed=0)
    for _ in range(3):
        seen, reward, *_ = env.step(np.zeros(7, dtype=np.float32))
        assert env.observation_space.contains(seen)
        assert np.isfinite(reward)
