"""A checkpoint comes back as it was, and what does not fit its sizes is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from human_wm_env.errors import CheckpointError
from human_wm_env.vector_dream.checkpoint import (
    VectorCheckpoint,
    as_checkpoint,
    load_vector_checkpoint,
    save_vector_checkpoint,
)
from tests.human_wm_env.vector_dream.small import checkpoint


def saved(folder: Path, made: VectorCheckpoint) -> Path:
    parts = {"task": made.task, "architecture": made.architecture, "starts": made.starts}
    save_vector_checkpoint(
        folder, weights=made.weights, terminates=made.terminates, details={"note": 5}, **parts
    )
    return folder


@pytest.mark.parametrize("terminates", [True, False])
def test_it_comes_back(terminates: bool, tmp_path: Path) -> None:
    made = replace(checkpoint(), terminates=terminates)
    again = load_vector_checkpoint(saved(tmp_path / "model", made))
    assert (again.task, again.architecture) == (made.task, made.architecture)
    assert again.terminates is terminates and again.manifest["note"] == 5
    np.testing.assert_array_equal(again.starts, made.starts)
    assert again.weights.keys() == made.weights.keys()
    for name, value in made.weights.items():
        np.testing.assert_array_equal(again.weights[name], value)
    assert as_checkpoint(again) is again
    assert as_checkpoint(str(tmp_path / "model")).task == made.task


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scales.step": np.ones(3, np.float32)}, r"others: scales\.step"),
        ({"more": np.ones(3, np.float32)}, "others: more"),
        ({"memory.input": np.full((1, 3, 12), np.nan, np.float32)}, "finite weights"),
    ],
)
def test_wrong_arrays_are_refused(
    changes: dict[str, np.ndarray], said: str, tmp_path: Path
) -> None:
    made = checkpoint()
    wrong = saved(tmp_path / "model", replace(made, weights={**made.weights, **changes}))
    with pytest.raises(CheckpointError, match=said):
        load_vector_checkpoint(wrong)


@pytest.mark.parametrize("starts", [np.ones((2, 4)), np.ones((0, 3))])
def test_starts_of_another_width_or_none_are_refused(starts: np.ndarray, tmp_path: Path) -> None:
    wrong = replace(checkpoint(), starts=starts.astype(np.float32))
    with pytest.raises(CheckpointError, match="others: starts"):
        load_vector_checkpoint(saved(tmp_path / "model", wrong))


def test_starts_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    wrong = replace(checkpoint(), starts=np.full((2, 3), np.inf, np.float32))
    with pytest.raises(CheckpointError, match="finite weights"):
        load_vector_checkpoint(saved(tmp_path / "model", wrong))
