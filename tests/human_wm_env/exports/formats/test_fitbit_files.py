"""Whose the files of Fitbit's exports are: folders as they come out of zips."""

from __future__ import annotations

from pathlib import Path

import pytest

from human_wm_env import import_logs
from tests.human_wm_env.exports.formats.test_fitbit import (
    Entries,
    minutes,
    night,
    write_json,
)
from tests.human_wm_env.exports.grids import check_balance


def person(*sleeps: int, steps: str = "10") -> dict[str, Entries]:
    """Return files of somebody who walks on May 4th from 00:00 to 23:59, and of their nights."""
    walk = minutes("2020-05-04 00:00", 1440, steps)
    return {"steps-2020-05-04.json": walk, "sleep-2020-05-04.json": [night(day) for day in sleeps]}


def inside(folder: str, files: dict[str, Entries]) -> dict[str, Entries]:
    return {f"{folder}/{name}" if folder else name: entries for name, entries in files.items()}


NIGHT = {"sleep-2020-05-05.json": [night(5)]}
NEXT = {**NIGHT, "steps-2020-05-05.json": minutes("2020-05-05 00:00", 1440, "10")}


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        # Two downloads side by side are parts of one export.
        ({"Takeout/Fitbit/Sleep": person(4), "Takeout 2/Fitbit/Sleep": NEXT}, {"me": (28800, 2)}),
        ({"Takeout/Fitbit/Schlaf": person(4), "Takeout (1)/Fitbit": NEXT}, {"me": (28800, 2)}),
        (
            {
                "takeout-20260401T101112Z-001/Takeout/Fitbit": person(4),
                "takeout-20260401T101112Z-002/Takeout/Fitbit/Sleep": NEXT,
            },
            {"me": (28800, 2)},
        ),
        # So are two of different days, and the dates of exports are no names.
        (
            {
                "takeout-20260401T101112Z-001/Takeout/Fitbit": person(4),
                "takeout-20260601T101112Z-001/Takeout/Fitbit/Sleep": NEXT,
            },
            {"me": (28800, 2)},
        ),
        (
            {"MyFitbitData_2024-03-01": person(4), "MyFitbitData_2024-06-01": NEXT},
            {"me": (28800, 2)},
        ),
        # But dates may be how a study names its people.
        (
            {"2024-03-01": person(4), "2024-06-01": NEXT},
            {"2024-03-01": (14400, 1), "2024-06-01": (14400, 1)},
        ),
        (
            {"p20240301/Sleep": person(4), "p20240302/Sleep": person(4)},
            {"p20240301": (14400, 1), "p20240302": (14400, 1)},
        ),
        (
            {"ann-20240301/Sleep": person(4), "ann-20240601": NEXT, "bob/Sleep": person(4)},
            {"ann": (28800, 2), "bob": (14400, 1)},
        ),
        ({"steps": person(4), "sleep": NIGHT}, {"me": (14400, 2)}),
        # Whoever is not at the root is somebody else.
        (
            {"Takeout/Fitbit": person(4, steps="2"), "bob/Takeout/Fitbit": person(4)},
            {"bob": (14400, 1), "me": (2880, 1)},
        ),
        ({"": person(4, steps="2"), "bob": NIGHT}, {"bob": (None, 1), "me": (2880, 1)}),
        # Without steps a person is still one of their own.
        (
            {"p01": person(4), "p02/fitbit": NIGHT, "p03": person(4)},
            {"p01": (14400, 1), "p02": (None, 1), "p03": (14400, 1)},
        ),
        ({"p01": person(4), "p02": NIGHT}, {"p01": (14400, 1), "p02": (None, 1)}),
    ],
)
def test_every_file_is_of_one_person(
    tmp_path: Path,
    folders: dict[str, dict[str, Entries]],
    expected: dict[str, tuple[int | None, int]],
) -> None:
    files: dict[str, object] = {}
    for folder, content in folders.items():
        files |= inside(folder, content)
    logs = import_logs(write_json(tmp_path, files), timezone="Europe/Oslo")
    check_balance(logs)
    found = {}
    for user, name in enumerate(logs.dataset.user_ids):
        steps, observed = logs.dataset.rows[user, :, 0], logs.dataset.observed[user]
        walked = steps[observed[:, 0]].tolist()
        found[name] = (int(sum(walked)) if walked else None, int(observed[:, 4].sum()))
    assert found == expected


def test_files_of_nobody_are_counted(tmp_path: Path) -> None:
    files = {**inside("p01", person(4)), **inside("p02", NIGHT)}
    write_json(tmp_path, {**files, "p01/Social/badge.json": [], "study/readme-1.txt": ""})
    logs = import_logs(tmp_path, timezone="Europe/Oslo")
    assert logs.manifest["unused"] == {"file badge.json": 1, "file readme": 1}
