"""Logged days as net inputs: computed once per data set, or a few people at a time.

Encoded days take 273 bytes each. Logs of up to `MOST_ENCODED_DAYS` are encoded once and kept
(`EncodedLogs`); longer ones are encoded anew whenever some people are asked for (`LazyLogs`), which
takes 2 ms a person of 1,000 days. Both give the same numbers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError
from human_wm_env.model import memory
from human_wm_env.person import schema
from human_wm_env.person.gap_events import GapEvents, gap_events
from human_wm_env.person.schema import is_weekend

#: person-days that are encoded once and kept, some 300 MB; of more, people when they are asked for
MOST_ENCODED_DAYS = 1_000_000
# BLAS multiplies short matrices, the memory's of fewer days, in another order of the sums.
_LEAST_DAYS = 2048
#: of larger logs, what is usual of days and people is taken from so many of these
MOST_DESCRIBED = 1000


class Logs(ABC):
    """The logs of some people, to be encoded or encoded already.

    Attributes:
        users: int (people,), positions in the data set.
        days_logged: int (people,).
    """

    users: np.ndarray
    days_logged: np.ndarray

    @property
    @abstractmethod
    def days(self) -> int:
        """Days of the longest log."""

    @property
    @abstractmethod
    def are_kept(self) -> bool:
        """Whether asking for people again and again costs nothing."""

    @abstractmethod
    def holding(self, people: np.ndarray) -> tuple[EncodedLogs, np.ndarray]:
        """Return encoded logs that hold some people, and their positions in these.

        Args:
            people: int (n,), positions in these logs.
        """

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.users)

    def parts(self, together: int) -> Iterator[tuple[slice, EncodedLogs, np.ndarray]]:
        """Pass over all people in order, at most so many at a time: who, and as `holding`."""
        for first in range(0, self.people, together):
            part = slice(first, min(first + together, self.people))
            yield part, *self.holding(np.arange(part.start, part.stop))

    def described(self) -> EncodedLogs:
        """Return those by whom days and people are normalised: all, or some evenly chosen ones."""
        if isinstance(self, EncodedLogs):
            return self
        count = min(self.people, MOST_DESCRIBED)
        chosen = np.linspace(0, self.people - 1, count).astype(int)
        held, places = self.holding(chosen)
        return held.of(places)


@dataclass(frozen=True)
class EncodedLogs(Logs):
    """The logs of some people, encoded, with one masked day in front of each.

    Attributes:
        users: int (people,), positions in the data set.
        rows: float32 (people, 1 + days, ROW_WIDTH), zero where masked.
        observed: bool (people, 1 + days, 10).
        remembered: float32 (people, 1 + days, memory.WIDTH), at each wake-up.
        weekday: float32 (people, 1 + days, 2).
        weekend: bool (people, 1 + days).
        days_logged: int (people,).
        events: where gaps opened, or could have; nowhere in padding.
    """

    users: np.ndarray
    rows: np.ndarray
    observed: np.ndarray
    remembered: np.ndarray
    weekday: np.ndarray
    weekend: np.ndarray
    days_logged: np.ndarray
    events: GapEvents

    @cached_property
    def gaps(self) -> np.ndarray:
        """How often each cell's gaps opened, float32 (people, 11)."""
        return self.events.opened.sum(axis=1, dtype=np.float32)

    @cached_property
    def days_at_risk(self) -> np.ndarray:
        """On how many days each cell's gaps could open, float32 (people, 11)."""
        return self.gaps + self.events.held.sum(axis=1, dtype=np.float32)

    @property
    def days(self) -> int:
        """Days of the longest log."""
        return self.rows.shape[1] - 1

    @property
    def are_kept(self) -> bool:
        """See `Logs`."""
        return True

    def holding(self, people: np.ndarray) -> tuple[EncodedLogs, np.ndarray]:
        """Return these logs themselves."""
        return self, people

    def of(self, people: np.ndarray) -> EncodedLogs:
        """Return the logs of some people, int (n,), alone."""
        own = {
            each.name: getattr(self, each.name)[people]
            for each in fields(self)
            if each.name != "events"
        }
        events = GapEvents(self.events.opened[people], self.events.held[people])
        return EncodedLogs(**own, events=events)

    def until(self, last_days: np.ndarray) -> EncodedLogs:
        """Return the logs cut off before given days, (people,): later rows are masked."""
        keep = (np.arange(self.days + 1)[None, :] <= last_days[:, None])[..., None]
        return replace(
            self,
            rows=self.rows * keep,
            observed=self.observed & keep,
            days_logged=np.minimum(self.days_logged, last_days),
            events=GapEvents(self.events.opened & keep, self.events.held & keep),
        )


