"""On which days a Fitbit tracker was worn, and on which of them from midnight to midnight."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from human_wm_env.exports.clock import Clock
from human_wm_env.exports.day_log import DayLogBuilder
from human_wm_env.exports.formats.fitbit_series import TrackerSeries
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.sleep import Sleep
from human_wm_env.exports.stamps import DAY_SECONDS, EPOCH
from human_wm_env.exports.worn_days import (
    TOTALS,
    WHOLE_DAY_MINUTES,
    take_out_partial,
    take_out_unworn,
)
from human_wm_env.person import schema

_WHOLE_ENDS_SECONDS = 3600
# Quarters of an hour with a heart rate that a tracker logs before it comes off at midnight.
_STRAY_QUARTERS = 3
# Features that show wear; calories do not, which Fitbit makes up for days without any.
_SIGNS = {schema.STEPS, schema.DISTANCE, schema.MINUTES, schema.HEART_RATE}
_UNWORN = "the tracker was not worn on this day"


def mark_days(
    log: DayLogBuilder,
    series: TrackerSeries,
    clock: Clock,
    *,
    sleeps: Sequence[Sleep],
    sedentary: Mapping[int, float],
    active: Collection[int],
) -> None:
    """Empty days off the wrist, and the first and last worn one if they are partial.

    Args:
        log: of one person.
        series: of the same one.
        clock: theirs.
        sleeps: in local time.
        sedentary: sedentary minutes by day, 1440 on a day off the wrist.
        active: days with active minutes.
    """
    totals = {day for feature in TOTALS for day in log.days_of(feature)}
    rated = set(log.days_of(schema.HEART_RATE))
    slept = {sleep.day for sleep in sleeps}
    moved = set(active) | {
        day
        for feature in (schema.STEPS, schema.DISTANCE)
        for day in log.days_of(feature)
        if log.value(feature, day)
    }
    unworn = _unworn(log, moved, series.quarters_with_a_rate(clock), sedentary)
    for day in sorted(unworn & rated):
        log.take_out(schema.HEART_RATE, day, Reason.NOT_WORN, _UNWORN)
    take_out_unworn(log, unworn)
    worn = (totals | rated) - unworn
    if log.offered & _SIGNS:
        shown = moved | rated | slept | set(sedentary)
        _take_out_unconfirmed(log, worn - shown)
        worn &= shown
    if worn:
        take_out_partial(log, list(_partial(min(worn), max(worn), series, clock, sleeps)))


def _unworn(
    log: DayLogBuilder,
    moved: Collection[int],
    quarters: Mapping[int, int],
    sedentary: Mapping[int, float],
) -> set[int]:
    """Return days that Fitbit itself calls sedentary throughout, with no sign of wear.

    A sleep is none here: it may have been typed in, and one that was tracked is no sedentary time.
    """
    still = {day for day, minutes in sedentary.items() if minutes >= WHOLE_DAY_MINUTES}
    rated = {day for day in still if quarters.get(day, 0) > _STRAY_QUARTERS}
    known = {day for feature in range(schema.FEATURE_COUNT) for day in log.days_of(feature)}
    return (still & known) - rated - set(moved)


def _take_out_unconfirmed(log: DayLogBuilder, days: Collection[int]) -> None:
    """Empty days of which nothing says that the tracker was worn, nor that it was not."""
    for day in sorted(days):
        for feature in TOTALS:
            if log.value(feature, day) is not None:
                why = "nothing says that the tracker was worn on this day"
                log.take_out(feature, day, Reason.UNCONFIRMED, why)


def _partial(
    first: int, last: int, series: TrackerSeries, clock: Clock, sleeps: Sequence[Sleep]
) -> Iterator[int]:
    """Yield the first and last worn day, if nothing shows wear at their beginning or end.

    Sleeps have files of their own: one at midnight says nothing of series that begin later.
    """
    starts, ends = series.signs_of_wear(clock)
    if len(starts) == 0:  # totals alone: nothing says when the tracker ran
        return
    begun, ended = series.span(clock)
    starts = np.append(starts, [sleep.start for sleep in sleeps])
    ends = np.append(ends, [sleep.end for sleep in sleeps])
    midnight = (first - EPOCH) * DAY_SECONDS
    near = midnight + _WHOLE_ENDS_SECONDS
    if begun > near or not ((starts <= near) & (ends > midnight)).any():
        yield first
    midnight = (last + 1 - EPOCH) * DAY_SECONDS
    near = midnight - _WHOLE_ENDS_SECONDS
    if ended < near or not ((ends >= near) & (starts < midnight)).any():
        yield last
