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
WEEK = [f"2020-05-{day:02}" for day in range(4, 9)]


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


def night(day: int) -> dict[str, object]:
    return sleep(
        day, f"2020-05-{day - 1:02} 23:00", f"2020-05-{day:02} 07:00", 400 + day, main=True
    )


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
        ["2020-03-30", "-", "unconf", "-"],
        ["2020-03-31", "1300", "1728", "0.7"],
    ]


@pytest.mark.parametrize(
    "text", ["{}", "[1]", "[", '[{"dateTime": []}]', "[" * 100_000, f"[{'9' * 5000}]"]
)
def test_broken_files_are_set_aside(tmp_path: Path, text: str) -> None:
    folder = write_json(tmp_path, {**account_export(), "Sleep/sleep-2021-01-01.json": text})
    logs = import_logs(folder, timezone="Europe/Oslo")
    check_balance(logs)
    assert any("sleep-2021-01-01.json" in line["file"] for line in logs.rejected)
