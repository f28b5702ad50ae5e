"""V and M of Pendulum-v1 beside principal components and two simple forecasts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from human_wm_env.errors import CheckpointError
from human_wm_env.vector_dream.checkpoint import load_vector_checkpoint, save_vector_checkpoint
from tests.world_model.vector import pendulum
from world_model.vector.scores import judge_m, judge_v
from world_model.vector.train import Splits


def test_v_and_m_foretell_held_out_episodes() -> None:
    splits = Splits.of(pendulum.log(), pendulum.SMALL.seed)
    of_v = judge_v(pendulum.checkpoint(), splits)
    assert of_v["variance_explained"] > 0.99
    of_m = judge_m(pendulum.checkpoint(), splits)
    for rival in ("linear_gaussian", "no_change"):
        assert of_m["one_step"][f"over_{rival}"]["low"] > 0.0, rival
    assert of_m["ten_steps"]["no_change_minus_ours"]["low"] > 0.0
    assert of_m["outcomes"]["reward_r2"] > 0.9


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
