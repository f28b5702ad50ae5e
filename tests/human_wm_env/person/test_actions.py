from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from human_wm_env.errors import InvalidActionError
from human_wm_env.person import actions, feasible, schema

UNIT = st.floats(-1.0, 1.0, width=32)
DECODED = list(schema.ACTION_FEATURES)


def decode(**entries: float) -> np.ndarray:
    action = np.zeros((1, 7), dtype=np.float32)
    columns = [schema.FEATURE_NAMES[i] for i in schema.ACTION_FEATURES]
    for name, value in entries.items():
        action[0, columns.index(name)] = value
    return actions.decode(action)[0]


def test_zero_is_a_typical_day() -> None:
    day = decode()
    assert day[schema.SLEEP] == 7.0
    assert day[schema.MINUTES] == 240.0
    assert day[schema.STEPS] == 240 * 32
    assert schema.categories(schema.WORKOUT)[int(day[schema.WORKOUT])] == "Swimming"
    assert schema.categories(schema.LOCATION)[int(day[schema.LOCATION])] == "Other"
    assert day[schema.DISTANCE] == pytest.approx(7680 * 0.0007, rel=1e-5)
    assert day[schema.CALORIES] == pytest.approx(1550 + 7680 * 0.045 + 240 * 1.4 + 220, rel=1e-5)


def test_the_ends_are_the_ends_of_what_is_feasible() -> None:
    idle = decode(sleep_hours=-1, active_minutes=-1, steps=-1, workout_type=-1, location=-1)
    assert idle[[schema.SLEEP, schema.MINUTES, schema.STEPS, schema.DISTANCE]].tolist() == [
        2.0,
        0.0,
        0.0,
        0.0,
    ]
    assert idle[schema.WORKOUT] == idle[schema.LOCATION] == 0
    long = decode(sleep_hours=1, active_minutes=1, steps=1, workout_type=1, location=1)
    assert long[[schema.SLEEP, schema.MINUTES, schema.STEPS]].tolist() == [14.0, 600.0, 45000.0]
    assert (long[schema.WORKOUT], long[schema.LOCATION]) == (6, 4)


def test_half_way_is_half_way() -> None:
    day = decode(sleep_hours=0.5, active_minutes=-0.5, calories_burned=0.5, distance_km=-1.0)
    assert day[schema.SLEEP] == 10.5  # between 7 and 14
    assert day[schema.MINUTES] == 120.0  # between 0 and 240
    assert day[schema.STEPS] == 120 * 32
    assert day[schema.DISTANCE] == pytest.approx(0.75 * 3840 * 0.0007, rel=1e-5)
    assert day[schema.CALORIES] == pytest.approx(1550 + 3840 * 0.045 + 168 + 220 + 450, rel=1e-5)


def test_every_category_can_be_picked() -> None:
    sweep = np.zeros((701, 7), dtype=np.float32)
    sweep[:, actions.A_WORKOUT] = sweep[:, actions.A_LOCATION] = np.linspace(-1, 1, 701)
    rows = actions.decode(sweep)
    kinds, counts = np.unique(rows[:, schema.WORKOUT], return_counts=True)
    assert kinds.tolist() == list(range(7)) and counts.max() - counts.min() <= 2
    assert np.unique(rows[:, schema.LOCATION]).tolist() == list(range(5))


@settings(deadline=None)  # the first call compiles
@given(action=hnp.arrays(np.float32, (5, 7), elements=UNIT))
def test_any_action_is_a_feasible_day(action: np.ndarray) -> None:
    rows = actions.decode(action)
    assert np.isfinite(rows).all()
    np.testing.assert_array_equal(feasible.project(rows), rows)
    sleep, minutes = rows[:, schema.SLEEP], rows[:, schema.MINUTES]
    assert (sleep + minutes / 60 <= 24 + 1e-4).all()
    for index in DECODED:
        feature = schema.FEATURES[index]
        if isinstance(feature, schema.Continuous):
            assert (rows[:, index] >= feature.low).all() and (rows[:, index] <= feature.high).all()
        else:
            assert np.isin(rows[:, index], np.arange(feature.width)).all()


@settings(deadline=None)  # the first call compiles
@given(action=hnp.arrays(np.float32, (5, 7), elements=UNIT))
def test_encoding_a_day_gives_an_action_that_decodes_to_it(action: np.ndarray) -> None:
    rows = actions.decode(action)
    again = actions.encode(rows)
    assert (np.abs(again) <= 1).all() and again.dtype == np.float32
    back = actions.decode(again)
    scale = [getattr(schema.FEATURES[i], "scale", 1.0) for i in DECODED]
    np.testing.assert_allclose(back[:, DECODED] / scale, rows[:, DECODED] / scale, atol=2e-3)
    for index in (schema.WORKOUT, schema.LOCATION):
        np.testing.assert_array_equal(back[:, index], rows[:, index])


def test_real_looking_days_survive_the_codec(small: Any) -> None:
    rows = np.array(small.true_rows[:, :40]).reshape(-1, 10)
    back = actions.decode(actions.encode(rows))
    scale = [getattr(schema.FEATURES[i], "scale", 1.0) for i in DECODED]
    np.testing.assert_allclose(back[:, DECODED] / scale, rows[:, DECODED] / scale, atol=2e-3)


