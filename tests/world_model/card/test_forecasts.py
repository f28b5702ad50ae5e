from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError, LogWarning
from human_wm_env.person import schema
from tests.world_model import tiny
from world_model.card.forecasts import judge, judge_cells
from world_model.card.futures import Starts, spread_starts

HORIZONS = (1, 7)


def test_the_truth_itself_is_a_good_forecast() -> None:
    logs, people = tiny.logs(), tiny.people()
    starts = spread_starts(logs, np.arange(12), 3, 7, np.random.default_rng(0))
    at = starts.days[:, None] + np.array(HORIZONS) - 1
    true = people.true_rows[starts.users[:, None], at]
    exact = np.repeat(true[:, None], 4, axis=1)
    found = judge(exact, logs, starts, HORIZONS, np.random.default_rng(1))
    np.testing.assert_allclose(found.crps, 0.0, atol=1e-6)
    np.testing.assert_allclose(found.energy[np.isfinite(found.energy)], 0.0, atol=1e-5)
    np.testing.assert_allclose(found.variogram[np.isfinite(found.variogram)], 0.0, atol=1e-6)
    cells = logs.observed[starts.users[:, None], at][..., [0, 1, 2, 3, 4, 5, 6, 8, 9]].sum()
    assert sum(each.cells for each in found.by_horizon) == cells
    assert sum(each.cells for each in found.by_feature.values()) == cells


def test_masked_cells_do_not_count() -> None:
    logs = tiny.logs()
    starts = spread_starts(logs, np.arange(12), 3, 7, np.random.default_rng(0))
    rng = np.random.default_rng(2)
    shape = (len(starts), 5, 2)
    futures = tiny.people().true_rows[rng.integers(12, size=shape), rng.integers(120, size=shape)]
    at = starts.days[:, None] + np.array(HORIZONS) - 1
    masked = ~logs.observed[starts.users[:, None], at]
    changed = np.where(masked[:, None], np.float32(3.0), futures)
    one, other = (
        judge(rows, logs, starts, HORIZONS, np.random.default_rng(1)) for rows in (futures, changed)
    )
    np.testing.assert_array_equal(one.crps, other.crps)
    np.testing.assert_array_equal(one.energy, other.energy)
    np.testing.assert_array_equal(one.variogram, other.variogram)
    assert one.by_horizon == other.by_horizon


def test_nothing_observed_is_an_error() -> None:
    logs = tiny.logs()
    observed = logs.observed.copy()
    observed[:, 100:] = False
    blind: LogDataset = tiny.with_rows(logs, logs.rows, observed)
    starts = spread_starts(logs, np.arange(3), 1, 7, np.random.default_rng(0))
    late = type(starts)(starts.users, np.full(3, 101))
    rows = np.zeros((3, 2, 2, schema.FEATURE_COUNT), dtype=np.float32)
    with pytest.raises(DataError, match="1 days after the starts"):
        judge(rows, blind, late, HORIZONS, np.random.default_rng(0))


def test_cells_by_hand() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), np.zeros_like(logs.observed)
    observed[:2, 50, [schema.STEPS, schema.MOOD]] = True
    rows[:2, 50, schema.STEPS] = [5000.0, 15000.0]
    rows[:2, 50, schema.MOOD] = [0.0, 3.0]  # Happy 1, Stressed 0
    seen = tiny.with_rows(logs, rows, observed)
    starts = Starts(np.array([0, 1]), np.array([50, 50]))
    drawn = np.zeros((2, 4, schema.FEATURE_COUNT), dtype=np.float32)
    drawn[..., schema.STEPS] = 10000.0
    drawn[:, :2, schema.MOOD] = 3.0
    found = judge_cells(drawn, seen, starts, 1, np.random.default_rng(0))
    assert set(found) == {"steps", "mood"}
    steps, mood = found["steps"], found["mood"]
    assert steps.users.tolist() == [0, 1]
    np.testing.assert_allclose(steps.crps, [1.0, 1.0])  # in scales of 5000
    np.testing.assert_allclose(steps.squared_error, steps.squared_spread)
    np.testing.assert_allclose(mood.squared_error, [0.25, 0.25])
    assert steps.pit[0] < 0.2 and steps.pit[1] > 0.8
    assert not steps.inside("50%").any() and steps.inside("95%").any() in (True, False)


def test_impossible_values_are_not_judged() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), np.zeros_like(logs.observed)
    observed[:2, 50, schema.CALORIES] = True
    rows[:2, 50, schema.CALORIES] = [9000.0, 7000.0]
    drawn = np.full((2, 5, schema.FEATURE_COUNT), 7000.0, dtype=np.float32)
    with pytest.warns(LogWarning, match="1 of 2 values of calories_burned"):
        seen = tiny.with_rows(logs, rows, observed)
    starts = Starts(np.array([0, 1]), np.array([50, 50]))
    found = judge_cells(drawn, seen, starts, 1, np.random.default_rng(0))
    assert found["calories_burned"].users.tolist() == [1]
    assert found["calories_burned"].crps.tolist() == [0.0]


def test_horizons_beyond_the_log_are_left_out() -> None:
    logs = tiny.logs()
    starts = Starts(np.array([0, 0]), np.array([118, 119]))
    drawn = np.zeros((2, 3, schema.FEATURE_COUNT), dtype=np.float32)
    whole = dataclasses.replace(logs, observed=np.ones_like(logs.observed))
    filled = tiny.with_rows(whole, tiny.people().true_rows, whole.observed)
    found = judge_cells(drawn, filled, starts, 2, np.random.default_rng(0))
    assert {len(cells.users) for cells in found.values()} == {1}
