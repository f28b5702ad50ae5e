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

import mlx.core as mx
import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError
from human_wm_env.model import inputs, memory, moments
from human_wm_env.model.moments import Moments
from human_wm_env.person import schema
from human_wm_env.person.gap_events import GapEvents, gap_events
from human_wm_env.person.schema import is_weekend

FEW_PEOPLE = 8
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
    """Encode the logs of some users.

    Args:
        dataset: the logs.
        users: int (people,), positions.
        use_memory: False zeroes the memory (the Markov form).

    Raises:
        DataError: no people, or nothing observed.
    """
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


@dataclass(frozen=True)
class Windows:
    """Teacher-forced days for both nets, as MLX arrays (people, days, ...).

    Attributes:
        policy_inputs, transition_inputs: what the nets see.
        actions: encoded actions in chain order; actions_seen: their mask, 0 or 1.
        states: encoded states; states_seen: their mask, 0 or 1.
        opened, held: gap events of the day, 0 or 1, (people, days, 11).
        gaps, days_at_risk: how many opened, and could have, in the whole log, (people, 11).
    """

    policy_inputs: mx.array
    transition_inputs: mx.array
    actions: mx.array
    actions_seen: mx.array
    states: mx.array
    states_seen: mx.array
    opened: mx.array
    held: mx.array
    gaps: mx.array
    days_at_risk: mx.array

    @property
    def action_chain(self) -> mx.array:
        """Inputs of the policy's chain: encoded actions and their mask."""
        return mx.concatenate([self.actions, self.actions_seen], axis=-1)

    @property
    def state_chain(self) -> mx.array:
        """Inputs of the transition's chain."""
        return mx.concatenate([self.states, self.states_seen], axis=-1)


def reference_day(whole: Logs) -> np.ndarray:
    """Return the transition net's inputs on an average, fully observed day.

    Returns:
        float32 (TRANSITION_WIDTH,): means over the days whose cells were observed; masks
        and memory weights are 1.
    """
    logs = whole.described()
    rows, observed = logs.rows[:, 1:], logs.observed[:, 1:]
    mean = np.zeros(schema.ROW_WIDTH, dtype=np.float32)
    for index, part in schema.ROW_SLICES.items():
        mean[part] = rows[..., part].sum(axis=(0, 1)) / max(1, observed[..., index].sum())
    remembered = np.zeros(memory.WIDTH, dtype=np.float32)
    if logs.remembered.any():
        averages = slice(0, memory.AVERAGES)
        remembered[averages] = logs.remembered[:, 1:, averages].mean(axis=(0, 1))
        remembered[memory.AVERAGES + memory.CONTRASTS :] = 1.0
    everything = np.ones(schema.FEATURE_COUNT, dtype=np.float32)
    weekday = np.zeros(inputs.WEEKDAY_WIDTH, dtype=np.float32)
    weather = mean[inputs.WEATHER_COLUMNS]
    return inputs.transition_inputs(
        mean, everything, mean, everything, remembered, weekday, weather
    )


def windows(whole: Logs, people: np.ndarray, days: np.ndarray) -> Windows:
    """Cut days out of the logs.

    Args:
        whole: the logs.
        people: int (n,), positions in them.
        days: int (n, length), days of the log, 0 being the first; they need not be consecutive.
    """
    logs, people = whole.holding(people)
    who = people[:, None]
    today, day_before = days + 1, days
    rows, observed = logs.rows[who, today], logs.observed[who, today]
    before, before_seen = logs.rows[who, day_before], logs.observed[who, day_before]
    remembered, weekday = logs.remembered[who, today], logs.weekday[who, today]
    weather = rows[..., inputs.WEATHER_COLUMNS]
    return Windows(
        policy_inputs=mx.array(
            inputs.policy_inputs(before, before_seen, remembered, weekday, weather)
        ),
        transition_inputs=mx.array(
            inputs.transition_inputs(
                before, before_seen, rows, observed, remembered, weekday, weather
            )
        ),
        actions=mx.array(rows[..., inputs.ACTION_COLUMNS]),
        actions_seen=mx.array(observed[..., inputs.ACTION_ORDER].astype(np.float32)),
        states=mx.array(rows[..., inputs.STATE_COLUMNS]),
        states_seen=mx.array(observed[..., inputs.STATE_ORDER].astype(np.float32)),
        opened=mx.array(logs.events.opened[who, today].astype(np.float32)),
        held=mx.array(logs.events.held[who, today].astype(np.float32)),
        gaps=mx.array(logs.gaps[people]),
        days_at_risk=mx.array(logs.days_at_risk[people]),
    )


def histories(
    whole: Logs, people: np.ndarray, lengths: np.ndarray
) -> tuple[mx.array, mx.array, mx.array]:
    """Return the first days of some logs as encoder inputs, padded at the end.

    Args:
        whole: the logs.
        people: int (n,), positions in them.
        lengths: int (n,), days of each history.

    Returns:
        inputs (n, longest, ENCODER_WIDTH), observed bool (n, longest, 10) and valid bool
        (n, longest).
    """
    logs, people = whole.holding(people)
    longest = int(lengths.max())
    valid = np.arange(longest) < lengths[:, None]
    part = slice(1, 1 + longest)
    keep = valid[..., None]
    observed = logs.observed[people, part] & keep
    encoded = inputs.encoder_inputs(
        logs.rows[people, part] * keep,
        observed,
        logs.weekday[people, part] * keep,
        logs.remembered[people, part] * keep,
    )
    return mx.array(encoded), mx.array(observed), mx.array(valid)


def moments_until(
    logs: EncodedLogs, lengths: np.ndarray, people: np.ndarray | None = None
) -> list[Moments]:
    """Return the moments of each log's first days, for several lengths.

    Args:
        logs: encoded logs.
        lengths: int (n,), rising; a log that is shorter counts whole.
        people: int (people,), consecutive positions in `logs`; None takes all.

    Returns:
        One Moments of these people per length.
    """
    first, count = (0, logs.people) if people is None else (int(people[0]), len(people))
    shape = (len(lengths), count)
    products, counts = (np.empty((*shape, moments.PAIR_COUNT), dtype=np.float32) for _ in range(2))
    seen = np.empty((*shape, schema.FEATURE_COUNT), dtype=np.float32)
    # A few people at a time: their days fit the cache.
    for begun in range(0, count, FEW_PEOPLE):
        few = slice(begun, min(begun + FEW_PEOPLE, count))
        who, begin = slice(first + few.start, first + few.stop), 0
        for at, length in enumerate(lengths.tolist()):
            part = _moments_between(logs, who, begin, length)
            products[at, few], counts[at, few], seen[at, few] = (
                part.products,
                part.counts,
                part.seen,
            )
            begin = length
    for sums in (products, counts, seen):
        np.cumsum(sums, axis=0, out=sums)
    return [Moments(*each) for each in zip(products, counts, seen, strict=True)]


def _moments_between(logs: EncodedLogs, few: slice, begin: int, end: int) -> Moments:
    """Return the moments of some people's days from `begin` on, before `end`."""
    part, day_before = slice(begin + 1, end + 1), slice(begin, end)
    values, mask = moments.factors(
        logs.rows[few, part],
        logs.observed[few, part],
        logs.rows[few, day_before],
        logs.observed[few, day_before],
        logs.remembered[few, part],
        logs.weekend[few, part],
    )
    logged = np.arange(begin, end) < logs.days_logged[few, None]
    if not logged.all():
        values *= logged[..., None]
        mask *= logged[..., None]
    return moments.collect(values, mask, logs.observed[few, part])
