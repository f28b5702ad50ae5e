from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from human_wm_env.person import observations, schema


def test_the_layout() -> None:
    assert observations.WIDTH == 43
    assert observations.PARTS["mask"] == slice(26, 36)
    assert observations.PARTS["weekday"] == slice(36, 38)
    assert observations.PARTS["weather_forecast"] == slice(38, 42)
    assert observations.PARTS["horizon_left"] == slice(42, 43)


def test_an_observation_by_hand() -> None:
    rows = np.zeros((1, 10), dtype=np.float32)
    rows[0, schema.STEPS], rows[0, schema.MOOD] = 13000, 2
    observed = np.zeros((1, 10), dtype=bool)
    observed[0, [schema.STEPS, schema.MOOD]] = True
    built = observations.build(rows, observed, np.array([0]), np.array([3]), np.array([3]), 4)
    by_hand = np.zeros(43)
    by_hand[0] = 1.0  # steps
    by_hand[24] = 1.0  # mood: the third of the last four
    by_hand[[26, 35]] = 1.0  # mask of the first and the last feature
    by_hand[37] = 1.0  # cosine of Monday
    by_hand[41] = 1.0  # snow
    by_hand[42] = 0.25
    np.testing.assert_array_equal(built[0], by_hand)


def test_what_is_unknown_is_zero() -> None:
    rows, observed = np.zeros((2, 10), dtype=np.float32), np.zeros((2, 10), dtype=bool)
    built = observations.build(rows, observed, np.full(2, -1), np.full(2, -1), np.full(2, 7), 7)
    assert not built.any()


@settings(deadline=None)  # the first call compiles
@given(
    rows=hnp.arrays(np.float32, (3, 10), elements=st.floats(-1e6, 1e6, width=32)),
    hidden=hnp.arrays(np.float32, (3, 10), elements=st.floats(allow_nan=True, width=32)),
    observed=hnp.arrays(np.bool_, (3, 10)),
    weekday=hnp.arrays(np.int64, 3, elements=st.integers(-1, 6)),
    forecast=hnp.arrays(np.int64, 3, elements=st.integers(-1, 3)),
    elapsed=hnp.arrays(np.int64, 3, elements=st.integers(0, 9)),
)
def test_observations_are_in_their_space_and_show_nothing_masked(
    rows: np.ndarray,
    hidden: np.ndarray,
    observed: np.ndarray,
    weekday: np.ndarray,
    forecast: np.ndarray,
    elapsed: np.ndarray,
) -> None:
    built = observations.build(rows, observed, weekday, forecast, elapsed, 9)
    space = observations.flat_space()
    assert all(space.contains(one) for one in built)
    changed = np.where(observed, rows, hidden)
    other = observations.build(changed, observed, weekday, forecast, elapsed, 9)
    np.testing.assert_array_equal(built, other)


def test_the_space_is_bounded_and_holds_zero() -> None:
    space = observations.flat_space()
    assert np.isfinite(space.low).all() and np.isfinite(space.high).all()
    assert space.contains(np.zeros(43, dtype=np.float32))
