from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError
from human_wm_env.person import schema
from tests.world_model import tiny
from world_model.card.forecasts import judge
from world_model.card.futures import spread_starts

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