@pytest.mark.parametrize(
    ("action", "received"),
    [
        (np.zeros(6), r"shape \(6,\)"),
        (np.zeros((1, 7)), r"shape \(1, 7\)"),
        (None, r"shape \(\)"),
        ("rest", "str"),
        ([[1.0], [2.0, 3.0]], "list"),
        ([10**400] * 7, "list"),
        (np.array([0, 0, 0, np.nan, 0, 0, 0]), "NaN or infinity"),
        (np.array([0, 0, 0, -np.inf, 0, 0, 0]), "NaN or infinity"),
    ],
)
def test_invalid_actions_are_refused(action: Any, received: str) -> None:
    with pytest.raises(InvalidActionError, match=received) as caught:
        actions.check_actions(action, None)
    assert caught.value.expected and caught.value.remedy


def test_a_batch_has_one_action_per_slot() -> None:
    assert actions.check_actions(np.zeros((3, 7)), 3).shape == (3, 7)
    with pytest.raises(InvalidActionError, match=r"shape \(7,\)"):
        actions.check_actions(np.zeros(7), 3)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("far", [1.5, 7, 1e30, 1e39, 1e308])
def test_what_is_out_of_range_is_clipped(far: float) -> None:
    checked = actions.check_actions([far, -far, 0.25, 0, 0, 0, 0], None)
    assert checked.tolist() == [[1, -1, 0.25, 0, 0, 0, 0]] and checked.dtype == np.float32


def test_the_callers_action_is_not_changed() -> None:
    action = np.full(7, 3.0, dtype=np.float32)
    checked = actions.check_actions(action, None)
    checked[:] = 0
    assert (action == 3.0).all()


def decoded(action: np.ndarray) -> np.ndarray:
    """The same with NumPy, feature by feature."""

    def spread(entry: int, low: Any, centre: Any, high: Any) -> np.ndarray:
        unit = action[:, entry].astype(np.float64)
        return np.where(unit < 0, centre + unit * (centre - low), centre + unit * (high - centre))

    rows = np.zeros((len(action), schema.FEATURE_COUNT), dtype=np.float32)
    labels = {actions.A_WORKOUT: schema.WORKOUT, actions.A_LOCATION: schema.LOCATION}
    for entry, index in labels.items():
        count = schema.FEATURES[index].width
        rows[:, index] = np.minimum(np.floor((action[:, entry] + 1) * 0.5 * count), count - 1)
    kind = rows[:, schema.WORKOUT].astype(np.intp)
    rows[:, schema.SLEEP] = sleep = spread(actions.A_SLEEP, 2.0, 7.0, 14.0)
    most = feasible.max_active_minutes(sleep)
    rows[:, schema.MINUTES] = minutes = spread(actions.A_MINUTES, 0.0, 240.0, most)
    usual, most = feasible.TYPICAL_CADENCE * minutes, feasible.max_steps(minutes)
    rows[:, schema.STEPS] = steps = spread(actions.A_STEPS, 0.0, usual, most)
    share = 1 + feasible.DISTANCE_RESIDUAL_SHARE * action[:, actions.A_DISTANCE]
    rows[:, schema.DISTANCE] = feasible.implied_distance_km(steps, kind) * share
    residual = feasible.CALORIES_RESIDUAL_KCAL * action[:, actions.A_CALORIES]
    rows[:, schema.CALORIES] = feasible.implied_calories_kcal(steps, minutes, kind) + residual
    return rows


@settings(deadline=None)  # the first call compiles
@given(hnp.arrays(np.float32, (9, 7), elements=st.floats(-1, 1, width=32)))
def test_the_loop_against_numpy(action: np.ndarray) -> None:
    wanted, given_action = decoded(action), action.copy()
    rows = actions.decode(action)
    np.testing.assert_allclose(rows / schema.SCALES, wanted / schema.SCALES, atol=2e-6)
    alone = np.concatenate([actions.decode(action[slot : slot + 1]) for slot in range(9)])
    np.testing.assert_allclose(rows / schema.SCALES, alone / schema.SCALES, atol=2e-6)
    labels = list(schema.CATEGORICAL_FEATURES)
    np.testing.assert_array_equal(rows[:, labels], wanted[:, labels])
    np.testing.assert_array_equal(rows[:, labels], alone[:, labels])
    np.testing.assert_array_equal(action, given_action)


def test_a_typical_day() -> None:
    day = actions.decode_day(np.zeros((1, 7), dtype=np.float32))
    assert (day[schema.WORKOUT], day[schema.LOCATION]) == (3, 2)
    assert day[schema.SLEEP] == 7.0 and day[schema.MINUTES] == 240.0
    assert day[schema.STEPS] == 7680.0


def test_an_unchecked_action_stays_within_the_tables() -> None:
    wild = np.full((4, 7), 0.0, dtype=np.float32)
    wild[:, 1:3] = np.array([np.nan, -3.0, -1e6, 1e6])[:, None]
    day = actions.decode_day(wild)
    assert (day[schema.WORKOUT] >= 0).all() and (day[schema.WORKOUT] < 7).all()
    assert (day[schema.LOCATION] >= 0).all() and (day[schema.LOCATION] < 5).all()


def test_people_follow_where_their_noise_is_below_the_adherence() -> None:
    rng = np.random.default_rng(0)
    action = rng.uniform(-1.0, 1.0, (3, 7)).astype(np.float32)
    habit = np.full((3, schema.FEATURE_COUNT), 1.0, dtype=np.float32)
    told = actions.decode(action)
    done = actions.follow(0.5, np.array([0.49, 0.5, 0.0]), action, habit)
    assert done.shape == (schema.FEATURE_COUNT, 3)
    for slot, day in enumerate((told[0], habit[1], told[2])):
        np.testing.assert_allclose(done[DECODED, slot], day[DECODED], rtol=1e-6)
    np.testing.assert_array_equal(actions.follow(1.0, np.zeros(3), None, habit), habit.T)
