"""Logs of other people join those of the people in question, for training alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.time_split import TimeSplit
from human_wm_env.person import schema


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


def everybody_trains(split: TimeSplit) -> TimeSplit:
    """Let validation people train, too; copies of their days before stand in for them.

    For logs of so few people that nets need all of them, and the last epoch is kept: what
    validation says then is of people who are learned from. Nobody judges the copies.
    """
    copied = split.before.users_of("validation")
    if len(copied) == 0:
        return split
    early = split.before
    copies = LogDataset.from_arrays(
        early.rows[copied],
        early.observed[copied],
        user_ids=[early.user_ids[user] for user in copied],
        start_weekday=early.start_weekday[copied],
        days_logged=early.days_logged[copied],
        name="validation",
    )
    trains = ("train",) * split.whole.users
    joined = join_split(
        TimeSplit(
            replace(split.whole, split_of=trains),
            replace(split.before, split_of=trains),
            split.first_held_out,
        ),
        copies,
    )
    dealt = (*trains, *("validation",) * len(copied))
    return TimeSplit(
        replace(joined.whole, split_of=dealt),
        replace(joined.before, split_of=dealt),
        joined.first_held_out,
    )


def _padded(cells: np.ndarray, days: int) -> np.ndarray:
    people, own, _ = cells.shape
    nothing = np.zeros((people, days - own, schema.FEATURE_COUNT), dtype=cells.dtype)
    return np.concatenate([cells, nothing], axis=1)
