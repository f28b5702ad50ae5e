"""Nights and naps: spans asleep, each booked on the day of waking."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from human_wm_env.exports.day_log import DayLogBuilder
from human_wm_env.exports.ledger import Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.person import schema


@dataclass(frozen=True)
class Sleep:
    """One sleep as a tracker logged it.

    Attributes:
        day: ordinal of the local date of waking.
        start, end: local seconds since 1970; equal where unknown.
        hours: asleep.
        nap: the tracker calls it a nap, or not the main sleep; None where it does not say.
        values: entries of the export that it was made of, counted as read.
        where: its place.
        key: two sleeps of one key are one sleep; the last one stays.
    """

    day: int
    start: int
    end: int
    hours: float
    nap: bool | None
    where: Where
    key: str = ""
    values: int = 1


@dataclass
class Nights:
    """The sleeps of one person from one source.

    Args:
        naps: add naps to the night before; otherwise they are merged away.
    """

    naps: bool
    sleeps: list[Sleep] = field(default_factory=list)

    def add(self, sleep: Sleep) -> None:
        """Note a sleep, counted as read."""
        self.sleeps.append(sleep)

    def without_repetitions(self, log: DayLogBuilder) -> list[Sleep]:
        """Return the sleeps, without those that another one repeats or overlaps.

        Of equal keys the last stays, of overlapping spans the longest asleep.
        """
        by_key: dict[str, Sleep] = {}
        for number, sleep in enumerate(self.sleeps):
            key = sleep.key or f"#{number}"
            if key in by_key:
                log.ledger.merge(schema.SLEEP, by_key[key].values)
            by_key[key] = sleep
        kept: list[Sleep] = []
        taken: list[tuple[int, int]] = []  # disjoint, in order
        for sleep in sorted(by_key.values(), key=lambda one: (-one.hours, one.start)):
            place = bisect_left(taken, (sleep.start,))
            before, after = taken[max(place - 1, 0) : place], taken[place : place + 1]
            if any(end > sleep.start for _, end in before) or any(
                start < sleep.end for start, _ in after
            ):
                log.ledger.merge(schema.SLEEP, sleep.values)
                continue
            kept.append(sleep)
            if sleep.end > sleep.start:
                taken.insert(place, (sleep.start, sleep.end))
        return sorted(kept, key=lambda one: (one.day, one.start))

    def write(self, log: DayLogBuilder) -> list[Sleep]:
        """Put the hours asleep of every day into the log; return the sleeps used.

        The main sleep of a day is the longest that is not said to be a nap.
        """
        days: dict[int, list[Sleep]] = {}
        kept = self.without_repetitions(log)
        for sleep in kept:
            days.setdefault(sleep.day, []).append(sleep)
        for day, sleeps in days.items():
            nights = [one for one in sleeps if one.nap is not True]
            main = max(nights, key=lambda one: one.hours, default=None)
            if main is None:
                log.miss(schema.SLEEP, day, Reason.MERGED_AWAY)
            for sleep in sleeps:
                # What is split into two nights by the tracker, as by an hour awake, is one.
                part = sleep is main or (main is not None and sleep.nap is False)
                if part or (self.naps and main is not None):
                    log.put(
                        schema.SLEEP,
                        day,
                        sleep.hours,
                        sleep.where,
                        "sleep",
                        combine="sum",
                        values=sleep.values,
                    )
                else:
                    log.ledger.merge(schema.SLEEP, sleep.values)
        return kept
