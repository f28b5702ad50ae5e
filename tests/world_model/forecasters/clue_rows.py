"""Clues and targets of made-up people, for forecasters that see nothing else."""

from __future__ import annotations

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema
from world_model.forecasters.clues import Clues, columns, read_clues

STEPS = schema.FEATURES[schema.STEPS]
assert isinstance(STEPS, schema.Continuous)


def steps_logs(scaled: np.ndarray, observed: np.ndarray | None = None) -> LogDataset:
    """People who log nothing but steps, given in scales, float (people, days)."""
    rows = np.zeros((*scaled.shape, schema.FEATURE_COUNT))
    rows[..., schema.STEPS] = scaled * STEPS.scale + STEPS.centre
    seen = np.zeros(rows.shape, dtype=bool)
    seen[..., schema.STEPS] = True if observed is None else observed
    return LogDataset.from_arrays(rows, seen, start_weekday=np.zeros(len(scaled), dtype=int))


def every_start(logs: LogDataset, first: int, horizon: int = 1) -> tuple[np.ndarray, np.ndarray]:
    days = np.arange(first, logs.days - horizon + 1)
    return np.repeat(np.arange(logs.users), len(days)), np.tile(days, logs.users)


def clues_and_target(
    logs: LogDataset, first: int = 14, index: int = schema.STEPS
) -> tuple[Clues, np.ndarray]:
    users, days = every_start(logs, first)
    seen = logs.observed[users, days, index]
    users, days = users[seen], days[seen]
    return read_clues(logs, users, days, 1)[index], columns(logs.rows[users, days, index], index)
