"""Splits by time, for logs of few people, and logs that join others for training alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from human_wm_env.data.dataset import SPLIT_SHARES, LogDataset
from human_wm_env.errors import ConfigError
from human_wm_env.person import schema

HELD_OUT_SHARE = 0.2
FEWEST_TO_SPLIT = 3


def split_by_id(user_ids: Sequence[str], seed: int = 0) -> tuple[str, ...]:
    """Deal people into train, validation and test, 80 / 10 / 10, each by their own id.

    Nobody moves when others are added or rows come in another order. Where no id falls into test
    or validation, the one nearest to it goes there, of three people or more; with more people to
    come that one may move.

    Args:
        user_ids: all different.
        seed: of the deal.
    """
    if len(user_ids) < FEWEST_TO_SPLIT:
        return ("train",) * len(user_ids)
    drawn = [
        int.from_bytes(hashlib.sha256(f"{seed}\0{one}".encode()).digest()[:8]) / 2**64
        for one in user_ids
    ]
    ends = {"test": SPLIT_SHARES["test"]}
    ends["validation"] = ends["test"] + SPLIT_SHARES["validation"]
    dealt = [next((name for name, end in ends.items() if each < end), "train") for each in drawn]
    for name in ends:
        if name not in dealt:
            # Nobody leaves a split of which they are the only one.
            free = [user for user, split in enumerate(dealt) if dealt.count(split) > 1]
            dealt[min(free, key=lambda user: abs(drawn[user] - ends[name]))] = name
    return tuple(dealt)


@dataclass(frozen=True)
class TimeSplit:
    """Logs, and the part of them that may be learned from.

    Attributes:
        whole: every day; of training and validation people only, no person is held out.
        before: the same people, without the days from `first_held_out` on: they are not
            in its arrays at all, so nothing that is given it can read them.
        first_held_out: int (users,), the first day that is held out, `days_logged` where
            none is.
    """

    whole: LogDataset
    before: LogDataset
    first_held_out: np.ndarray


def split_by_time(
    dataset: LogDataset, share: float = HELD_OUT_SHARE, *, rehearsal: bool = False
) -> TimeSplit:
    """Hold out the last days of every log.

    The people stay dealt into training and validation people, who stop training where it
    ceases to help people that the nets do not learn from; test people join training.

    Args:
        dataset: the logs.
        share: of each person's days, from the first to the last date, that is held out.
        rehearsal: take the held-out days away for good, and hold out the last share of what
            is left: for choosing settings without a look at the days that count.

    Raises:
        ConfigError: the share is not between 0 and 1.
    """
    if not 0.0 < share < 1.0:
        raise ConfigError("a held-out share between 0 and 1", f"{share}", "0.2 is usual.")
    joined = tuple("train" if split == "test" else split for split in dataset.split_of)
    whole = replace(dataset, split_of=joined)
    if rehearsal:
        whole = before(whole, _first_held_out(whole, share))
    first = _first_held_out(whole, share)
    return TimeSplit(whole, before(whole, first), first)


def _first_held_out(dataset: LogDataset, share: float) -> np.ndarray:
    held_out = np.floor(dataset.days_logged * share + 0.5).astype(np.int64)
    first: np.ndarray = dataset.days_logged - held_out
    return first


def before(dataset: LogDataset, days: np.ndarray) -> LogDataset:
    """Return the logs before given days, int (users,); later rows are nowhere in them."""
    logged = np.minimum(dataset.days_logged, days)
    longest = int(logged.max())
    cut = LogDataset.from_arrays(
        dataset.rows[:, :longest],
        dataset.observed[:, :longest],
        user_ids=dataset.user_ids,
        start_weekday=dataset.start_weekday,
        days_logged=logged,
        start_date=dataset.start_date,
        name=dataset.name,
    )
    return replace(cut, split_of=dataset.split_of, impossible=dataset.impossible)


def join(dataset: LogDataset, others: LogDataset) -> LogDataset:
    """Return both; the others come last, as training people, their ids after their set's name."""
    days = max(dataset.days, others.days)
    both = LogDataset.from_arrays(
        np.concatenate([_padded(each.rows, days) for each in (dataset, others)]),
        np.concatenate([_padded(each.observed, days) for each in (dataset, others)]),
        user_ids=[*dataset.user_ids, *(f"{others.name}/{one}" for one in others.user_ids)],
        start_weekday=np.concatenate([dataset.start_weekday, others.start_weekday]),
        days_logged=np.concatenate([dataset.days_logged, others.days_logged]),
        start_date=None
        if dataset.start_date is None or others.start_date is None
        else np.concatenate([dataset.start_date, others.start_date]),
        name=dataset.name,
    )
    return replace(
        both,
        split_of=(*dataset.split_of, *("train",) * others.users),
        impossible=(*dataset.impossible, *others.impossible),
    )


def join_split(split: TimeSplit, others: LogDataset) -> TimeSplit:
    """Let whole logs of others join the days that may be learned from; they are never judged on."""
    return TimeSplit(
        join(split.whole, others),
        join(split.before, others),
        np.concatenate([split.first_held_out, others.days_logged]),
    )


def everybody_trains(split: TimeSplit) -> TimeSplit:
    """Let validation people train, too; copies of their days before stand in for them.

    For logs of so few people that nets need all of them, and the last epoch is kept: what
    validation says then is of people who are learned from. The copies are never judged on.
    Where nobody is a validation person (one or two people), everybody is copied.
    """
    dealt_before = np.array(split.before.split_of)
    copied = np.flatnonzero(dealt_before == "validation")
    if len(copied) == 0:
        copied = np.flatnonzero(dealt_before == "train")
    early = split.before
    copies = LogDataset.from_arrays(
        early.rows[copied],
        early.observed[copied],
        user_ids=[early.user_ids[user] for user in copied],
        start_weekday=early.start_weekday[copied],
        days_logged=early.days_logged[copied],
        start_date=None if early.start_date is None else early.start_date[copied],
        name="validation",
    )
    joined = join_split(split, copies)
    dealt = (*("train",) * split.whole.users, *("validation",) * len(copied))
    return replace(
        joined,
        whole=replace(joined.whole, split_of=dealt),
        before=replace(joined.before, split_of=dealt),
    )


def _padded(cells: np.ndarray, days: int) -> np.ndarray:
    people, own, _ = cells.shape
    nothing = np.zeros((people, days - own, schema.FEATURE_COUNT), dtype=cells.dtype)
    return np.concatenate([cells, nothing], axis=1)
