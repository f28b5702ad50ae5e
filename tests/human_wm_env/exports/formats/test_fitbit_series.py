"""Fitbit's series: totals of days and minutes of UTC, and why cells have no value."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.human_wm_env.exports.formats.test_fitbit import (
    AMERICAN,
    ISO,
    bpm,
    days,
    minutes,
    night,
    write_json,
)
from tests.human_wm_env.exports.grids import grid


def test_a_cell_says_why_its_values_were_set_aside(tmp_path: Path) -> None:
    days = range(4, 10)
    rates = {
        4: [bpm("2020-05-04 12:00", 60)],
        5: [bpm("2020-05-05 12:00", 60, confidence=0)],
        6: [bpm("2020-05-06 12:00", 0)],
        7: [bpm("2020-05-07 12:00", 0), bpm("2020-05-07 13:00", 60, confidence=0)],
        9: [bpm("2020-05-09 12:00", 60), bpm("2020-05-09 13:00", 0)],
    }
    files: dict[str, object] = {
        f"heart_rate-2020-05-{day:02}.json": entries for day, entries in rates.items()
    }
    files["steps-2020-05-04.json"] = minutes("2020-05-04 00:00", 6 * 1440, "10") + minutes(
        "2020-05-03 12:00", 1, "many"
    )
    files["sleep-2020-05-04.json"] = [
        {**night(day), "minutesAsleep": -1 if day == 6 else 400} for day in days if day != 8
    ]
    rows = grid(write_json(tmp_path, files), "2020-05-04", timezone="Europe/Oslo")
    assert [row.split()[6] for row in rows] == ["60", "unconf", "bad", "bad", "-", "60"]
    assert [row.split()[5] for row in rows] == [*["6.66667"] * 2, "bad", "6.66667", "-", "6.66667"]


TOTALS = {f"2020-05-{day:02}": str(8000 + day) for day in range(4, 10)}
LAST = {"2020-05-10": "9000"}


@pytest.mark.parametrize("stamp", [AMERICAN, ISO, "%Y-%m-%d"])
def test_totals_of_days_are_local_in_a_file_of_one_day_too(tmp_path: Path, stamp: str) -> None:
    files: dict[str, object] = {
        "steps-2020-05-04.json": days(TOTALS, stamp),
        "steps-2020-05-10.json": [*days(LAST, stamp), {"dateTime": "soon", "value": "1"}],
        "sleep-2020-05-04.json": [night(5)],
    }
    rows = grid(write_json(tmp_path, files), "2020-05-04", timezone="America/New_York")
    expected = (TOTALS | LAST).items()
    assert [tuple(row.split()[:2]) for row in rows] == [(day, steps) for day, steps in expected]


def test_totals_of_days_are_never_added(tmp_path: Path) -> None:
    """Nor to minutes, in which a midnight alone in a file is a minute of UTC."""
    walk = [minutes(f"2020-05-{day:02} 00:00", 1440, "10") for day in (4, 5, 6, 8)]
    files: dict[str, object] = {
        "steps-2020-05-04.json": walk[0] + walk[1][:120],
        "steps-2020-05-05.json": walk[1][120:121],  # 2:00 in Oslo is 0:00 in UTC
        "steps-2020-05-06.json": walk[1][121:] + walk[2] + walk[3],
        "steps/steps-2020-05-05.json": days({"2020-05-05": "14000", "2020-05-07": "9000"}),
    }
    rows = grid(write_json(tmp_path, files), "2020-05-04", timezone="Europe/Oslo")
    assert [row.split()[1] for row in rows] == ["14400", "14000", "14400", "9000", "14400"]
