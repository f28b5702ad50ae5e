from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from human_wm_env.person import feasible, schema

NONE, RUNNING = 0, 6


def day(**values: float) -> np.ndarray:
    rows = np.zeros((1, 10), dtype=np.float32)
    for name, value in values.items():
        rows[0, schema.INDEX[name]] = value
    return rows


def test_limits_by_hand() -> None:
    # 14 h of sleep leave 10 h; otherwise 16 h (960 minutes) is what a tracker reports.
    assert feasible.max_active_minutes(np.array([14.0, 8.0, 2.0])).tolist() == [600, 960, 960]
    # 150 steps a minute and 2000 on the side.
    assert feasible.max_steps(np.array([0.0, 10.0, 900.0])).tolist() == [2000, 3500, 45000]


def test_distance_and_calories_by_hand() -> None:
    kinds = np.array([NONE, RUNNING])
    steps = np.array([10000.0, 10000.0])
    distance = feasible.implied_distance_km(steps, kinds)
    np.testing.assert_allclose(distance, [7.0, 8.05], rtol=1e-6)
    calories = feasible.implied_calories_kcal(steps, np.array([100.0, 100.0]), kinds)
    np.testing.assert_allclose(calories, [1550 + 450 + 140, 1550 + 450 + 140 + 280], rtol=1e-6)


def test_projection_by_hand() -> None:
    wanted = day(sleep_hours=20, active_minutes=900, steps=99999, distance_km=99, workout_type=0)
    moved = feasible.project(wanted)[0]
    assert moved[schema.SLEEP] == 14.0
    assert moved[schema.MINUTES] == 600.0
    assert moved[schema.STEPS] == 45000.0
    assert moved[schema.DISTANCE] == pytest.approx(45000 * 0.0007 * 1.25, rel=1e-5)
    assert moved[schema.CALORIES] == pytest.approx(1550 + 45000 * 0.045 + 600 * 1.4 - 900)
    assert wanted[0, schema.SLEEP] == 20.0  # a copy was moved


def is_feasible(rows: np.ndarray) -> np.ndarray:
    """The rules of the feasible set, written down a second time."""
    sleep, minutes, steps = (rows[:, i] for i in (schema.SLEEP, schema.MINUTES, schema.STEPS))
    stride = np.array([feasible.STRIDE_FACTOR.get(w, 1.0) for w in feasible.WORKOUT_NAMES])
    kcal = np.array([feasible.WORKOUT_KCAL[w] for w in feasible.WORKOUT_NAMES])
    kind = rows[:, schema.WORKOUT].astype(int)
    distance = 0.0007 * steps * stride[kind]
    calories = 1550 + 0.045 * steps + 1.4 * minutes + kcal[kind]
    near = 1e-3
    rules = [
        (sleep >= 2) & (sleep <= 14),
        (minutes >= 0) & (minutes <= 960) & (sleep * 60 + minutes <= 24 * 60 + near),
        (steps >= 0) & (steps <= np.minimum(150 * minutes + 2000, 45000) + near),
        np.abs(rows[:, schema.DISTANCE] - distance) <= 0.25 * distance + near,
        np.abs(rows[:, schema.CALORIES] - calories) <= 900 + near,
        rows[:, schema.WORKOUT] == kind,
        (kind >= 0) & (kind < 7),
        np.isin(rows[:, schema.LOCATION], np.arange(5)),
    ]
    return np.logical_and.reduce(rules)


@settings(deadline=None)  # the first call compiles
@given(
    values=hnp.arrays(np.float32, (6, 10), elements=st.floats(-1e5, 1e5, width=32)),
    workout=hnp.arrays(np.int64, 6, elements=st.integers(0, 6)),
)
def test_projection_lands_in_the_set_and_stays_there(
    values: np.ndarray, workout: np.ndarray
) -> None:
    values[:, schema.WORKOUT], values[:, schema.LOCATION] = workout, 2
    once = feasible.project(values)
    assert is_feasible(once).all()
    np.testing.assert_array_equal(feasible.project(once), once)


def test_only_actions_are_touched() -> None:
    rows = np.full((2, 10), 3.0, dtype=np.float32)
    rows[:, schema.HEART_RATE] = 999.0
    moved = feasible.project(rows)
    for index in (*schema.STATE_FEATURES, *schema.CONTEXT_FEATURES):
        assert (moved[:, index] == rows[:, index]).all()


def projected(rows: np.ndarray) -> np.ndarray:
    """The same with NumPy, feature by feature."""
    moved = np.array(rows, dtype=np.float32)
    for index in (schema.SLEEP, schema.MINUTES, schema.STEPS):
        moved[:, index] = np.clip(moved[:, index], schema.LOWS[index], schema.HIGHS[index])
    sleep, minutes, steps = (moved[:, i] for i in (schema.SLEEP, schema.MINUTES, schema.STEPS))
    np.minimum(minutes, feasible.max_active_minutes(sleep), out=minutes)
    np.minimum(steps, feasible.max_steps(minutes), out=steps)
    kind = moved[:, schema.WORKOUT].astype(np.intp)
    middle = feasible.implied_distance_km(steps, kind)
    apart = feasible.DISTANCE_RESIDUAL_SHARE * middle
    moved[:, schema.DISTANCE] = np.clip(moved[:, schema.DISTANCE], middle - apart, middle + apart)
    middle, apart = feasible.implied_calories_kcal(steps, minutes, kind), np.float32(900)
    moved[:, schema.CALORIES] = np.clip(moved[:, schema.CALORIES], middle - apart, middle + apart)
    return moved


@settings(deadline=None)  # the first call compiles
@given(seed=st.integers(0, 10_000), spread=st.floats(0.1, 20.0))
def test_the_loop_against_numpy(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    rows = np.empty((9, schema.FEATURE_COUNT), dtype=np.float32)
    for index, feature in enumerate(schema.FEATURES):
        if isinstance(feature, schema.Continuous):
            rows[:, index] = feature.centre + spread * feature.scale * rng.standard_normal(9)
        else:
            rows[:, index] = rng.integers(0, feature.width, 9)
    before = rows.copy()
    fitted = feasible.project(rows)
    np.testing.assert_allclose(fitted / schema.SCALES, projected(rows) / schema.SCALES, atol=2e-6)
    np.testing.assert_array_equal(rows, before)
