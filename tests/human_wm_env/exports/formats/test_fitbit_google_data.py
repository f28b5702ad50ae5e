"""Takeout's CSV files of Fitbit: zeros left out, versions of a night, zips of one person."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from human_wm_env import DataError, import_logs
from tests.human_wm_env.exports.formats.test_fitbit import account_export, utc, write_json
from tests.human_wm_env.exports.grids import check_balance, grid, lines

ACTIVITY = "Takeout/Fitbit/Physical Activity_GoogleData"
HEALTH = "Takeout/Fitbit/Health Fitness Data_GoogleData"


def stamp(local: str) -> str:
    return utc(local).strftime("%Y-%m-%dT%H:%M:%SZ")


def rows(header: str, *entries: tuple[str, object], source: str = "Pixel Watch") -> str:
    return "\n".join([header, *(f"{stamp(at)},{value},{source}" for at, value in entries)]) + "\n"


def night(start: str, end: str, minutes: object, updated: str, offset: str = "+02:00") -> str:
    first, last = (utc(one).strftime("%Y-%m-%d %H:%M:%S+0000") for one in (start, end))
    return f"1,{first},{offset},{last},{offset},{minutes},{updated}"


SLEEP_HEADER = (
    "sleep_id,sleep_start,start_utc_offset,sleep_end,end_utc_offset,minutes_asleep,"
    "sleep_last_updated"
)
FILES: dict[str, object] = {
    f"{ACTIVITY}/steps_2024-04-01.csv": rows(
        "timestamp,steps,data source",
        ("2024-04-02 00:30", 100),  # the 1st in UTC
        ("2024-04-02 10:00", 5000),
        ("2024-04-02 10:00", 4900),  # of the phone at the same time
        ("2024-04-03 10:00", 6000),
        ("2024-04-05 10:00", 7000),
        ("2024-04-06 12:00", 100),
        ("2024-04-06 12:01", -4),
    ),
    f"{ACTIVITY}/distance_2024-04-01.csv": rows(
        "timestamp,distance,data source", ("2024-04-02 10:00", 3500), ("2024-04-03 10:00", "NaN")
    ),
    f"{ACTIVITY}/calories_2024-04-01.csv": rows(
        "timestamp,calories,data source",
        *((f"2024-04-0{day} 10:00", 2000 + day) for day in range(2, 7)),
    ),
    f"{ACTIVITY}/calories_2024-05-01.csv": "no data",
    f"{ACTIVITY}/heart_rate_2024-04-01.csv": rows(
        "timestamp,beats per minute,data source",
        ("2024-04-02 00:01", 60),
        ("2024-04-02 23:50", 80),
        ("2024-04-03 12:00", 0),
        ("2024-04-04 12:00", 65),  # worn, and no step: zero or missing, nobody knows
        ("2024-04-06 00:01", 65),
    ),
    f"{ACTIVITY}/floors_2024-04-01.csv": "timestamp,floors\n",
    f"{HEALTH}/UserSleeps_2024-04-01.csv": "\n".join(
        [
            SLEEP_HEADER,
            night("2024-04-01 23:30", "2024-04-02 07:30", 430, "2024-04-02 09:00:00+0000"),
            night("2024-04-01 23:30", "2024-04-02 07:30", 420, "2024-04-03 09:00:00+0000"),
            night("2024-04-01 23:30", "2024-04-02 07:30", 440, "2024-04-02 08:00:00+0000"),
            # Local time that is labelled as UTC, as old rows are.
            "2,2024-04-02 23:30:00+0000,+00:00,2024-04-03 06:30:00+0000,+00:00,390,",
            "3,2024-04-03 23:30:00+0000,,2024-04-03 06:30:00+0000,+00:00,390,",
        ]
    ),
    f"{HEALTH}/UserExercises_2024-04-01.csv": "\n".join(
        [
            "exercise_id,exercise_start,exercise_end,utc_offset,activity_name",
            "9,2024-04-02 22:30:00+0000,2024-04-02 23:10:00+0000,+02:00,Outdoor Bike",
            "9,2024-04-02 22:30:00+0000,2024-04-02 23:10:00+0000,+02:00,Outdoor Bike",
            "10,yesterday,2024-04-02 23:10:00+0000,+02:00,Swim",
            "11,2024-04-04 22:30:00+0000,2024-04-04 21:30:00+0000,+02:00,Swim",
        ]
    ),
}
EXPECTED = """
2024-04-02 5100   2002   3.5    ~ 7   70  None    ~ ~ ~
2024-04-03 6000   2003   -      ~ 6.5 bad Cycling ~ ~ ~
2024-04-04 -      2004   -      ~ -   65  -       ~ ~ ~
2024-04-05 7000   2005   -      ~ -   -   bad     ~ ~ ~
"""


def test_cells_and_reasons(tmp_path: Path) -> None:
    folder = write_json(tmp_path, FILES)
    logs = import_logs(folder, timezone="Europe/Oslo")
    assert grid(folder, "2024-04-02", timezone="Europe/Oslo") == lines(EXPECTED)
    counts = {row["feature"]: row for row in logs.manifest["counts"]}
    assert (counts["steps"]["merged"], counts["sleep_hours"]["merged"]) == (1, 2)
    assert counts["workout_type"]["merged"] == 1
    said = {(line["column"], line["value"], line["reason"]) for line in logs.rejected}
    assert said >= {
        ("steps", "-4.0", "quarantined"),
        ("steps", "100", "partial day"),
        ("beats per minute", "0.0", "quarantined"),
        ("activity_name", "Swim", "quarantined"),
    }
    assert logs.manifest["unused"] == {"file floors_2024": 1, "file without data": 1}


def test_a_file_of_other_columns_is_told_those_of_its_kind(tmp_path: Path) -> None:
    files = FILES | {f"{ACTIVITY}/steps_2024-05-01.csv": "timestamp,paces\n2024-05-01,3\n"}
    logs = import_logs(write_json(tmp_path, files), timezone="Europe/Oslo")
    (why,) = [one for one in logs.manifest["rejected"] if "should have" in one]
    assert why.endswith("it should have the columns steps, timestamp")


def test_both_generations_in_one_takeout_count_once(tmp_path: Path) -> None:
    files = {f"Takeout/Fitbit/{path}": one for path, one in account_export().items()}
    old = grid(write_json(tmp_path / "old", files), "2020-03-28", timezone="Europe/Oslo")
    again = rows("timestamp,steps,data source", ("2020-03-28 10:00", 100), ("2020-03-28 11:00", 7))
    files[f"{ACTIVITY}/steps_2020-03-28.csv"] = again
    both = grid(write_json(tmp_path / "both", files), "2020-03-28", timezone="Europe/Oslo")
    assert both[0].split()[1] == "1107" and both[1:] == old[1:]


def zips(folder: Path, files: dict[str, object], parts: Callable[[int], str]) -> list[Path]:
    """Write every file into one of three zips."""
    folder.mkdir(exist_ok=True)
    found = [folder / parts(number) for number in (1, 2, 3)]
    for number, target in enumerate(found):
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("Takeout/archive_browser.html", f"part {number}")
            for place, (path, content) in enumerate(files.items()):
                if place % 3 == number:
                    text = content if isinstance(content, str) else json.dumps(content)
                    archive.writestr(path, text)
    return found


def part_name(number: int) -> str:
    return f"takeout-20240501T101112Z-{number:03}.zip"


def test_several_zips_of_a_takeout_are_one_export(tmp_path: Path) -> None:
    found = zips(tmp_path / "zips", FILES, part_name)
    for source in (tmp_path / "zips", found, found[::-1]):
        assert grid(source, "2024-04-02", timezone="Europe/Oslo") == lines(EXPECTED)


def test_a_part_that_is_not_there_is_told(tmp_path: Path) -> None:
    found = zips(tmp_path, FILES, part_name)
    notes = import_logs([found[0], found[2]], timezone="Europe/Oslo").manifest["notes"]
    assert any("Z-002.zip (a part that is not there)" in note for note in notes)


def test_parts_with_different_files_of_one_name_are_refused(tmp_path: Path) -> None:
    found = zips(tmp_path, FILES, part_name)
    with zipfile.ZipFile(found[2], "a") as archive:
        archive.writestr(next(iter(FILES)), "timestamp,steps\n")
    with pytest.raises(DataError, match="have each file once"):
        import_logs(found)


def test_zips_with_other_names_are_several_sources(tmp_path: Path) -> None:
    found = zips(tmp_path, {}, lambda number: f"export{number}.zip")
    for path in found:
        with zipfile.ZipFile(path, "a") as archive:
            for name, content in FILES.items():
                archive.writestr(name, str(content))
    logs = import_logs(tmp_path, timezone="Europe/Oslo")
    check_balance(logs)
    assert len(logs.manifest["sources"]) == 3
