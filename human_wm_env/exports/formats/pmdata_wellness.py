"""The wellness diary of PMData (`pmsys/wellness.csv`): moods, on scales where 3 is usual."""

from __future__ import annotations

from human_wm_env.exports.categories import mood_code
from human_wm_env.exports.csv_rows import read_rows
from human_wm_env.exports.day_log import DayLogBuilder, as_number
from human_wm_env.exports.files import Export
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.stamps import read_day
from human_wm_env.person import schema

_TIME = "effective_time_frame"


def read_wellness(export: Export, path: str, log: DayLogBuilder) -> None:
    """Read the moods of a diary; of two entries of a day, the last counts."""
    log.offered.add(schema.MOOD)
    for row in read_rows(export, path, log.ledger):
        log.ledger.read(schema.MOOD)
        day = read_day(row.get(_TIME)[:10])
        scales = [as_number(row.get(name)) for name in ("mood", "stress", "fatigue")]
        possible = [one for one in scales if one is not None and 1 <= one <= 5]
        if day is None or len(possible) != len(scales):
            why = "an entry has a time, and mood, stress and fatigue from 1 to 5"
            log.ledger.reject(schema.MOOD, row.where, "mood", row.get("mood"), why)
            if day is not None:
                log.miss(schema.MOOD, day, Reason.QUARANTINED)
            continue
        log.put(schema.MOOD, day, mood_of(*possible), row.where, "mood", combine="newest")


def mood_of(mood: float, stress: float, fatigue: float) -> float:
    """Return the mood category of three scales; low numbers are bad on each.

    A mood above usual is happy. Otherwise what is below usual names it: stress before
    fatigue where both are as low, stressed where the mood alone is low.
    """
    if mood >= 4:
        return mood_code("Happy")
    worst = min(stress, fatigue)
    if worst <= 2:
        return mood_code("Stressed" if stress == worst else "Tired")
    return mood_code("Stressed" if mood <= 2 else "Neutral")
