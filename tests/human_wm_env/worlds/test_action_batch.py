from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from human_wm_env.errors import InvalidActionError
from human_wm_env.worlds.action_batch import action_batch

BOX = spaces.Box(np.array([-1.0, 0.0], np.float32), np.array([1.0, 5.0], np.float32))
CHOICE = spaces.Discrete(3, start=-1)
CHOICES = spaces.MultiDiscrete([2, 4], start=[0, 5])


def test_a_box_is_clipped_and_copied() -> None:
    given = np.array([[0.5, 2.0], [-3.0, 9.0]])
    found = action_batch(BOX, given, 2)
    assert found.tolist() == [[0.5, 2.0], [-1.0, 5.0]] and found.dtype == np.float32
    assert given.tolist() == [[0.5, 2.0], [-3.0, 9.0]]
    assert action_batch(BOX, [0.5, 7], None).tolist() == [[0.5, 5.0]]
    own = np.array([[0.0, 1.0]], dtype=np.float32)
    assert not np.shares_memory(action_batch(BOX, own, 1), own)


def test_choices_begin_where_their_space_says() -> None:
    assert action_batch(CHOICE, 1, None).tolist() == [1]
    assert action_batch(CHOICE, np.array([-1, 1], dtype=np.int8), 2).tolist() == [-1, 1]
    found = action_batch(CHOICES, [[0, 5], [1, 8]], 2)
    assert found.tolist() == [[0, 5], [1, 8]] and found.dtype == CHOICES.dtype


@pytest.mark.parametrize(
    ("space", "action", "slots", "said"),
    [
        (BOX, [0.0, 0.0, 0.0], None, r"numbers of shape \(2,\).*float64 of shape \(3,\)"),
        (BOX, [0.0, 0.0], 1, r"numbers of shape \(1, 2\)"),
        (BOX, ["a", "b"], None, "numbers of shape"),
        (BOX, [True, False], None, "numbers of shape.*bool"),
        (BOX, [[0.0], [0.0, 1.0]], 2, "Give one array"),
        (BOX, [np.nan, 0.0], None, "NaN or infinity"),
        (BOX, [np.inf, 0.0], None, "NaN or infinity"),
        (CHOICE, 1.0, None, r"integers of shape \(\)"),
        (CHOICE, 2, None, "values from 2 to 2"),
        (CHOICE, [-2, 0], 2, "values from -2 to 0"),
        (CHOICES, [[0, 9]], 1, "values from 0 to 9"),
        (CHOICES, [[2, 5]], 1, "values from 2 to 5"),
        (CHOICES, [[0, 4]], 1, "values from 0 to 4"),
        (spaces.MultiBinary(2), [0, 1], None, "Override `check_actions`"),
    ],
)
def test_others_are_refused(space: Any, action: Any, slots: int | None, said: str) -> None:
    with pytest.raises(InvalidActionError, match=f"(?s){said}"):
        action_batch(space, action, slots)
