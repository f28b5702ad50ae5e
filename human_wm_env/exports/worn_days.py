"""What a tracker's totals of a day mean: worn, not worn, or only a part of the day."""

from __future__ import annotations

from collections.abc import Collection

from human_wm_env.exports.categories import REST
from human_wm_env.exports.day_log import DayLogBuilder
from human_wm_env.exports.ledger import Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.person import schema

TOTALS = (schema.STEPS, schema.DISTANCE, schema.MINUTES, schema.CALORIES)
WHOLE_DAY_MINUTES = 1440


def take_out_unworn(log: DayLogBuilder, days: Collection[int]) -> None:
    """Empty the totals of days off the wrist: zeros are not worn, calories a default."""
    for day in sorted(days):
        for feature in (one for one in TOTALS if one in log.offered):
            reason = Reason.UNCONFIRMED if feature == schema.CALORIES else Reason.NOT_WORN
            log.take_out(feature, day, reason, "the tracker was not worn on this day")
        for feature in {schema.HEART_RATE, schema.WORKOUT} & log.offered:
            log.miss(feature, day, Reason.NOT_WORN)


def take_out_partial(log: DayLogBuilder, days: Collection[int]) -> None:
    """Empty the totals and means of days of which the export has only a part."""
    for day in sorted(set(days)):
        for feature in (*TOTALS, schema.HEART_RATE, schema.WORKOUT):
            if log.value(feature, day) is not None:
                log.take_out(feature, day, Reason.PARTIAL_DAY, "the export has a part of the day")


def add_rest_days(log: DayLogBuilder, *, worn: int = schema.STEPS) -> None:
    """Say "None" for whole days without a workout, if the export has workouts at all.

    Days count as worn that have a value of the feature `worn`.
    """
    if schema.WORKOUT not in log.offered:
        return
    for day in log.days_of(worn):
        rejected = log.reason(schema.WORKOUT, day) is Reason.QUARANTINED
        if log.value(schema.WORKOUT, day) is None and not rejected:
            log.put(schema.WORKOUT, day, REST, Where(log.source, ""), "", values=0)


def mark_days(log: DayLogBuilder, days: Collection[int], slept: Collection[int] = ()) -> None:
    """Take out the totals of days off the wrist and of the first and last worn one; add rest.

    Args:
        log: of one person.
        days: with totals in the export.
        slept: days of waking from a sleep, on which the tracker was there.
    """
    unworn = [
        day
        for day in days
        if not any(log.value(feature, day) for feature in (*TOTALS[:3], schema.HEART_RATE))
        and day not in slept
    ]
    take_out_unworn(log, unworn)
    worn = sorted(set(days) - set(unworn))
    take_out_partial(log, [*worn[:1], *worn[-1:]])
    add_rest_days(log)
