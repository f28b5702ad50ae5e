"""The clock of a person who moves: found from steps and nights alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest

from human_wm_env.exports.clock import CANDIDATES, Clock, infer_clock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEKS = 30


def zone_of(day: int, home: str, away: str) -> ZoneInfo:
    """Two weeks away, from day 120 on."""
    return ZoneInfo(away if 120 <= day < 134 else home)


def person(
    seed: int, home: str, away: str, worn: float
) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]], np.ndarray]:
    """Return minutes and steps in UTC, the nights in local time, and each night's true offset."""
    rng = np.random.default_rng(seed)
    first = datetime(2023, 1, 2)
    nights, offsets = [], []
    minutes: list[np.ndarray] = []
    end = None
    for day in range(WEEKS * 7):
        zone = zone_of(day, home, away)
        midnight = first + timedelta(days=day + 1)
        start = midnight + timedelta(minutes=float(rng.normal(-20, 50)))
        wake = midnight + timedelta(minutes=float(rng.normal(430, 55)))
        bed, up = (int((one.replace(tzinfo=zone) - EPOCH).total_seconds()) for one in (start, wake))
        if end is not None and bed > end:
            waking = np.arange(end // 60 + 3, bed // 60 - int(rng.integers(2, 30)))
            minutes.append(waking[rng.random(len(waking)) < rng.uniform(0.1, 0.25)])
        night = np.arange(bed // 60, up // 60)
        minutes.append(night[rng.random(len(night)) < 0.004])  # up once or twice
        end = up
        offset = int(midnight.replace(tzinfo=zone).utcoffset().total_seconds())  # type: ignore[union-attr]
        if rng.random() < worn:
            nights.append((bed + offset, up + offset))
            offsets.append(offset)
    walked = np.unique(np.concatenate(minutes))
    return walked, np.full(len(walked), 20.0), nights, np.array(offsets)


@pytest.mark.parametrize(
    ("home", "away"),
    [
        ("Europe/Oslo", "America/New_York"),
        ("America/Los_Angeles", "Asia/Tokyo"),
        ("Asia/Kolkata", "Europe/London"),
        ("Australia/Sydney", "Pacific/Auckland"),
    ],
)
def test_weeks_of_travel_and_daylight_saving(home: str, away: str) -> None:
    right = total = 0
    for seed in range(3):
        minutes, steps, nights, true = person(seed, home, away, 0.8)
        clock = infer_clock(minutes, steps, nights)
        assert clock is not None
        starts = np.array([start for start, _ in nights])
        found = clock.offset_at(starts - true)
        changes = np.flatnonzero(np.diff(true)) + 1
        for week in range(0, len(nights) - 6, 7):
            here = np.arange(week, week + 7)
            near = [change for change in changes if week - 3 <= change <= week + 9]
            good = found[here] == true[here]
            for change in near:  # of a week with a change its date counts, +-3 nights
                good |= np.abs(here - change) <= 3
            right += bool(good.all())
            total += 1
    assert right / total >= 0.95, f"{right} of {total}"


def test_only_offsets_that_exist_are_inferred() -> None:
    """Still for 50 minutes before sleep and 30 after: an offset in between explains it best."""
    first, minute = 1620000000 // 86400 * 1440, np.arange(8 * 1440)
    of_day = minute % 1440
    walked = first + minute[(of_day >= 420) & (of_day < 1330) & (of_day % 30 < 10)] - 120
    nights = [((first + day * 1440 - 60) * 60, (first + day * 1440 + 390) * 60) for day in range(8)]
    clock = infer_clock(walked, np.ones(len(walked)), nights)
    assert clock is not None
    assert clock.offsets.tolist() in ([3600], [7200])


def test_the_offsets_are_those_of_the_tz_database() -> None:
    moments = [
        datetime(year, month, 15, tzinfo=UTC) for year in range(2010, 2026) for month in (1, 7)
    ]
    zones = [ZoneInfo(name) for name in available_timezones()]
    offsets = {when.astimezone(zone).utcoffset() for zone in zones for when in moments}
    found = {int(one.total_seconds()) for one in offsets if one is not None}
    assert found == set(CANDIDATES.tolist())


def test_a_still_person_says_nothing() -> None:
    assert infer_clock(np.arange(10), np.zeros(10), [(0, 30000)] * 5) is None
    assert infer_clock(np.arange(10), np.ones(10), []) is None


def test_a_zone_has_its_daylight_saving() -> None:
    clock = Clock.of_zone("Europe/Oslo")
    stamps = [datetime(2020, 3, 29, 0, 59, tzinfo=UTC), datetime(2020, 3, 29, 1, 0, tzinfo=UTC)]
    utc = np.array([int(one.timestamp()) for one in stamps])
    assert (clock.offset_at(utc) // 60).tolist() == [60, 120]
    assert Clock.fixed(-3600).local(np.array([7200])).tolist() == [3600]
