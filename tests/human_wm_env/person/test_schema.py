from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from human_wm_env.person import schema


def typical_row() -> np.ndarray:
    row = np.zeros(schema.FEATURE_COUNT, dtype=np.float32)
    for index in schema.CONTINUOUS_FEATURES:
        row[index] = schema.continuous(index).centre
    return row


def test_the_roles_cover_every_feature_once() -> None:
    everything = schema.ACTION_FEATURES + schema.STATE_FEATURES + schema.CONTEXT_FEATURES
    assert sorted(everything) == list(range(10))
    for index, feature in enumerate(schema.FEATURES):
        assert (feature.role == "action") == (index in schema.ACTION_FEATURES)
        assert (feature.role == "state") == (index in schema.STATE_FEATURES)


def test_the_order_is_that_of_the_predecessor() -> None:
    assert schema.FEATURE_NAMES == (
        "steps",
        "calories_burned",
        "distance_km",
        "active_minutes",
        "sleep_hours",
        "heart_rate_avg",
        "workout_type",
        "weather_conditions",
        "location",
        "mood",
    )
    named = [schema.FEATURE_NAMES[index] for index in schema.ACTION_FEATURES]
    assert named[:3] == ["sleep_hours", "workout_type", "location"]


def test_a_row_is_encoded_as_by_hand() -> None:
    row = typical_row()
    row[schema.STEPS] = 13000.0  # one scale above the centre
    row[schema.SLEEP] = 5.5  # one scale below
    row[schema.HEART_RATE] = 96.0  # two above
    row[schema.WORKOUT] = 6  # Running
    row[schema.WEATHER] = 2  # Rain
    row[schema.LOCATION] = 4  # Park
    row[schema.MOOD] = 3  # Stressed
    continuous = [1.0, 0.0, 0.0, 0.0, -1.0, 2.0]
    workout, weather = [0, 0, 0, 0, 0, 0, 1], [0, 0, 1, 0]
    location, mood = [0, 0, 0, 0, 1], [0, 0, 0, 1]
    by_hand = continuous + workout + weather + location + mood
    assert schema.encode_rows(row).tolist() == by_hand
    assert schema.ROW_WIDTH == len(by_hand) == 26


def test_values_outside_the_bounds_are_clipped() -> None:
    row = typical_row()
    row[schema.STEPS], row[schema.HEART_RATE] = 1e6, -20.0
    encoded = schema.encode_rows(row)
    assert encoded[0] == pytest.approx((45000 - 8000) / 5000)
    assert encoded[5] == pytest.approx((40 - 78) / 9)


def test_unknown_category_is_encoded_as_zeros() -> None:
    row = typical_row()
    row[schema.MOOD] = schema.UNKNOWN_CATEGORY
    assert not schema.encode_rows(row)[schema.ROW_SLICES[schema.MOOD]].any()


def test_bounds_enclose_zero_and_are_finite() -> None:
    low, high = schema.encoded_bounds()
    assert np.isfinite([low, high]).all()
    assert (low <= 0).all() and (high >= 0).all()
    assert (low < high).all()


def test_masked_cells_are_zero_even_with_nan_behind_the_mask() -> None:
    rows = np.full((3, 10), np.nan, dtype=np.float32)
    observed = np.zeros((3, 10), dtype=bool)
    rows[1], observed[1] = typical_row() + 1.0, True
    rows[1, schema.MOOD], observed[1, schema.MOOD] = np.nan, False
    encoded = schema.encode_rows(rows, observed)
    assert np.isfinite(encoded).all()
    assert not encoded[[0, 2]].any()
    assert encoded[1, schema.ROW_SLICES[schema.SLEEP].start] == pytest.approx(1 / 1.5)
    assert not encoded[1, schema.ROW_SLICES[schema.MOOD]].any()


@given(
    rows=hnp.arrays(np.float32, (4, 10), elements=st.floats(allow_nan=True, width=32)),
    observed=hnp.arrays(np.bool_, (4, 10)),
)
def test_every_row_is_encoded_within_the_bounds(rows: np.ndarray, observed: np.ndarray) -> None:
    rows = np.where(observed & np.isnan(rows), 0.0, rows)
    encoded = schema.encode_rows(rows, observed)
    low, high = schema.encoded_bounds()
    assert ((encoded >= low) & (encoded <= high)).all()


def test_weekdays_lie_on_the_circle() -> None:
    encoded = schema.weekday_features(np.array([0, 1, 6, -1]))
    seventh = 2 * np.pi / 7
    by_hand = [
        [0.0, 1.0],
        [np.sin(seventh), np.cos(seventh)],
        [-np.sin(seventh), np.cos(seventh)],
        [0.0, 0.0],
    ]
    np.testing.assert_allclose(encoded, by_hand, atol=1e-6)
    assert encoded.dtype == np.float32


def test_asking_for_the_wrong_kind_of_feature_is_an_error() -> None:
    with pytest.raises(TypeError, match="mood is categorical"):
        schema.continuous(schema.MOOD)
    with pytest.raises(TypeError, match="steps is continuous"):
        schema.categories(schema.STEPS)
