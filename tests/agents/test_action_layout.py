from __future__ import annotations

import numpy as np
from gymnasium import spaces

from agents.action_layout import PERSON_ACTIONS, ActionLayout, bins, middles
from human_wm_env.person.actions import action_space


def test_no_amounts_are_no_columns() -> None:
    layout = ActionLayout(spaces.Box(-1.0, 1.0, (1,)), {0: 3})
    assert layout.amounts.shape == (0,) and layout.amounts.dtype == np.intp


def test_columns_that_pick_are_no_amounts() -> None:
    layout = ActionLayout(spaces.Box(-1.0, 1.0, (4,)), {1: 3, 2: 5})
    assert (layout.width, layout.amounts.tolist()) == (4, [0, 3])
    assert PERSON_ACTIONS.space == action_space() and PERSON_ACTIONS.width == 7
    assert len(PERSON_ACTIONS.amounts) == 5


def test_bins_and_their_middles_by_hand() -> None:
    values = np.array([-1.0, -0.51, -0.49, 0.0, 0.49, 0.51, 1.0])
    assert bins(values, 4).tolist() == [0, 0, 1, 2, 2, 3, 3]  # the end is of the last bin
    np.testing.assert_allclose(middles(np.arange(4), 4), [-0.75, -0.25, 0.25, 0.75])
    assert middles(np.array([4, 9]), 4).tolist() == [0.75, 0.75]
    for count in (1, 2, 5, 7):
        assert bins(middles(np.arange(count), count), count).tolist() == list(range(count))
