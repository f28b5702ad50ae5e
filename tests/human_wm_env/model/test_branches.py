"""The factorial design of the latents."""

from __future__ import annotations

import numpy as np

from human_wm_env.model.branches import BRANCHES, crossed_indices


def test_branches_cross_five_draws_of_each_block() -> None:
    indices = crossed_indices()
    assert BRANCHES == len(set(zip(*indices.values(), strict=True))) == 125
    assert {block: int(draw[38]) for block, draw in indices.items()} == {"a": 1, "b": 2, "c": 3}


def test_branches_may_be_chosen_and_smaller() -> None:
    some = crossed_indices(np.array([7, 0]), draws=2)
    assert {block: draw.tolist() for block, draw in some.items()} == {
        "a": [1, 0],
        "b": [1, 0],
        "c": [1, 0],
    }