def encode_logs(dataset: LogDataset, users: np.ndarray, *, use_memory: bool = True) -> EncodedLogs:
    """Encode the logs of some users at once, however many; see `prepare_logs`."""
    rows, observed = dataset.cells(users)
    if len(users) == 0 or not observed.any():
        raise _nobody(users)
    return _encoded(dataset, users, rows, observed, use_memory)


@dataclass(frozen=True)
class LazyLogs(Logs):
    """Logs that are encoded when people are asked for; see `prepare_logs`.

    Attributes:
        dataset: the logs.
        users: int (people,), positions in it.
        use_memory: False zeroes the memory.
    """

    dataset: LogDataset
    users: np.ndarray
    use_memory: bool

    @cached_property
    def days_logged(self) -> np.ndarray:  # type: ignore[override]
        """Of each person, int (people,)."""
        return self.dataset.days_logged[self.users]

    @property
    def days(self) -> int:
        """Days of the longest log of the data set."""
        return self.dataset.days

    @property
    def are_kept(self) -> bool:
        """See `Logs`."""
        return False

    def holding(self, people: np.ndarray) -> tuple[EncodedLogs, np.ndarray]:
        """Encode some people; few are repeated, so that they are rounded as many are."""
        least = -(-_LEAST_DAYS // self.days)
        users = self.users[np.resize(people, max(len(people), least))]
        found = _encoded(self.dataset, users, *self.dataset.cells(users), self.use_memory)
        return found, np.arange(len(people))


def prepare_logs(dataset: LogDataset, users: np.ndarray, *, use_memory: bool = True) -> Logs:
    """Return the logs of some users, encoded at once if they are not too many.

    Args:
        dataset: the logs.
        users: int (people,), positions.
        use_memory: False zeroes the memory (the Markov form).

    Raises:
        DataError: no people, or nothing observed.
    """
    if len(users) * dataset.days <= MOST_ENCODED_DAYS:
        return encode_logs(dataset, users, use_memory=use_memory)
    if not any(observed.any() for _, _, observed in dataset.parts(users)):
        raise _nobody(users)
    return LazyLogs(dataset, users, use_memory)


def _nobody(users: np.ndarray) -> DataError:
    return DataError(
        "people with observed days", f"{len(users)} people", "Check the split and the mask."
    )


def _encoded(
    dataset: LogDataset,
    users: np.ndarray,
    rows: np.ndarray,
    observed: np.ndarray,
    use_memory: bool,
) -> EncodedLogs:
    weekday = dataset.weekday[users]
    valid = np.arange(dataset.days) < dataset.days_logged[users][:, None]
    remembered, _ = memory.run(rows, observed, valid)
    if not use_memory:
        remembered[:] = 0.0

    def with_day_before(array: np.ndarray) -> np.ndarray:
        return np.concatenate([np.zeros_like(array[:, :1]), array], axis=1)

    events = gap_events(observed)
    return EncodedLogs(
        users=users,
        rows=with_day_before(schema.encode_rows(rows, observed)),
        observed=with_day_before(observed),
        remembered=with_day_before(remembered),
        weekday=with_day_before(schema.weekday_features(weekday)),
        weekend=with_day_before(is_weekend(weekday)),
        days_logged=dataset.days_logged[users],
        events=GapEvents(
            with_day_before(events.opened & valid[..., None]),
            with_day_before(events.held & valid[..., None]),
        ),
    )
