"""Two exports of one person side by side: what the older one ends with is no whole day."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.human_wm_env.exports.formats.test_fitbit import (
    WEEK,
    Entries,
    days,
    minutes,
    write_json,
)
from tests.human_wm_env.exports.grids import grid

OLD, NEW = WEEK[2], WEEK[-1]  # last days


def export(last: str, *, steps: str, part: str, still: str) -> dict[str, Entries]:
    """Return the files of an export; its last day has values of its own.

    Args:
        last: its last day.
        steps: of a minute of the last day.
        part: active minutes of one kind on the last day.
        still: sedentary minutes of it.
    """
    known = WEEK[: WEEK.index(last) + 1]
    files = {
        "steps-2020-05-04.json": [
            *minutes(f"{WEEK[0]} 00:00", (len(known) - 1) * 1440, "10"),
            *minutes(f"{last} 00:00", 1440, steps),
        ]
    }
    for kind, usual, value in (
        ("lightly_active", "200", part),
        ("moderately_active", "20", part),
        ("very_active", "10", part),
        ("sedentary", "700", still),
    ):
        told = dict.fromkeys(known, usual) | {last: value}
        files[f"{kind}_minutes-2020-05-04.json"] = days(told)
    return files


@pytest.mark.parametrize("places", [("Takeout", "Takeout 2"), ("Takeout 2", "Takeout")])
@pytest.mark.parametrize("repeated", ["first", "last"])
def test_the_newer_export_knows_the_last_day_of_the_older_one(
    tmp_path: Path, places: tuple[str, str], repeated: str
) -> None:
    """Whichever is read first: zeros until the tracker is read out, and minutes until then."""
    old = export(OLD, steps="0", part="1", still="1440")
    new = export(NEW, steps="10", part="100", still="700")
    files = {
        f"{folder}/Fitbit/Physical Activity/{name}": entries
        for folder, some in zip(places, (old, new), strict=True)
        for name, entries in some.items()
    }
    source = write_json(tmp_path, files)
    rows = [row.split() for row in grid(source, WEEK[0], timezone="Europe/Oslo", repeated=repeated)]
    assert [row[1] for row in rows] == ["14400"] * 5
    assert [row[4] for row in rows] == ["230", "230", "230", "230", "300"]


@pytest.mark.parametrize("places", [("Takeout", "Takeout 2"), ("Takeout 2", "Takeout")])
@pytest.mark.parametrize("repeated", ["first", "last"])
def test_totals_of_days_are_those_of_the_newer_export(
    tmp_path: Path, places: tuple[str, str], repeated: str
) -> None:
    whole = dict.fromkeys(WEEK, "8000")
    files = {}
    for folder, known in zip(places, (WEEK[:3], WEEK), strict=True):
        told = {day: whole[day] for day in known} | ({OLD: "50"} if known != WEEK else {})
        files[f"{folder}/Fitbit/Physical Activity/steps-2020-05-04.json"] = days(told)
        files[f"{folder}/Fitbit/Physical Activity/sedentary_minutes-2020-05-04.json"] = days(
            dict.fromkeys(known, "700")
        )
    source = write_json(tmp_path, files)
    rows = [row.split() for row in grid(source, WEEK[0], timezone="Europe/Oslo", repeated=repeated)]
    assert [row[1] for row in rows] == ["8000"] * 5
