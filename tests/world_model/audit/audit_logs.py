"""Logs with a known structure: none at all, or one that was planted."""

from __future__ import annotations

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema

# Ranges and rounding of the Kaggle "fitness tracker" file, as far as they are possible.
KAGGLE = {
    "steps": (0, 30000, 0),
    "calories_burned": (1500, 4000, 2),
    "distance_km": (0, 20, 2),
    "active_minutes": (0, 960, 0),
    "sleep_hours": (2, 12, 1),
    "heart_rate_avg": (60, 160, 0),
}


def uniform_rows(users: int, days: int, rng: np.random.Generator) -> np.ndarray:
    """Independent uniform cells, rounded as in the Kaggle file."""
    rows = np.zeros((users, days, schema.FEATURE_COUNT), dtype=np.float32)
    for index, feature in enumerate(schema.FEATURES):
        if isinstance(feature, schema.Categorical):
            rows[..., index] = rng.integers(0, feature.width, (users, days))
        else:
            low, high, digits = KAGGLE[feature.name]
            rows[..., index] = np.round(rng.uniform(low, high, (users, days)), digits)
    return rows


def kaggle_like(users: int, days: int, seed: int) -> LogDataset:
    """Rows of people drawn at random: a share of 1 / e of the days is missing."""
    rng = np.random.default_rng(seed)
    seen = rng.random((users, days)) < 1.0 - np.exp(-1.0)
    return logs(uniform_rows(users, days, rng), np.repeat(seen[..., None], 10, axis=2))


def logs(rows: np.ndarray, observed: np.ndarray | None = None) -> LogDataset:
    seen = np.ones(rows.shape, dtype=bool) if observed is None else observed
    return LogDataset.from_arrays(
        rows,
        seen,
        start_weekday=np.zeros(len(rows), dtype=int),
        days_logged=np.full(len(rows), rows.shape[1]),
        name="made",
    )


def autoregressive(users: int, days: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Standard normal AR(1) series, float (users, days)."""
    noise = rng.standard_normal((users, days))
    series = np.empty_like(noise)
    series[:, 0] = noise[:, 0]
    for day in range(1, days):
        series[:, day] = share * series[:, day - 1] + np.sqrt(1 - share**2) * noise[:, day]
    return series
