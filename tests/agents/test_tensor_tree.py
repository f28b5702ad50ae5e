from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from agents.tensor_tree import TREE, check_like, has_tree, load_tree, save_tree
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


def test_states_of_this_format_stay_readable(tmp_path: Path) -> None:
    write_sealed(tmp_path / TREE, {}, {"format": 2, "tree": [1, 2.5]})
    assert load_tree(tmp_path) == [1, 2.5]


LIKE = {"nets": [torch.zeros(2), np.zeros(3)], "lr": 0.5, "n": 3, "pair": (1, True)}


def changed(**entries: object) -> dict[str, object]:
    return {**LIKE, **entries}


def test_a_tree_is_like_one_that_differs_in_numbers_alone() -> None:
    check_like(changed(nets=[torch.ones(2), np.ones(3)], lr=2.5, n=7, pair=(0, False)), LIKE, "it")
    check_like(changed(lr=2), LIKE, "it")  # a whole number stands for a float, not the reverse


@pytest.mark.parametrize(
    ("kept", "place"),
    [
        (changed(nets=[torch.zeros(2), np.zeros(4)]), r"it\.nets\.1 is not float64 \(3,\)"),
        (changed(nets=[torch.zeros(2).double(), np.zeros(3)]), r"it\.nets\.0 is not"),
        (changed(nets=[np.zeros(2), np.zeros(3)]), r"it\.nets\.0 is not"),
        (changed(nets=[torch.full((2,), np.nan), np.zeros(3)]), "finite"),
        (changed(nets=[torch.zeros(2)]), r"it\.nets has not 2 entries"),
        (changed(pair=[1, True]), r"it\.pair has not 2 entries"),
        (changed(pair=(1, 1)), r"it\.pair\.1 is no bool"),
        (changed(n=3.0), r"it\.n is no int"),
        (changed(lr="0.5"), r"it\.lr is no float"),
        (changed(more=1), "has not the entries"),
        ([LIKE], "has not the entries"),
    ],
)
def test_a_tree_of_another_build_is_named(kept: object, place: str) -> None:
    with pytest.raises(ValueError, match=place):
        check_like(kept, LIKE, "it")
