"""The daily basis: products, gaps from other actions and never from states, and memory."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.person import schema
from human_wm_env.response.basis import (
    COLUMN_FEATURES,
    OF_NIGHT,
    WIDTH,
    ActionStatistics,
    daily_basis,
    observed_basis,
    remembered,
)

RUNNING = schema.categories(schema.WORKOUT).index("Running")


def rows_of(people: int, days: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = np.zeros((people, days, schema.FEATURE_COUNT), dtype=np.float32)
    rows[..., schema.SLEEP] = rng.normal(7.0, 1.0, (people, days))
    rows[..., schema.MINUTES] = rng.uniform(0.0, 120.0, (people, days))
    rows[..., schema.STEPS] = 60.0 * rows[..., schema.MINUTES] + rng.normal(3000.0, 300.0)
    rows[..., schema.DISTANCE] = 0.0007 * rows[..., schema.STEPS]
    rows[..., schema.CALORIES] = 1600.0 + rng.normal(0.0, 50.0, (people, days))
    rows[..., schema.WORKOUT] = rng.integers(7, size=(people, days))
    rows[..., schema.LOCATION] = rng.integers(2, size=(people, days))
    rows[..., schema.HEART_RATE] = 60.0
    return rows


def test_a_run_is_a_column_of_minutes_beside_its_share() -> None:
    row = np.zeros(schema.FEATURE_COUNT, dtype=np.float32)
    row[schema.WORKOUT], row[schema.MINUTES], row[schema.SLEEP] = RUNNING, 30.0, 9.0
    basis = daily_basis(row)
    assert basis.shape == (WIDTH,)
    assert basis[:5].tolist() == [2.0, 0.0, 1.0, 0.0, 0.5]
    of_workout = basis[[features[0] == schema.WORKOUT for features in COLUMN_FEATURES]]
    assert sorted(of_workout[of_workout > 0.0].tolist()) == [0.5, 1.0]


def test_much_activity_and_very_long_nights_are_columns_of_what_is_beyond() -> None:
    row = np.zeros(schema.FEATURE_COUNT, dtype=np.float32)
    row[schema.SLEEP], row[schema.STEPS], row[schema.MINUTES] = 10.0, 15_000.0, 90.0
    basis = daily_basis(row)
    assert basis[:4].tolist() == [3.0, 0.0, 2.0, 0.5]
    assert basis[-8:-4].tolist() == [1.5, 0.5, 0.5, 0.0]
    # 15,000 steps x .045 and 90 minutes x 1.4 are 801 kcal.
    np.testing.assert_allclose(basis[-4:], [501 / 300, 201 / 300, 0.0, 0.0], rtol=1e-6)
    row[schema.WORKOUT] = RUNNING  # 280 kcal more
    assert daily_basis(row)[-5] == 3.0
    np.testing.assert_allclose(daily_basis(row)[-4:], [781 / 300, 481 / 300, 81 / 300, 0.0])


def test_a_product_is_known_where_both_factors_are() -> None:
    observed = np.ones((2, schema.FEATURE_COUNT), dtype=bool)
    observed[0, schema.MINUTES] = False
    lost = ~observed_basis(observed)[0]
    needs = np.array([schema.MINUTES in features for features in COLUMN_FEATURES])
    assert np.array_equal(lost, needs)
    assert observed_basis(observed)[1].all()


def test_gaps_come_from_other_actions_and_never_from_states() -> None:
    rows = rows_of(20, 60)
    observed = np.ones(rows.shape, dtype=bool)
    statistics = ActionStatistics.of(rows, observed)
    truth, own = statistics.filled(rows, observed)
    hidden = observed.copy()
    hidden[:, ::3, schema.STEPS] = False
    filled, _ = statistics.filled(np.where(hidden, rows, 0.0), hidden)
    steps = COLUMN_FEATURES.index((schema.STEPS,))
    at_gaps = filled[:, ::3, steps], truth[:, ::3, steps]
    assert np.corrcoef(at_gaps[0].ravel(), at_gaps[1].ravel())[0, 1] > 0.9  # distance says it
    other_states = rows.copy()
    other_states[..., schema.HEART_RATE], other_states[..., schema.MOOD] = 150.0, 2.0
    again, own_again = statistics.filled(np.where(hidden, other_states, 0.0), hidden)
    assert np.array_equal(filled, again)
    nothing = hidden.copy()
    nothing[:, 5] = False
    assert not statistics.filled(rows, nothing)[0][:, 5].any()  # the person's own mean
    assert own.shape == own_again.shape == (20, WIDTH)


def test_correlations_of_cells_seen_on_different_days_stay_correlations() -> None:
    rows = rows_of(3, 40)
    observed = np.random.default_rng(1).random(rows.shape) < 0.4
    correlation = ActionStatistics.of(rows, observed).correlation
    np.testing.assert_allclose(np.diag(correlation), 1.0)
    assert np.abs(correlation).max() < 1.0 + 1e-9 and np.linalg.eigvalsh(correlation).min() > 0.0


@pytest.mark.parametrize("morning", [False, True])
def test_memory_of_a_steady_change_arrives_and_stays(morning: bool) -> None:
    tau_days = np.array([2.0, 10.0])
    found, after = remembered(np.ones((1, 200, WIDTH)), tau_days, morning_states=morning)
    night, other = found[0, :, 1, OF_NIGHT.argmax()], found[0, :, 1, (~OF_NIGHT).argmax()]
    days = np.arange(1, 201)
    np.testing.assert_allclose(night, 1.0 - np.exp(-days / 10.0), rtol=1e-5)
    late = days - 1 if morning else days
    np.testing.assert_allclose(other, 1.0 - np.exp(-late / 10.0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(after[0, :, 0], 1.0 - np.exp(-200.0 / tau_days))


@pytest.mark.parametrize("morning", [False, True])
def test_a_first_time_constant_of_0_is_the_day_itself_beside_averages_of_the_days_before(
    morning: bool,
) -> None:
    tau_days = np.array([0.0, 10.0])
    scaled = np.arange(1.0, 5.0)[None, :, None] * np.ones((1, 4, WIDTH))
    found, after = remembered(scaled, tau_days, morning_states=morning)
    night, other = OF_NIGHT.argmax(), (~OF_NIGHT).argmax()
    share = 1.0 - np.exp(-0.1)
    average = [0.0]
    for day in (1.0, 2.0, 3.0, 4.0):
        average.append((1.0 - share) * average[-1] + share * day)
    np.testing.assert_array_equal(found[0, :, 0, night], [1.0, 2.0, 3.0, 4.0])
    expected = [0.0, 1.0, 2.0, 3.0] if morning else [1.0, 2.0, 3.0, 4.0]
    np.testing.assert_array_equal(found[0, :, 0, other], expected)
    for column in (night, other):
        np.testing.assert_allclose(found[0, :, 1, column], average[:-1], rtol=1e-6)
    np.testing.assert_array_equal(after[0, 0], 4.0)
    np.testing.assert_allclose(after[0, 1], average[-1])


def test_the_columns_of_the_night_come_first() -> None:
    assert np.flatnonzero(OF_NIGHT).tolist() == [0, 1, 2, 3]
    assert all(COLUMN_FEATURES[column] == (schema.SLEEP,) for column in range(4))
