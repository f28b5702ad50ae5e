from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from human_wm_env.person import actions, feasible, schema
from human_wm_env.person.action_decoding import decode_day

SCALES = np.array([getattr(feature, "scale", 1.0) for feature in schema.FEATURES], dtype=np.float32)


def rows_of(action: np.ndarray) -> np.ndarray:
    return decode_day(action).columns.T


@settings(deadline=None)  # the first call compiles
@given(hnp.arrays(np.float32, (9, 7), elements=st.floats(-1, 1, width=32)))
def test_the_twin_of_the_codec(action: np.ndarray) -> None:
    wanted, given_action = actions.decode(action), action.copy()
    rows = rows_of(action)
    np.testing.assert_allclose(rows / SCALES, wanted / SCALES, atol=2e-6)
    alone = np.concatenate([rows_of(action[slot : slot + 1]) for slot in range(9)])
    np.testing.assert_allclose(rows / SCALES, alone / SCALES, atol=2e-6)
    labels = list(schema.CATEGORICAL_FEATURES)
    np.testing.assert_array_equal(rows[:, labels], wanted[:, labels])
    np.testing.assert_array_equal(rows[:, labels], alone[:, labels])
    np.testing.assert_array_equal(action, given_action)


@settings(deadline=None)  # the first call compiles
@given(hnp.arrays(np.float32, (4, 7), elements=st.floats(-1, 1, width=32)))
def test_days_are_feasible(action: np.ndarray) -> None:
    rows = rows_of(action)
    np.testing.assert_allclose(feasible.project(rows), rows, rtol=1e-5, atol=1e-5)


def test_a_typical_day() -> None:
    day = decode_day(np.zeros((1, 7), dtype=np.float32))
    assert (day.workout, day.location) == (3, 2)
    assert day.columns[schema.SLEEP] == 7.0 and day.columns[schema.MINUTES] == 240.0
    assert day.columns[schema.STEPS] == 7680.0


def test_an_unchecked_action_stays_within_the_tables() -> None:
    wild = np.full((4, 7), 0.0, dtype=np.float32)
    wild[:, 1:3] = np.array([np.nan, -3.0, -1e6, 1e6])[:, None]
    day = decode_day(wild)
    assert (day.workout >= 0).all() and (day.workout < 7).all()
    assert (day.location >= 0).all() and (day.location < 5).all()
