"""Generated people who walk, sleep and travel, and how many weeks of theirs a clock explains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from human_wm_env.exports.clock import Clock
from human_wm_env.exports.stamps import DAY_SECONDS, EPOCH, zone_offset

FEWEST_NIGHTS, TOLERANCE = 4, 3  # worn nights of a week that counts; nights around a change
FIRST_DAY = date(2023, 1, 2).toordinal()  # a Monday


@dataclass(frozen=True)
class Habits:
    """How somebody lives; times in hours of the local clock, after the midnight before waking.

    Attributes:
        bed, wake: means of falling asleep and of waking; `spread` their standard deviations.
        activity: share of waking minutes with steps, drawn a day.
        still_evening, still_morning: longest time without steps before sleep and after it.
        charging: longest time of a day without the tracker.
        restless: share of minutes of the night with steps.
        worn: share of nights.
        naps: share of days with one, which the tracker does not call a nap.
        shifts: blocks of four days are slept in the daytime, every third block.
        weeks_off: weeks without the tracker, in the middle of the log.
        jet_lag: hours a day by which sleep moves on to the new clock after a flight.
    """

    bed: float = -0.3
    wake: float = 7.2
    spread: float = 0.85
    activity: tuple[float, float] = (0.1, 0.25)
    still_evening: float = 0.5
    still_morning: float = 0.15
    charging: float = 1.0
    restless: float = 0.004
    worn: float = 0.8
    naps: float = 0.0
    shifts: bool = False
    weeks_off: int = 0
    jet_lag: float = 24.0


REGULAR = Habits()
PEOPLE = {
    "regular": REGULAR,
    "late sleeper": replace(REGULAR, bed=3.5, wake=11.7, spread=1.2),
    "night shifts": replace(REGULAR, shifts=True),
    "irregular": replace(REGULAR, spread=1.8),
    "naps": replace(REGULAR, naps=0.4),
    "still evenings": replace(REGULAR, still_evening=3.0),
    "slow mornings": replace(REGULAR, still_morning=1.0),
    "restless": replace(REGULAR, restless=0.03),
    "sits": replace(REGULAR, activity=(0.02, 0.08)),
    "gaps": replace(REGULAR, worn=0.6, weeks_off=3),
    "charges for hours": replace(REGULAR, charging=6.0),
    "jet lag": replace(REGULAR, jet_lag=1.5),
    "all at once": Habits(
        spread=1.2,
        activity=(0.05, 0.2),
        still_evening=1.5,
        still_morning=0.5,
        charging=3.0,
        restless=0.01,
        worn=0.65,
        naps=0.2,
        jet_lag=1.5,
    ),
}


@dataclass(frozen=True)
class Trip:
    """Two weeks elsewhere: from `first` on, days after the log begins, for `days`."""

    home: str
    away: str
    first: int = 120
    days: int = 14

    def zone(self, day: int) -> str:
        """Return where somebody wakes up."""
        return self.away if self.first <= day < self.first + self.days else self.home


TRIPS = (
    Trip("Europe/Oslo", "America/New_York"),
    Trip("Europe/London", "Europe/Athens"),
    Trip("America/Los_Angeles", "Asia/Tokyo"),
    Trip("America/New_York", "Europe/Paris", first=60),
    Trip("Asia/Kolkata", "Europe/London", first=75),
    Trip("Asia/Kathmandu", "Asia/Dubai"),
    Trip("Australia/Sydney", "Pacific/Auckland"),
    Trip("Australia/Adelaide", "Asia/Singapore", first=200),
    Trip("America/St_Johns", "America/Denver", first=250),
    Trip("America/Sao_Paulo", "Africa/Johannesburg", first=150),
    Trip("Pacific/Auckland", "America/Los_Angeles", first=30),
    Trip("Pacific/Honolulu", "America/Chicago", first=180),
)


@dataclass(frozen=True)
class Person:
    """What an export has of somebody, and the truth.

    Attributes:
        minutes: int (n,), minutes since 1970 in UTC with steps.
        nights: first and last local second of the sleeps that were logged.
        waking: int (days,), when a night ends, seconds since 1970 in UTC.
        offsets: int (days,), true seconds ahead of UTC then.
        worn: bool (days,), the night was logged.
    """

    minutes: np.ndarray
    nights: list[tuple[int, int]]
    waking: np.ndarray
    offsets: np.ndarray
    worn: np.ndarray


def utc_of(zone: str, local_minute: int) -> int:
    """Return the UTC second of a minute on a zone's clock."""
    local = local_minute * 60
    first = local - zone_offset(zone, local // 900)
    return local - zone_offset(zone, first // 900)


def live(habits: Habits, trip: Trip, *, days: int = 364, seed: int = 0) -> Person:
    """Return a person's log."""
    rng = np.random.default_rng(seed)
    minutes, nights, waking, offsets, worn = [], [], [], [], []
    before, lag, asleep_until = trip.zone(0), 0.0, None
    off = range(days // 2, days // 2 + 7 * habits.weeks_off)
    for day in range(days):
        zone = trip.zone(day)
        midnight = (FIRST_DAY + day - EPOCH) * DAY_SECONDS
        if zone != before:
            moved = (utc_of(before, midnight // 60) - utc_of(zone, midnight // 60)) / 3600
            lag, before = (moved + 12) % 24 - 12 if habits.jet_lag < 24 else 0.0, zone
        lag -= float(np.clip(lag, -habits.jet_lag, habits.jet_lag))
        by_day = habits.shifts and day // 4 % 3 == 1
        bed, wake = (8.5, 15.5) if by_day else (habits.bed + 0.5 * lag, habits.wake + 0.5 * lag)
        bed, wake = (one + habits.spread * rng.normal() for one in (bed, wake))
        wake = max(wake, bed + 3.5)
        start, end = (utc_of(zone, int(midnight + 3600 * one) // 60) for one in (bed, wake))
        there = day not in off
        if asleep_until is not None and there and start > asleep_until:
            still = 60 * rng.uniform(0.05, habits.still_evening)
            slow = 60 * rng.uniform(0.02, habits.still_morning)
            awake = np.arange(asleep_until // 60 + int(slow), start // 60 - int(still))
            share = rng.uniform(*habits.activity) * (0.5 + rng.random(len(awake) // 30 + 1))
            walked = awake[rng.random(len(awake)) < np.repeat(share, 30)[: len(awake)]]
            off_wrist = rng.integers(awake[0], awake[-1]) if len(awake) > 1 else 0
            off_until = off_wrist + 60 * rng.uniform(0, habits.charging)
            walked = walked[(walked < off_wrist) | (walked >= off_until)]
            if rng.random() < habits.naps and len(awake) > 480:
                nap = int(awake[len(awake) // 2])
                length = int(rng.integers(30, 100))
                walked = walked[(walked < nap) | (walked >= nap + length)]
                ahead = zone_offset(zone, nap // 15)
                nights.append((nap * 60 + ahead, (nap + length) * 60 + ahead))
            minutes.append(walked)
        night = np.arange(start // 60, end // 60)
        logged = there and bool(rng.random() < habits.worn)
        if logged:
            minutes.append(night[rng.random(len(night)) < habits.restless])
            nights.append(
                (start + zone_offset(zone, start // 900), end + zone_offset(zone, end // 900))
            )
        asleep_until = end
        waking.append(end)
        offsets.append(zone_offset(zone, end // 900))
        worn.append(logged)
    return Person(
        np.unique(np.concatenate(minutes)),
        nights,
        *(np.array(one) for one in (waking, offsets, worn)),
    )


def weeks_found(person: Person, clock: Clock | None) -> tuple[int, int]:
    """Return how many weeks of at least four worn nights a clock explains, and how many there are.

    A week without a change is found where the offset is right at the end of each worn night that is
    not within three nights of a change in another week. Of a week with one its date is asked: three
    nights before the change the clock still has the old offset, and three nights after it the new
    one.
    """
    found = np.zeros(len(person.offsets), np.int64) if clock is None else None
    if clock is not None:
        found = clock.offset_at(person.waking)
    days = np.arange(len(person.offsets))
    changes = np.flatnonzero(np.diff(person.offsets)) + 1
    near = (abs(days[:, None] - changes) <= TOLERANCE).any(axis=1)
    good = total = 0
    for week in range(0, len(days) - 6, 7):
        here = days[week : week + 7]
        if person.worn[here].sum() < FEWEST_NIGHTS:
            continue
        total += 1
        held = [int(one) for one in changes if week <= one < week + 7]
        asked = [place for one in held for place in (one - TOLERANCE - 1, one + TOLERANCE)]
        if not held:
            asked = here[person.worn[here] & ~near[here]].tolist()
        asked = [place for place in asked if 0 <= place < len(days)]
        good += bool((found[asked] == person.offsets[asked]).all())
    return good, total
