"""Single numbers of the audit, worked out by hand or by a slow reference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from human_wm_env.errors import LogWarning
from human_wm_env.person import schema
from tests.human_wm_env.conftest import typical_rows
from tests.world_model.audit.audit_logs import kaggle_like, logs, uniform_rows
from world_model.audit import correlations
from world_model.audit.correlations import LinkInputs
from world_model.audit.feature_statistics import (
    intraclass_correlations,
    lag_correlations,
    usable_signals,
    weekday_shares,
)
from world_model.audit.missingness import describe_missingness
from world_model.audit.permutation import (
    max_z_test,
    order_of_blocks,
    order_within_people,
    row_orders,
    shuffle_observed,
)
from world_model.audit.plausibility import check_plausibility
from world_model.audit.signals import ITEMS, SIGNAL_FEATURES, SIGNALS, PersonDays
from world_model.audit.uniformity import test_uniformity as uniformity_of

ALL = np.ones(len(SIGNALS), dtype=bool)
STEPS = ITEMS.index("steps")

SIGNAL_OF = {signal.name: index for index, signal in enumerate(SIGNALS)}


def with_steps(steps: list[list[float]]) -> PersonDays:
    rows = typical_rows(len(steps), len(steps[0]))
    rows[..., schema.STEPS] = 100.0 + np.array(steps)  # a shift changes no statistic
    return PersonDays.from_dataset(logs(rows))


def test_signals_of_a_day() -> None:
    rows = uniform_rows(1, 1, np.random.default_rng(0))
    rows[0, 0, [schema.STEPS, schema.MOOD]] = 13000, 2  # one scale above the centre; Tired
    observed = np.ones(rows.shape, dtype=bool)
    observed[0, 0, schema.LOCATION] = False
    days = PersonDays.from_dataset(logs(rows, observed))
    at = {name: days.values[index, 0] for name, index in SIGNAL_OF.items()}
    assert at["steps"] == 1.0
    assert (at["mood=Tired"], at["mood=Happy"]) == (1.0, 0.0)
    assert at["mood valence"] == pytest.approx(0.3)
    assert not any(value for name, value in at.items() if name.startswith("location"))


def test_intraclass_correlation_by_hand() -> None:
    # Eight people of 3 days: means 2 and 6 in turn, so 8 x 3 x 2^2 = 96 between them on 7
    # degrees of freedom, and 8 x 2 = 16 within them on 16.
    days = with_steps([[1, 2, 3], [5, 6, 7]] * 4)
    between, within = 96 / 7, 1.0
    expected = (between - within) / (between + 2 * within)
    assert intraclass_correlations(days, ALL)[STEPS] == pytest.approx(expected, rel=1e-4)


def test_lag_correlation_by_hand() -> None:
    days = with_steps([[1, -1] * 8])  # alternates: every day is the opposite of the last
    values, pairs = lag_correlations(days.deviations(), days, ALL)
    assert values[STEPS] == pytest.approx(-1.0, abs=1e-6)
    assert pairs[STEPS] == 15


def test_lags_never_cross_people_or_gaps() -> None:
    rows = uniform_rows(2, 20, np.random.default_rng(1))
    observed = np.ones(rows.shape, dtype=bool)
    observed[0, 5] = False
    days = PersonDays.from_dataset(logs(rows, observed))
    _, pairs = lag_correlations(days.deviations(), days, ALL)
    assert pairs[STEPS] == 2 * 19 - 2


def test_weekday_share_by_hand() -> None:
    # Two weeks; Mondays 7, other days 0: all variance lies between weekdays.
    days = with_steps([[7, 0, 0, 0, 0, 0, 0] * 2])
    assert weekday_shares(days.deviations(), days, ALL)[0][STEPS] == pytest.approx(1.0, abs=1e-5)
    # 7 on the first Monday only: Mondays have a mean of 3.5, all days one of 0.5.
    half = with_steps([[7, 0, 0, 0, 0, 0, 0] + [0] * 7])
    between = 2 * 3.5**2 - 14 * 0.5**2
    total = 7**2 - 14 * 0.5**2
    value = weekday_shares(half.deviations(), half, ALL)[0][STEPS]
    assert value == pytest.approx(between / total, rel=1e-4)


def test_links_against_a_slow_reference() -> None:
    rng = np.random.default_rng(3)
    rows = uniform_rows(4, 90, rng)
    rows[..., schema.HEART_RATE] = (
        60 + rows[..., schema.HEART_RATE] / 4 + rows[..., schema.STEPS] / 2000
    )
    observed = rng.random(rows.shape) < 0.7
    dataset = logs(rows, observed)
    days = PersonDays.from_dataset(dataset)
    inputs = LinkInputs.from_days(days, within_people=True)
    columns = {}
    for name, index in (("steps", schema.STEPS), ("heart", schema.HEART_RATE)):
        column = np.where(observed[..., index], rows[..., index], np.nan).astype(float)
        columns[name] = column - np.nanmean(column, axis=1, keepdims=True)
    x, y = columns["steps"], columns["heart"]
    position = correlations.SAME_DAY.names.index(("steps", "heart_rate_avg"))
    assert_same(correlations.same_day(inputs), position, x, y)
    position = correlations.NEXT_DAY.names.index(("steps", "heart_rate_avg next day"))
    assert_same(correlations.next_day(inputs), position, x[:, :-1], y[:, 1:])
    seen = observed[..., schema.HEART_RATE].astype(float)
    position = correlations.LOGGED.names.index(("steps", "heart_rate_avg is logged"))
    assert_same(
        correlations.with_logging(inputs), position, x, seen - seen.mean(axis=1, keepdims=True)
    )


def assert_same(
    result: tuple[np.ndarray, np.ndarray], position: int, x: np.ndarray, y: np.ndarray
) -> None:
    both = np.isfinite(x) & np.isfinite(y)
    assert result[0][position] == pytest.approx(stats.pearsonr(x[both], y[both])[0], abs=1e-4)
    assert result[1][position] == both.sum()


def test_pairs_of_one_feature_are_no_links() -> None:
    for table in (correlations.SAME_DAY, correlations.NEXT_DAY):
        for of, to in table.names:
            assert of.split("=")[0] != str(to).split("=")[0]
    assert not {of for of, _ in correlations.NEXT_DAY.names} & {"heart_rate_avg", "mood=Happy"}
    assert ("steps", "mood valence next day") in correlations.NEXT_DAY.names


def test_rare_categories_are_left_out() -> None:
    rows = uniform_rows(1, 300, np.random.default_rng(0))
    rows[..., schema.LOCATION] = 0
    rows[0, :49, schema.LOCATION] = 1
    usable = usable_signals(PersonDays.from_dataset(logs(rows)))
    assert not usable[SIGNAL_OF["location=Office"]]
    rows[0, :50, schema.LOCATION] = 1
    usable = usable_signals(PersonDays.from_dataset(logs(rows)))
    assert usable[SIGNAL_OF["location=Office"]] and not usable[SIGNAL_OF["location=Park"]]


def test_permutations_keep_what_they_promise() -> None:
    dataset = kaggle_like(5, 40, 2)
    days = PersonDays.from_dataset(dataset)
    rng = np.random.default_rng(0)
    order = order_within_people(days, rng)
    assert (days.person[order] == days.person).all()
    dealt = shuffle_observed(days.values, days.observed, SIGNAL_FEATURES, order)
    assert (dealt != days.values).any()
    assert not dealt[SIGNAL_OF["steps"]][~days.observed[schema.STEPS]].any()
    np.testing.assert_allclose(
        days.sum_by_person(dealt), days.sum_by_person(days.values), atol=1e-4
    )

    blocks = order_of_blocks(days, rng)
    assert sorted(blocks) == list(range(days.count))
    # 40 days in blocks of 10: the days within a block stay in a row.
    assert (np.diff(blocks) == 1).sum() >= days.count - 5 * 4

    orders = list(row_orders(days, 3, rng, within_people=True))
    for one in orders:
        assert sorted(one) == list(range(days.count))
        assert (days.person[one] == days.person).all()
        steps = np.diff(one.reshape(5, 40), axis=1)
        assert np.isin(steps, (1, 1 - 40)).all()
    assert not np.array_equal(orders[0], orders[1])
    pooled = list(row_orders(days, 1, rng, within_people=False))
    assert sorted(pooled[0]) == list(range(days.count))


def test_max_z_allows_for_many_tests() -> None:
    rng = np.random.default_rng(0)
    null = rng.standard_normal((199, 300))
    data = rng.standard_normal(300)
    data[7] = 9.0
    data[8] = np.nan
    result = max_z_test(data, null)
    assert result.p[7] == pytest.approx(1 / 200)
    assert result.z[7] == pytest.approx(9.0, abs=1.5)
    assert np.isnan(result.p[8]) and np.isnan(result.z[8])
    others = np.delete(result.p, [7, 8])
    assert others.min() > 0.01  # alone, three of 300 would be below it
    constant = max_z_test(np.zeros(2), np.zeros((50, 2)))
    assert np.isnan(constant.p).all()


def test_uniformity_of_uniform_rounded_and_bell_shaped_numbers() -> None:
    rng = np.random.default_rng(4)
    rows = uniform_rows(40, 500, rng)
    results = uniformity_of(logs(rows), rng)
    assert [one.feature for one in results] == list(schema.FEATURE_NAMES)
    assert all(one.looks_uniform for one in results)
    rows[..., schema.STEPS] = rng.normal(8000, 1000, (40, 500))
    rows[..., schema.MOOD] = rng.random((40, 500)) < 0.3
    results = uniformity_of(logs(rows), rng)
    assert {one.feature for one in results if not one.looks_uniform} == {"steps", "mood"}
    assert uniformity_of(logs(rows[:1, :99]), rng) == ()
    rows[..., schema.SLEEP] = 7
    (sleep,) = (one for one in uniformity_of(logs(rows), rng) if one.feature == "sleep_hours")
    assert (sleep.statistic, sleep.p) == (1.0, 0.0)


def test_impossible_days_by_hand() -> None:
    rows = typical_rows(1, 4)
    rows[0, :, schema.SLEEP] = [10, 10, 12, 8]
    rows[0, :, schema.MINUTES] = [840, 841, 1000, 300]
    rows[0, :, schema.STEPS] = [10000, 10000, 999, 10000]
    rows[0, :, schema.DISTANCE] = [7, 2.9, 0, 20.1]
    observed = np.ones(rows.shape, dtype=bool)
    observed[0, 2, schema.SLEEP] = False
    with pytest.warns(LogWarning, match="1 of 4 values of active_minutes"):
        plausible = check_plausibility(logs(rows, observed))
    assert plausible.sleep_and_activity_days == 3
    assert plausible.over_24_hours == pytest.approx(1 / 3)  # 10 h + 840 min is exactly 24 h
    assert plausible.stride_days == 3
    assert plausible.odd_stride == pytest.approx(2 / 3)
    assert plausible.outside_bounds["active_minutes"] == pytest.approx(1 / 4)
    nothing = check_plausibility(logs(rows, np.zeros(rows.shape, dtype=bool)))
    assert nothing.over_24_hours is None and nothing.outside_bounds == {}


def test_missingness_by_hand() -> None:
    rows = typical_rows(2, 6)
    observed = np.ones(rows.shape, dtype=bool)
    observed[0, [0, 1, 4], schema.SLEEP] = False  # runs of 2 and 1
    observed[1, 2:5] = False  # a run of 3, whole days
    gaps = {one.feature: one for one in describe_missingness(logs(rows, observed))}
    sleep, whole = gaps["sleep_hours"], gaps["whole day"]
    assert (sleep.share, sleep.mean_run_days, sleep.mean_run_if_random) == (0.5, 2.0, 2.0)
    assert (whole.share, whole.mean_run_days) == (0.25, 3.0)
    assert gaps["steps"].mean_run_days == 3.0
