from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.data.uniform_logs import RANGES, UniformConfig, uniform_logs
from human_wm_env.errors import ConfigError
from human_wm_env.person import schema

LOGS = uniform_logs(UniformConfig(users=60, days=100, seed=1))


def test_cells_are_independent_uniform_numbers() -> None:
    seen = LOGS.observed.all(axis=2)
    rows = LOGS.rows[seen]
    for index, (low, high) in RANGES.items():
        scaled = (rows[:, index] - low) / (high - low)
        counts, _ = np.histogram(scaled, bins=10, range=(0.0, 1.0))
        assert counts.sum() == len(rows)
        assert np.abs(counts / len(rows) - 0.1).max() < 0.025
    for index in schema.CATEGORICAL_FEATURES:
        width = schema.FEATURES[index].width
        shares = np.bincount(rows[:, index].astype(int), minlength=width) / len(rows)
        assert np.abs(shares - 1.0 / width).max() < 0.03
    links = np.corrcoef(rows.T) - np.eye(schema.FEATURE_COUNT)
    assert np.abs(links).max() < 0.06


def test_whole_days_are_missing() -> None:
    np.testing.assert_array_equal(LOGS.observed.any(axis=2), LOGS.observed.all(axis=2))
    assert LOGS.observed.mean() == pytest.approx(1.0 - np.exp(-1.0), abs=0.02)


def test_a_seed_gives_the_same_logs() -> None:
    again = uniform_logs(UniformConfig(users=60, days=100, seed=1))
    assert again.fingerprint == LOGS.fingerprint
    other = uniform_logs(UniformConfig(users=60, days=100, seed=2))
    assert other.fingerprint != LOGS.fingerprint
    with pytest.raises(ConfigError, match="60 days"):
        UniformConfig(days=59)
