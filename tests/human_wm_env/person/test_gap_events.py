"""Gaps by hand: the whole day's, and each feature's own."""

from __future__ import annotations

import numpy as np

from human_wm_env.person import schema
from human_wm_env.person.gap_events import CELLS, gap_events

DAY, STEPS, MOOD = 0, 1 + schema.STEPS, 1 + schema.MOOD


def test_what_opened_and_what_held() -> None:
    observed = np.ones((6, schema.FEATURE_COUNT), dtype=bool)
    observed[2:4] = False  # two days are lost whole,
    observed[5, schema.MOOD] = False  # then one mood
    events = gap_events(observed)
    assert events.opened.shape == events.held.shape == (6, CELLS)
    assert np.flatnonzero(events.opened[:, DAY]).tolist() == [2]
    assert np.flatnonzero(events.held[:, DAY]).tolist() == [1, 5]
    # A day that is lost whole says nothing of its features.
    assert np.flatnonzero(events.opened[:, MOOD]).tolist() == [5]
    assert np.flatnonzero(events.held[:, MOOD]).tolist() == [1]
    assert not events.opened[:, STEPS].any()
    assert np.flatnonzero(events.held[:, STEPS]).tolist() == [1, 5]


def test_people_are_independent() -> None:
    observed = np.random.default_rng(0).random((3, 20, schema.FEATURE_COUNT)) < 0.2
    together = gap_events(observed)
    for person in range(3):
        alone = gap_events(observed[person])
        np.testing.assert_array_equal(alone.opened, together.opened[person])
        np.testing.assert_array_equal(alone.held, together.held[person])
