"""Fitbit's exports: an invented person of Oslo in the days around the change of the clock."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from human_wm_env import import_logs
from tests.human_wm_env.exports.grids import check_balance, grid, grids, lines

OSLO = ZoneInfo("Europe/Oslo")
AMERICAN, ISO = "%m/%d/%y %H:%M:%S", "%Y-%m-%d %H:%M:%S"
Entries = list[dict[str, object]]


def utc(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=OSLO).astimezone(UTC)


def minutes(local: str, count: int, value: str, stamp: str = AMERICAN) -> Entries:
    """Return entries of successive minutes from a local time on, in UTC as the series are."""
    first = utc(local)
    return [
        {"dateTime": (first + timedelta(minutes=one)).strftime(stamp), "value": value}
        for one in range(count)
    ]


def days(values: dict[str, str], stamp: str = AMERICAN) -> Entries:
    return [
        {"dateTime": datetime.fromisoformat(day).strftime(stamp), "value": value}
        for day, value in values.items()
    ]


WORN = ["2020-03-27", "2020-03-28", "2020-03-29", "2020-03-31", "2020-04-01"]
UNWORN = "2020-03-30"


def series(stamp: str = AMERICAN) -> dict[str, Entries]:
    """Walks at 0:30 (of the day before in UTC) and at 10:00; worn from 9:00 on the first day."""
    steps: Entries = minutes("2020-03-27 09:00", 1, "0", stamp)
    distance: Entries = []
    for number, day in enumerate(WORN):
        if number:
            steps += minutes(f"{day} 00:00", 1, "0", stamp)
            steps += minutes(f"{day} 00:30", 10, str(10 * number), stamp)
        steps += minutes(f"{day} 10:00", 10, "100", stamp)
        distance += minutes(f"{day} 10:00", 10, "7000", stamp)
        if day not in ("2020-03-29", "2020-04-01"):
            steps += minutes(f"{day} 23:59", 1, "0", stamp)
    # Twenty-three hours of the 29th, then a whole day off the wrist, each minute of it counted.
    calories = minutes("2020-03-26 00:00", 6 * 1440 + 23 * 60, "1.2", stamp)
    return {"steps": steps, "distance": distance, "calories": calories}


def bpm(local: str, rate: int, confidence: int = 2) -> dict[str, object]:
    stamp = utc(local).strftime(AMERICAN)
    return {"dateTime": stamp, "value": {"bpm": rate, "confidence": confidence}}


def sleep(number: int, start: str, end: str, asleep: int, *, main: bool) -> dict[str, object]:
    return {
        "logId": number,
        "dateOfSleep": end[:10],
        "startTime": f"{start.replace(' ', 'T')}:00.000",
        "endTime": f"{end.replace(' ', 'T')}:00.000",
        "minutesAsleep": asleep,
        "type": "stages",
        "mainSleep": main,
    }


def exercise(number: int, local: str, name: str, duration_minutes: int) -> dict[str, object]:
    return {
        "logId": number,
        "activityName": name,
        "startTime": utc(local).strftime(AMERICAN),
        "activeDuration": duration_minutes * 60000,
    }


def account_export() -> dict[str, object]:
    found = series()
    unworn = {UNWORN: "1440"}
    return {
        "Global Export Data/steps-2020-03-27.json": found["steps"],
        "Physical Activity/steps-2020-03-27.json": found["steps"],  # the same again
        "Physical Activity/distance-2020-03-27.json": found["distance"],
        "Physical Activity/calories-2020-03-26.json": found["calories"],
        "Physical Activity/sedentary_minutes-2020-03-27.json": days(
            dict.fromkeys(WORN, "800") | unworn
        ),
        "Physical Activity/lightly_active_minutes-2020-03-27.json": days(
            dict.fromkeys(WORN, "60") | {UNWORN: "0"}
        ),
        "Physical Activity/moderately_active_minutes-2020-03-27.json": days(
            dict.fromkeys(WORN, "10") | {UNWORN: "0"}
        ),
        "Physical Activity/very_active_minutes-2020-03-27.json": days(
            dict.fromkeys(WORN, "5") | {UNWORN: "0", "2020-03-31": "-5"}
        ),
        "Physical Activity/heart_rate-2020-03-28.json": [
            bpm("2020-03-28 00:30", 60),
            bpm("2020-03-28 23:30", 80),
            bpm("2020-03-28 23:31", 70, confidence=0),
            bpm("2020-03-28 23:32", 0),
        ],
        "Physical Activity/resting_heart_rate-2020-03-27.json": [
            {"dateTime": "03/28/20 00:00:00", "value": {"date": None, "value": 0.0, "error": 0.0}}
        ],
        "Physical Activity/exercise-0.json": [
            exercise(1, "2020-03-28 00:30", "Treadmill", 30),
            exercise(2, "2020-03-28 15:00", "Walk", 10),
        ],
        "Physical Activity/exercise-100.json": [exercise(2, "2020-03-28 15:00", "Walk", 10)],
        "Sleep/sleep-2020-03-28.json": [
            sleep(11, "2020-03-27 23:00", "2020-03-28 07:00", 420, main=True),
            sleep(11, "2020-03-27 23:00", "2020-03-28 07:00", 420, main=True),
            sleep(12, "2020-03-28 23:50", "2020-03-29 07:50", 450, main=True),
            sleep(13, "2020-03-29 15:00", "2020-03-29 15:40", 30, main=False),
            sleep(14, "2020-03-29 23:00", "2020-03-31 07:00", 1800, main=True),
            {"logId": 15, "dateOfSleep": "2020-04-31"},
        ],
        "Social/badge.json": [{"badgeType": "DAILY_STEPS"}],
        "Physical Activity/steps-2020-05-01.json": "not JSON",
    }


EXPECTED = """
2020-03-28 1100 1728 0.7  75   7   70 Running ~ ~ ~
2020-03-29 1200 1656 0.7  75   7.5 -  None    ~ ~ ~
2020-03-30 unworn unconf unworn unworn - unworn unworn ~ ~ ~
2020-03-31 1300 1728 0.7  bad  bad -  None    ~ ~ ~
2020-04-01 part part part part -   -  -       ~ ~ ~
"""


def write_json(folder: Path, files: dict[str, object]) -> Path:
    for path, entries in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = entries if isinstance(entries, str) else json.dumps(entries)
        file.write_text(text, encoding="utf-8")
    return folder


def expected() -> list[str]:
    return lines(EXPECTED)[:-1]  # the last day has no value that is kept: the log ends before


def test_an_account_export(tmp_path: Path) -> None:
    folder = write_json(tmp_path / "MyFitbitData", account_export())
    logs = import_logs(folder, timezone="Europe/Oslo")
    check_balance(logs)
    assert grids(logs, {"me": "2020-03-28"})["me"] == expected()
    said = {(line["column"], line["value"], line["reason"]) for line in logs.rejected}
    assert ("value.bpm", "", "unconfirmed") in said
    assert ("value", "0.0", "quarantined") in said  # a heart rate
    assert ("sleep", "15", "quarantined") in said
    assert ("sleep_hours", "30", "quarantined") in said
    assert ("value", "-5", "quarantined") in said
    assert [line for line in logs.rejected if line["place"] == "whole file"]
    partial = [line for line in logs.rejected if line["reason"] == "partial day"]
    assert {line["place"] for line in partial} == {"2020-03-27", "2020-04-01"}
    assert logs.manifest["unused"] == {"file badge.json": 1, "resting heart rate of a day": 1}


def test_naps_are_added_on_request(tmp_path: Path) -> None:
    folder = write_json(tmp_path, account_export())
    rows = grid(folder, "2020-03-28", timezone="Europe/Oslo", naps=True)
    assert rows[1].split()[5] == "8"


def test_a_zip_of_takeout_is_the_same(tmp_path: Path) -> None:
    archive = tmp_path / "takeout.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for path, entries in account_export().items():
            text = entries if isinstance(entries, str) else json.dumps(entries)
            target.writestr(f"Takeout/Fitbit/{path}", text)
    assert grid(archive, "2020-03-28", timezone="Europe/Oslo") == expected()


def test_the_zone_is_inferred(tmp_path: Path) -> None:
    """Two weeks of nights in New York: steps stop where they begin, in UTC."""
    zone, first = ZoneInfo("America/New_York"), datetime(2020, 2, 1)
    steps, sleeps = [], []
    for number in range(14):
        midnight = first + timedelta(days=number)
        for hour in range(7, 23):
            for minute in range(0, 60, 6):
                when = (midnight + timedelta(hours=hour, minutes=minute)).replace(tzinfo=zone)
                steps.append(
                    {"dateTime": when.astimezone(UTC).strftime(AMERICAN), "value": str(number + 1)}
                )
        begun, ended = midnight + timedelta(hours=23), midnight + timedelta(hours=31)
        sleeps.append(
            sleep(number, begun.isoformat(" ")[:16], ended.isoformat(" ")[:16], 450, main=True)
        )
    folder = write_json(tmp_path, {"steps-2020-02-01.json": steps, "sleep-2020-02-01.json": sleeps})
    rows = [row.split()[:2] for row in grid(folder, "2020-02-02")]
    assert rows[:3] == [["2020-02-02", "320"], ["2020-02-03", "480"], ["2020-02-04", "640"]]
    logs = import_logs(folder)
    assert logs.manifest["notes"] == []
    (folder / "sleep-2020-02-01.json").unlink()
    assert "timezone=" in import_logs(folder).manifest["notes"][0]


WELLNESS = """effective_time_frame,fatigue,mood,readiness,sleep_duration_h,soreness,stress
2020-03-28T07:00:00.000Z,3,4,6,7,[12921003],3
2020-03-28T08:00:00.000Z,1,3,6,7,"[12921003, 2]",2
2020-03-29T07:00:00.000Z,3,3,6,7,[],3
2020-03-30T07:00:00.000Z,2,3,6,7,[],2
2020-03-31T07:00:00.000Z,3,2,6,7,[],3
2020-04-01T07:00:00.000Z,3,9,6,7,[],3
"""


def test_the_layout_of_pmdata(tmp_path: Path) -> None:
    found = series(ISO)
    for person in ("p01", "p02"):
        night = sleep(1, "2020-03-27 23:00", "2020-03-28 07:00", 420, main=True)
        night["startTime"] = "2020-03-27 23:00:00"
        files = {f"{person}/fitbit/{kind}.json": entries for kind, entries in found.items()}
        write_json(tmp_path, {**files, f"{person}/fitbit/sleep.json": [night]})
    (tmp_path / "p01" / "pmsys").mkdir()
    (tmp_path / "p01" / "pmsys" / "wellness.csv").write_text(WELLNESS)
    logs = import_logs(tmp_path, timezone="Europe/Oslo")
    check_balance(logs)
    found_rows = grids(logs, {"p01": "2020-03-28", "p02": "2020-03-28"})
    assert [row.split()[-1] for row in found_rows["p01"]] == [
        *("Tired", "Neutral", "Stressed", "Stressed")
    ]
    assert [row.split()[:4] for row in found_rows["p02"]] == [
        ["2020-03-28", "1100", "1728", "0.7"],
        ["2020-03-29", "1200", "1656", "0.7"],
        ["2020-03-30", "unworn", "unconf", "unworn"],
        ["2020-03-31", "1300", "1728", "0.7"],
    ]


def night(day: int) -> dict[str, object]:
    return sleep(
        day, f"2020-05-{day - 1:02} 23:00", f"2020-05-{day:02} 07:00", 400 + day, main=True
    )


def person(*sleeps: int, steps: str = "10") -> dict[str, Entries]:
    """Return files of somebody who walks on May 4th from 00:00 to 23:59, and of their nights."""
    walk = minutes("2020-05-04 00:00", 1440, steps)
    return {"steps-2020-05-04.json": walk, "sleep-2020-05-04.json": [night(day) for day in sleeps]}


def inside(folder: str, files: dict[str, Entries]) -> dict[str, Entries]:
    return {f"{folder}/{name}" if folder else name: entries for name, entries in files.items()}


NIGHT = {"sleep-2020-05-05.json": [night(5)]}


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        # Two downloads side by side are parts of one export.
        ({"Takeout/Fitbit/Sleep": person(4), "Takeout 2/Fitbit/Sleep": NIGHT}, {"me": (14400, 2)}),
        ({"Takeout/Fitbit/Schlaf": person(4), "Takeout (1)/Fitbit": NIGHT}, {"me": (14400, 2)}),
        (
            {
                "takeout-20260401T101112Z-001/Takeout/Fitbit": person(4),
                "takeout-20260401T101112Z-002/Takeout/Fitbit/Sleep": NIGHT,
            },
            {"me": (14400, 2)},
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


WEEK = [f"2020-05-{day:02}" for day in range(4, 9)]


def active(**changes: object) -> dict[str, object]:
    """Return files of a worn week, with other values of some days or another file."""
    files: dict[str, object] = {
        "steps-2020-05-04.json": minutes("2020-05-04 00:00", 5 * 1440, "10")
    }
    for part, value in (("lightly", "200"), ("moderately", "20"), ("very", "10")):
        change = changes.get(part, {})
        whole = dict.fromkeys(WEEK, value) | (change if isinstance(change, dict) else {})
        kept = {day: one for day, one in whole.items() if one}
        content = change if isinstance(change, str) else days(kept)
        files[f"{part}_active_minutes-2020-05-04.json"] = content
    return files


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"very": {WEEK[1]: "-5", WEEK[2]: "ten", WEEK[3]: ""}}, ["230", "bad", "bad", "-", "230"]),
        ({"lightly": '[{"dateTi'}, ["bad"] * 5),
        ({"lightly": []}, ["-"] * 5),
        ({"lightly": dict.fromkeys(WEEK[2:])}, ["230", "230", "-", "-", "-"]),
    ],
)
def test_a_sum_without_one_of_its_parts_is_missing(
    tmp_path: Path, changes: dict[str, object], expected: list[str]
) -> None:
    files = active(**changes)
    if changes.get("lightly") == []:
        del files["lightly_active_minutes-2020-05-04.json"]
    rows = grid(write_json(tmp_path, files), WEEK[0], timezone="Europe/Oslo")
    assert [row.split()[4] for row in rows] == expected


EXERCISES = [
    exercise(1, f"{WEEK[0]} 00:30", "Run", 30),  # the day before in UTC
    {**exercise(2, f"{WEEK[1]} 00:30", "Run", 30), "activityName": None},
    {**exercise(3, f"{WEEK[2]} 10:00", "Run", 30), "activeDuration": "long"},
    {**exercise(4, f"{WEEK[3]} 10:00", "Run", 30), "startTime": "noon"},
]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ["Running", "bad", "bad", "None", "None"]),
        ({"exercise-100.json": '[{"logId": 5, "act'}, ["Running", "bad", "bad", "bad", "bad"]),
        (
            {"Health Fitness Data_GoogleData/UserExercises_2020-05-04.csv": "exercise_id\n1\n"},
            ["Running", "bad", "bad", "bad", "bad"],
        ),
        (
            {"Health Fitness Data_GoogleData/UserExercises_2020-05-04.csv": "no data"},
            ["Running", "bad", "bad", "None", "None"],
        ),
    ],
)
def test_a_day_whose_exercise_is_rejected_is_no_rest_day(
    tmp_path: Path, more: dict[str, object], expected: list[str]
) -> None:
    walk = minutes(f"{WEEK[0]} 00:00", 5 * 1440, "10")
    files = {"steps-2020-05-04.json": walk, "exercise-0.json": EXERCISES, **more}
    rows = grid(write_json(tmp_path, files), WEEK[0], timezone="Europe/Oslo")
    assert [row.split()[7] for row in rows] == expected


@pytest.mark.parametrize(
    "text", ["{}", "[1]", "[", '[{"dateTime": []}]', "[" * 100_000, f"[{'9' * 5000}]"]
)
def test_broken_files_are_set_aside(tmp_path: Path, text: str) -> None:
    folder = write_json(tmp_path, {**account_export(), "Sleep/sleep-2021-01-01.json": text})
    logs = import_logs(folder, timezone="Europe/Oslo")
    check_balance(logs)
    assert any("sleep-2021-01-01.json" in line["file"] for line in logs.rejected)
