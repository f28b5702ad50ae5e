"""Garmin's account export: invented nights, files that overlap, sentinels, an e-mail in names."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from human_wm_env import import_logs
from tests.human_wm_env.exports.grids import check_balance, grids, lines


def day(date: str, steps: int | None, kcal: float, metres: int, active: int) -> dict[str, object]:
    return {
        "calendarDate": date,
        "totalSteps": steps,
        "totalKilocalories": kcal,
        "totalDistanceMeters": metres,
        "highlyActiveSeconds": 600,
        "activeSeconds": active,
        "restingHeartRate": 55,
        "allDayStress": {"averageStressLevel": -1},
    } | ({"highlyActiveSeconds": 0} if steps is None else {})


def night(date: str, hours: float, kind: str) -> dict[str, object]:
    return {
        "calendarDate": date,
        "deepSleepSeconds": 3600,
        "lightSleepSeconds": int(hours * 3600) - 3600,
        "remSleepSeconds": -1,
        "awakeSleepSeconds": 999,
        "sleepWindowConfirmationType": kind,
    }


def activity(number: int, start: str, sport: str, minutes: float) -> dict[str, object]:
    local = datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp() * 1000
    return {
        "activityId": number,
        "activityType": sport,
        "startTimeLocal": local,
        "duration": minutes * 60000.0,
        "distance": 500000.0,
    }


CONNECT = "DI_CONNECT"
FILES: dict[str, object] = {
    f"{CONNECT}/DI-Connect-Aggregator/UDSFile_2022-01-01_2022-04-10.json": [
        day("2022-04-07", 500, 900, 400, 0),
        day("2022-04-08", 9000, 2400, 7000, 1800),
        day("2022-04-09", 100, 600, 80, 0),  # the newer file has the whole day
    ],
    f"{CONNECT}/DI-Connect-Aggregator/UDSFile_2022-04-09_2022-07-18.json": [
        day("2022-04-09", 8000, 2300, 6000, 1200),
        day("2022-04-10", None, 1500, -1, 0),
        day("2022-04-11", 70000, 2300, 6000, 0),
        day("2022-04-12", 300, 900, 200, 0),
    ],
    f"{CONNECT}/DI-Connect-Wellness/2022-04-01_2022-07-10_1_sleepData.json": [
        night("2022-04-08", 7.5, "ENHANCED_CONFIRMED_FINAL"),
        night("2022-04-09", 7.0, "UNCONFIRMED"),
        night("2022-04-10", 7.0, "OFF_WRIST"),
        night("2022-04-12", 8.0, "AUTO_CONFIRMED_FINAL"),
        {"calendarDate": "never", "deepSleepSeconds": 5},
    ],
    f"{CONNECT}/DI-Connect-Fitness/ann@example.org_0_summarizedActivities.json": [
        {
            "summarizedActivitiesExport": [
                activity(1, "2022-04-08 23:30", "trail_running", 40),
                activity(2, "2022-04-08 07:00", "walking", 10),
                activity(2, "2022-04-08 07:00", "walking", 10),
                {"activityId": 3, "note": "ann@example.org"},
            ]
        }
    ],
    f"{CONNECT}/DI-Connect-User/ann@example.org-social-profile.json": {},
    f"{CONNECT}/DI-Connect-Aggregator/UDSFile_2023-01-01_2023-04-10.json": "[",
}
EXPECTED = """
2022-04-08 9000   2400   7      40     7.5    ~ Running ~ ~ ~
2022-04-09 8000   2300   6      30     unconf ~ None    ~ ~ ~
2022-04-10 unworn unconf unworn unworn unconf ~ unworn  ~ ~ ~
2022-04-11 bad    2300   6      10     -      ~ None    ~ ~ ~
2022-04-12 part   part   part   part   8      ~ -       ~ ~ ~
"""


def test_cells_and_reasons(tmp_path: Path) -> None:
    for path, content in FILES.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    out = tmp_path / "logs"
    logs = import_logs(tmp_path / CONNECT, out, ids="plain")
    check_balance(logs)
    assert grids(logs, {"me": "2022-04-08"})["me"] == lines(EXPECTED)
    counts = {row["feature"]: row for row in logs.manifest["counts"]}
    assert counts["steps"]["merged"] == 1
    assert counts["workout_type"]["merged"] == 1
    for file in out.rglob("*"):
        assert file.is_dir() or b"ann@example.org" not in file.read_bytes()


def test_a_sum_with_a_part_that_is_missing_or_wrong_is_missing(tmp_path: Path) -> None:
    days = [day(f"2022-04-{date:02}", 9000, 2400, 7000, 1800) for date in range(7, 13)]
    del days[2]["highlyActiveSeconds"]
    days[3]["highlyActiveSeconds"] = -1
    days[4]["highlyActiveSeconds"] = "x"
    nights = [night(f"2022-04-{date:02}", 7, "ENHANCED_CONFIRMED_FINAL") for date in range(7, 13)]
    nights[2]["lightSleepSeconds"] = None
    nights[3]["deepSleepSeconds"] = "x"
    for name, entries in (("UDSFile_a.json", days), ("a_sleepData.json", nights)):
        (tmp_path / name).write_text(json.dumps(entries))
    logs = import_logs(tmp_path)
    check_balance(logs)
    rows = [row.split() for row in grids(logs, {"me": "2022-04-07"})["me"]]
    assert [row[4] for row in rows] == ["part", "40", "-", "-", "bad", "part"]
    assert [row[5] for row in rows] == ["7", "7", "-", "bad", "7", "7"]


def test_the_day_of_a_rejected_activity_is_no_rest_day(tmp_path: Path) -> None:
    days = [day(f"2022-04-{date:02}", 9000, 2400, 7000, 1800) for date in range(7, 12)]
    strange = {**activity(1, "2022-04-08 10:00", "x", 30), "activityType": None}
    of_10 = activity(2, "2022-04-10 10:00", "running", 30)
    (tmp_path / "UDSFile_a.json").write_text(json.dumps(days))
    activities = [{"summarizedActivitiesExport": [strange, of_10]}]
    (tmp_path / "a_summarizedActivities.json").write_text(json.dumps(activities))
    rows = grids(import_logs(tmp_path), {"me": "2022-04-08"})["me"]
    assert [row.split()[7] for row in rows] == ["bad", "None", "Running"]
