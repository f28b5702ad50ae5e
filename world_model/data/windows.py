"""What training takes out of encoded logs: windows of days, histories, and their moments."""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from human_wm_env.model import inputs, memory, moments
from human_wm_env.model.moments import Moments
from human_wm_env.person import schema
from world_model.data.encoded_logs import EncodedLogs, Logs

FEW_PEOPLE = 8


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
