"""Walk forward over held-out days: a forecast from the day before each, scored cell by cell.

What is forecast is what will be LOGGED, so the futures are masked like the person's past:
a workout that the log would not hold must not inform the steps of that day (in LifeSnaps a
workout is logged on a third of the days, the active ones). And they are not moved onto the
feasible set, which belongs to what an agent may choose: logs hold days outside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.splits import TimeSplit
from human_wm_env.errors import DataError
from human_wm_env.person import schema
from human_wm_env.person.gap_events import GapEvents
from human_wm_env.runtime.encoder import Posterior
from human_wm_env.runtime.world_model import WorldModelRuntime
from human_wm_env.worlds.reset_options import MIN_HISTORY_DAYS
from world_model.card import futures
from world_model.card.futures import EncodedStarts, Starts
from world_model.data.encoded_logs import EncodedLogs, encode_logs
from world_model.nets.world_model import WorldModel
from world_model.training.personal_posteriors import (
    Refinement,
    net_posterior,
    refine,
    with_prior,
)


def every_day(dataset: LogDataset, first: np.ndarray) -> Starts:
    """Return one start for each day from given first days on, two weeks into a log at least.

    Args:
        dataset: the logs.
        first: int (users,).

    Raises:
        DataError: no such day.
    """
    first = np.maximum(first, np.maximum(MIN_HISTORY_DAYS, dataset.first_observed_day + 1))
    days = [np.arange(begin, end) for begin, end in zip(first, dataset.days_logged, strict=True)]
    counts = [len(each) for each in days]
    if not sum(counts):
        raise DataError(
            f"held-out days after {MIN_HISTORY_DAYS} days of history",
            f"none in {dataset.name!r}, logs of at most {int(dataset.days_logged.max())} days",
            "Use longer logs, or hold a larger share out.",
        )
    return Starts(np.repeat(np.arange(dataset.users), counts), np.concatenate(days))


def refined_before(
    model: WorldModel,
    runtime: WorldModelRuntime,
    split: TimeSplit,
    refinement: Refinement,
) -> Posterior:
    """Refine what the nets infer of each person before the held-out days, (users, net_width)."""
    people = np.flatnonzero(split.before.observed.any(axis=(1, 2)))
    histories = split.before.histories(people, split.before.days_logged[people])
    encoded, _ = runtime.encode(histories)
    refined = refine(
        model,
        encode_logs(split.before, people, use_memory=runtime.architecture.memory),
        net_posterior(with_prior(encoded, runtime.architecture.blocks["c"]), runtime.architecture),
        refinement,
    )
    shape = (split.before.users, runtime.architecture.net_width)
    mean, log_variance = (np.zeros(shape, dtype=np.float32) for _ in range(2))
    mean[people], log_variance[people] = refined.mean, refined.log_variance
    return Posterior(mean, log_variance)


def refined_walking(
    model: WorldModel,
    runtime: WorldModelRuntime,
    whole: LogDataset,
    starts: Starts,
    posterior: Posterior,
    refinement: Refinement,
    *,
    every: int,
) -> Posterior:
    """Walk each posterior on: refine it again to the days just before a start.

    People change, and a forecaster that goes on reading the log has to be compared with
    others that do. The nets stay as they are. Each step reads the last days (as many as the
    refinement's window has) whole: windows drawn at random hardly ever hold the latest days.

    Args:
        model: trained nets.
        runtime: the same.
        whole: the logs; of each, only days before the start are read.
        starts: where the forecasts begin.
        posterior: of the days before the held-out ones, (users, net_width), to begin with.
        refinement: how each of them is made.
        every: days from one refinement of a person to the next.

    Returns:
        One posterior of the nets' latents per start, (starts, net_width).
    """
    first = np.full(whole.users, np.iinfo(np.int64).max)
    np.minimum.at(first, starts.users, starts.days)
    begun = first[starts.users]
    until = begun + (starts.days - begun) // every * every
    pairs, which = np.unique(np.stack([starts.users, until]), axis=1, return_inverse=True)
    users, days = pairs
    refined = refine(
        model,
        _last_days(
            encode_logs(whole, users, use_memory=runtime.architecture.memory).until(days),
            refinement.config.window_days,
        ),
        posterior[users],
        refinement,
    )
    return refined[which.reshape(-1)]


def _last_days(logs: EncodedLogs, count: int) -> EncodedLogs:
    """Return the last days of each log, with the day in front of them; padded at the end."""
    kept = np.minimum(logs.days_logged, count)
    days = np.minimum((logs.days_logged - kept)[:, None] + np.arange(count + 1), logs.days)
    inside = (np.arange(count + 1) <= kept[:, None])[..., None]

    def cut(array: np.ndarray) -> np.ndarray:
        return array[np.arange(logs.people)[:, None], days]

    return replace(
        logs,
        rows=cut(logs.rows) * inside,
        observed=cut(logs.observed) & inside,
        remembered=cut(logs.remembered),
        weekday=cut(logs.weekday),
        weekend=cut(logs.weekend),
        days_logged=kept,
        events=GapEvents(cut(logs.events.opened) & inside, cut(logs.events.held) & inside),
    )


def masks_like_before(
    dataset: LogDataset,
    starts: Starts,
    draws: int,
    horizons: Sequence[int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw which cells the coming days would hold: runs of days out of the person's own past.

    Days that are scored hold something, as the days that they are judged on do.

    Returns:
        bool (starts, draws, days, 10).
    """
    days = max(horizons)
    masks = np.empty((len(starts), draws, days, schema.FEATURE_COUNT), dtype=bool)
    for place, (user, day) in enumerate(zip(starts.users, starts.days, strict=True)):
        past = dataset.observed[user, :day]
        logged = np.flatnonzero(past.any(axis=1))
        begin = rng.integers(0, max(1, day - days + 1), size=draws)
        at = (begin[:, None] + np.arange(days)) % day
        for horizon in horizons:
            scored = at[:, horizon - 1]
            instead = rng.choice(logged, size=draws)
            at[:, horizon - 1] = np.where(past[scored].any(axis=1), scored, instead)
        masks[place] = past[at]
    return masks


def forecast_logs(
    model: WorldModel,
    encoded: EncodedStarts,
    dataset: LogDataset,
    weather_transitions: np.ndarray,
    horizons: Sequence[int],
    draws: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Imagine what will be logged after each start.

    Returns:
        float32 (starts, draws, horizons, 10), raw rows.
    """
    latents = futures.draw_latents(encoded.posterior, draws, rng)
    masks = masks_like_before(dataset, encoded.starts, draws, horizons, rng)
    return futures.sample_model(
        model, encoded, latents, weather_transitions, horizons, rng, observed=masks
    )
