"""Steps counted, by hand."""

from __future__ import annotations

import numpy as np

from human_wm_env.envs.vector_env import count_step


def test_a_day_is_added_and_ends_are_told_apart() -> None:
    elapsed = np.array([0, 28, 29, 40, 3])
    terminated = np.array([True, False, False, False, False])
    ends = np.empty((2, 5), dtype=bool)
    assert count_step(elapsed, 30, terminated, ends)
    np.testing.assert_array_equal(elapsed, [1, 29, 30, 41, 4])
    np.testing.assert_array_equal(ends[0], [False, False, True, True, False])
    np.testing.assert_array_equal(ends[1], ends[0] | terminated)


def test_no_slot_is_over_in_the_middle() -> None:
    ends = np.ones((2, 3), dtype=bool)
    assert not count_step(np.array([0, 5, 28]), 30, np.zeros(3, dtype=bool), ends)
    assert not ends.any()
