"""Logs of other people join those of the people in question, for training alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from human_wm_env import schema
from human_wm_env.dataset import LogDataset
from human_wm_env.time_split import TimeSplit


def join(dataset: LogDataset, others: LogDataset) -> LogDataset:
    """Return both; the others come last, as training people, their ids after their set's name."""
    days = max(dataset.days, others.days)
    both = LogDataset.from_arrays(
        np.concatenate([_padded(each.rows, days) for each in (dataset, others)]),
        np.concatenate([_padded(each.observed, days) for each in (dataset, others)]),
        user_ids=[*dataset.user_ids, *(f"{others.name}/{one}" for one in others.user_ids)],
        start_weekday=np.concatenate([dataset.start_weekday, others.start_weekday]),
        days_logged=np.concatenate([dataset.days_logged, others.days_logged]),
        name=dataset.name,
    )
    return replace(both, split_of=(*dataset.split_of, *("train",) * others.users))


def join_split(split: TimeSplit, others: LogDataset) -> TimeSplit:
    """Let whole logs of others join the days that may be learned from; nobody judges them."""
    return TimeSplit(
        join(split.whole, others),
        join(split.before, others),
        np.concatenate([split.first_held_out, others.days_logged]),
    )


def _padded(cells: np.ndarray, days: int) -> np.ndarray:
    people, own, _ = cells.shape
    nothing = np.zeros((people, days - own, schema.FEATURE_COUNT), dtype=cells.dtype)
    return np.concatenate([cells, nothing], axis=1)
