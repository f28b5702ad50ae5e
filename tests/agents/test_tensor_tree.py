from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from agents.tensor_tree import TREE, has_tree, load_tree, save_tree
from human_wm_env.errors import CheckpointError
from human_wm_env.files.tensors import write_sealed

STATE = {
    "weights": {"a": torch.arange(3.0), 0: {"step": torch.tensor(4)}},
    "groups": [{"lr": 0.1, "betas": (0.9, 0.99), "flag": True, "none": None}],
    "returns": np.array([[0.1, 1 / 3]]),
    "count": np.int64(7),
}


def test_a_tree_comes_back_exactly(tmp_path: Path) -> None:
    save_tree(STATE, tmp_path / "state")
    found = load_tree(tmp_path / "state")
    assert torch.equal(found["weights"]["a"], torch.arange(3.0))
    assert found["weights"][0]["step"].item() == 4
    assert found["groups"] == STATE["groups"]
    assert found["returns"].dtype == np.float64
    np.testing.assert_array_equal(found["returns"], STATE["returns"])
    assert found["count"] == 7


def test_saving_again_replaces_and_leaves_one_file(tmp_path: Path) -> None:
    assert not has_tree(tmp_path)
    for number in range(3):
        save_tree({"n": number, "t": torch.full((2,), float(number))}, tmp_path)
    assert has_tree(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    found = load_tree(tmp_path)
    assert (found["n"], found["t"].tolist()) == (2, [2.0, 2.0])


def test_what_needs_pickle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="without pickle"):
        save_tree({"f": print}, tmp_path)


@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_flipped_bit_is_a_checkpoint_error(tmp_path: Path, place: int) -> None:
    save_tree(STATE, tmp_path)
    data = bytearray((tmp_path / TREE).read_bytes())
    data[place] ^= 1
    (tmp_path / TREE).write_bytes(data)
    with pytest.raises(CheckpointError, match="state of a training"):
        load_tree(tmp_path)


def test_another_version_is_a_checkpoint_error(tmp_path: Path) -> None:
    write_sealed(tmp_path / TREE, {}, {"format": 99, "tree": []})
    with pytest.raises(CheckpointError, match="format 99"):
        load_tree(tmp_path)


def test_a_missing_state_is_a_checkpoint_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="state of a training"):
        load_tree(tmp_path / "nowhere")
