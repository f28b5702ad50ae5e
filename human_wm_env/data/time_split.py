"""Logs of few people are split by time: the last days of every log are held out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError

HELD_OUT_SHARE = 0.2


@dataclass(frozen=True)
class TimeSplit:
    """Logs, and the part of them that may be learned from.

    Attributes:
        whole: every day; of training and validation people only, nobody is held out.
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
    ceases to help people whom the nets do not learn from; test people join training.

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
        name=dataset.name,
    )
    return replace(cut, split_of=dataset.split_of)
