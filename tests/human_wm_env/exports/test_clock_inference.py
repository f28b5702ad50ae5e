"""The clock of a person who moves: found from steps and nights alone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest

from human_wm_env.exports import clock_inference
from human_wm_env.exports.clock import Clock, offsets_in
from human_wm_env.exports.clock_inference import CANDIDATES, CHANGING_ZONES, infer_clock
from tests.human_wm_env.exports.moving_people import (
    PEOPLE,
    REGULAR,
    TRIPS,
    Habits,
    Person,
    Trip,
    live,
    weeks_found,
)

WANTED = 0.95


def inferred(person: Person) -> Clock | None:
    return infer_clock(person.minutes, np.full(len(person.minutes), 20.0), person.nights)


@pytest.mark.parametrize("trip", [TRIPS[0], TRIPS[3], TRIPS[4], TRIPS[6]], ids=lambda one: one.home)
def test_weeks_of_travel_and_daylight_saving(trip: Trip) -> None:
    counts = [weeks_found(person, inferred(person)) for person in (live(REGULAR, trip, days=210),)]
    found, weeks = np.sum(counts, axis=0)
    assert weeks > 20 and found / weeks >= WANTED


@pytest.mark.slow
def test_people_of_all_habits_in_all_zones(capsys: pytest.CaptureFixture[str]) -> None:
    """Print the share of weeks found by habits and by trip; seen with `-m slow`."""
    counts = np.array(
        [
            [
                np.sum(
                    [
                        weeks_found(person, inferred(person))
                        for seed in range(3)
                        for person in (live(habits, trip, seed=1000 * seed + number),)
                    ],
                    axis=0,
                )
                for number, trip in enumerate(TRIPS)
            ]
            for habits in PEOPLE.values()
        ]
    )
    of_habits, of_trips = counts.sum(axis=1), counts.sum(axis=0)
    names = [*PEOPLE, *(f"{trip.home}, {trip.away}" for trip in TRIPS)]
    with capsys.disabled():
        print()
        for name, (found, weeks) in zip(names, [*of_habits, *of_trips], strict=True):
            print(f"{found / weeks:6.1%} of {weeks:5} weeks  {name}")
        found, weeks = counts.sum(axis=(0, 1))
        print(f"{found / weeks:6.1%} of {weeks:5} weeks  in all")
    assert found / weeks >= WANTED
    regular = of_habits[list(PEOPLE).index("regular")]
    assert regular[0] / regular[1] >= WANTED


def test_a_wrong_clock_finds_no_week() -> None:
    """The measure itself: the truth finds all, an hour too much none, a late date not its week."""
    person = live(REGULAR, Trip("Africa/Lagos", "Asia/Tokyo"), days=210)
    changes = np.flatnonzero(np.diff(person.offsets)) + 1

    def moved(nights: int, ahead: int = 0) -> tuple[int, int]:
        since = np.append(0, (person.waking[changes - 1] + person.waking[changes]) // 2)
        since[1:] += nights * 86400
        return weeks_found(
            person, Clock(None, since, person.offsets[np.append(0, changes)] + ahead)
        )

    found, weeks = moved(0)
    assert found == weeks > 20
    assert moved(3) == moved(-3) == (weeks, weeks)
    assert moved(0, 3600) == (0, weeks)
    assert moved(4)[0] < weeks and moved(-4)[0] < weeks
    assert weeks_found(person, None)[0] == 0


def test_daylight_saving_is_that_of_the_zone_also_where_nobody_slept() -> None:
    """Nights from spring to autumn tell the zone; steps before and after have its winter."""
    person = live(Habits(worn=1.0), Trip("Europe/Oslo", "Europe/Oslo"), days=364)
    nights = [one for one in person.nights if person.waking[60] < one[1] < person.waking[310]]
    clock = infer_clock(person.minutes, np.ones(len(person.minutes)), nights)
    assert clock is not None
    assert (clock.offset_at(person.waking) == person.offsets).all()


def test_a_zone_that_is_not_installed_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    person = live(REGULAR, Trip("Africa/Lagos", "Africa/Lagos"), days=60)
    monkeypatch.setattr(clock_inference, "CHANGING_ZONES", ("Atlantis/Poseidonis",))
    clock = inferred(person)
    assert clock is not None and clock.offsets.tolist() == [3600]


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


@pytest.mark.parametrize("year", [2019, 2023, 2025])
def test_every_way_in_which_clocks_change_is_known(year: int) -> None:
    start = int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) // 900
    quarters = np.arange(start, start + 365 * 96, 7 * 96)
    known = {offsets_in(zone, quarters).tobytes() for zone in CHANGING_ZONES}
    unknown = set()
    for zone in available_timezones():
        offsets = offsets_in(zone, quarters)
        if len(np.unique(offsets)) > 1 and offsets.tobytes() not in known:
            unknown.add(zone)
    # For good, or of a few people.
    assert unknown <= {
        *("Africa/Sao_Tome", "America/Campo_Grande", "America/Cuiaba", "America/Chihuahua"),
        *("America/Mazatlan", "Mexico/BajaSur", "America/Metlakatla"),
        *("Antarctica/Casey", "Antarctica/Vostok"),
    }
