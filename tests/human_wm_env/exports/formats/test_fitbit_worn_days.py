"""Fitbit: worn, not worn, nobody knows, and parts of days."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.human_wm_env.exports.formats.test_fitbit import (
    WEEK,
    Entries,
    days,
    minutes,
    night,
    write_json,
)
from tests.human_wm_env.exports.grids import grid

EVERY_DAY = slice(None)
STEP = {"steps": 1, "calories": 1, "distance": 1, "rate": 15}


def hours(
    kind: str, value: str, begun: int = 0, ended: int = 24, *, days: slice = EVERY_DAY
) -> Entries:
    """Return minutes of a part of days of the week; heart rates every quarter of an hour."""
    found: Entries = []
    for day in WEEK[days]:
        for minute in minutes(f"{day} {begun:02}:00", 60 * (ended - begun), value)[:: STEP[kind]]:
            rate = {"bpm": int(value), "confidence": 2} if kind == "rate" else value
            found.append({**minute, "value": rate})
    return found


def imported(folder: Path, first: str = WEEK[0], **files: object) -> list[list[str]]:
    named = {f"{name}-2020-05-04.json": entries for name, entries in files.items()}
    rows = grid(write_json(folder, named), first, timezone="Europe/Oslo")
    return [row.split()[1:7] for row in rows]


def sedentary(*minutes: str) -> Entries:
    return days(dict(zip(WEEK, minutes, strict=True)))


ALL_DAY = {"steps": hours("steps", "10"), "calories": hours("calories", "2")}
MISSING = {"steps": hours("steps", "10", days=slice(0, 3)), "calories": hours("calories", "2")}
PARTS = ("lightly_active_minutes", "moderately_active_minutes", "very_active_minutes")


def test_a_day_with_distance_or_active_minutes_was_worn_without_steps(tmp_path: Path) -> None:
    active = {part: days(dict.fromkeys(WEEK, "20")) for part in PARTS}
    rows = imported(tmp_path, **MISSING, **active, distance=hours("distance", "1000"))
    assert (
        rows[2:]
        == [["14400", "2880", "14.4", "60", "~", "~"]] + [["-", "2880", "14.4", "60", "~", "~"]] * 2
    )


def test_without_any_sign_of_wear_calories_are_unconfirmed_and_nothing_is_said_to_be_unworn(
    tmp_path: Path,
) -> None:
    night_alone = [night(8)]  # the last day: a sleep shows wear
    rows = imported(tmp_path, **MISSING, sleep=night_alone)
    assert [row[:2] for row in rows[2:4]] == [["14400", "2880"], ["-", "unconf"]]


def test_zeros_of_a_day_without_any_sign_of_wear_are_unconfirmed(tmp_path: Path) -> None:
    steps = hours("steps", "10", days=slice(0, 2)) + hours("steps", "0", days=slice(2, 3))
    steps += hours("steps", "10", days=slice(3, 5))
    rows = imported(tmp_path, steps=steps, calories=ALL_DAY["calories"])
    assert [row[:2] for row in rows] == [*[["14400", "2880"]] * 2, ["unconf", "unconf"]] + [
        ["14400", "2880"]
    ] * 2


@pytest.mark.parametrize(
    ("rate_hours", "still", "expected"),
    [
        (0, "1440", ["unworn", "unconf", "unworn"]),
        (1, "1440", ["0", "2880", "60"]),  # four quarters of an hour
        (0, "1439", ["0", "2880", "60"]),
    ],
)
def test_one_rate_before_the_tracker_came_off_is_no_wear(
    tmp_path: Path, rate_hours: int, still: str, expected: list[str]
) -> None:
    steps = hours("steps", "10", days=slice(0, 2)) + hours("steps", "0", days=slice(2, 3))
    steps += hours("steps", "10", days=slice(3, 5))
    stray = hours("rate", "60", 0, max(rate_hours, 1), days=slice(2, 3))
    rates = hours("rate", "70", days=slice(0, 2)) + (stray if rate_hours else stray[:1])
    rows = imported(
        tmp_path,
        steps=steps,
        calories=ALL_DAY["calories"],
        heart_rate=rates,
        sedentary_minutes=sedentary("700", "700", still, "700", "700"),
    )
    assert [rows[2][0], rows[2][1], rows[2][5]] == expected


def test_first_and_last_worn_day_are_told_by_wear_not_by_zeros(tmp_path: Path) -> None:
    """Off until the afternoon of the second day, and from the morning of the last one."""
    steps = [
        *hours("steps", "0", days=slice(0, 1)),
        *hours("steps", "0", 0, 15, days=slice(1, 2)),
        *hours("steps", "10", 15, 24, days=slice(1, 2)),
        *hours("steps", "10", days=slice(2, 4)),
        *hours("steps", "10", 0, 9, days=slice(4, 5)),
        *hours("steps", "0", 9, 24, days=slice(4, 5)),
    ]
    files = {
        "steps": steps,
        "calories": ALL_DAY["calories"],
        "sedentary_minutes": sedentary("1440", "1400", "700", "700", "1400"),
        "heart_rate": hours("rate", "70", 15, 24, days=slice(1, 2)),
    }
    rows = imported(tmp_path / "off", WEEK[2], **files)
    assert [row[:2] for row in rows] == [["14400", "2880"]] * 2


def test_a_rate_or_a_sleep_at_midnight_shows_a_whole_day(tmp_path: Path) -> None:
    walks = hours("steps", "10", 8, 20)
    zeros = hours("steps", "0", 0, 8, days=slice(0, 1))
    ends = hours("rate", "60", 23, 24, days=slice(4, 5))
    rows = imported(tmp_path, steps=zeros + walks, sleep=[night(4)], heart_rate=ends)
    assert [row[0] for row in rows] == ["7200"] * 5
    # Steps that begin after the night are a part of a day all the same.
    rows = imported(tmp_path, steps=walks, sleep=[night(4)], heart_rate=ends)
    assert [row[0] for row in rows] == ["part", *["7200"] * 4]
    rows = imported(tmp_path, WEEK[1], steps=zeros + walks, sleep=[], heart_rate=[])
    assert [row[0] for row in rows] == ["7200"] * 3
