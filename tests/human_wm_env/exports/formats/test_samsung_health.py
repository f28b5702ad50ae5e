"""Samsung Health: a first line that is no header, a longer row, merged totals, UTC with offsets."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from human_wm_env import import_logs
from tests.human_wm_env.exports.grids import check_balance, grids, lines

STAMP = "20210310123456"
SLEEP = "com.samsung.health.sleep."
RATE = "com.samsung.health.heart_rate."
SPORT = "com.samsung.health.exercise."


def file_of(kind: str, header: str, *rows: str) -> str:
    """Return a file as it is exported: a mark, its name, a header, rows with a comma at the end."""
    body = "".join(f"{row},\n" for row in rows)
    return f"\ufeff{kind},6310005,7\n{header}\n{body}"


def midnight(date: str) -> int:
    return int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()) * 1000


def total(date: str, source: int, steps: object, metres: object, update: str = "1") -> str:
    return f",{update},{source},{steps},{metres},{midnight(date)}"


FILES: dict[str, object] = {
    f"Samsung Health/com.samsung.shealth.step_daily_trend.{STAMP}.csv": file_of(
        "com.samsung.shealth.step_daily_trend",
        "binning_data,update_time,source_type,count,distance,day_time",
        total("2021-03-01", -2, 300, 200),
        total("2021-03-02", 0, 6000, 4000),
        total("2021-03-02", -2, 8000, 6000),  # made of the phone's and the watch's
        total("2021-03-02", 108, 7000, 5000),
        total("2021-03-03", 0, 2000, 1500),  # no merged total: the device with most steps
        total("2021-03-03", 108, 5000, -1),
        total("2021-03-04", -2, 0, 0),
        total("2021-03-05", -2, 0, 0),  # asleep, so the watch was there
        total("2021-03-06", -2, 1000, 700, "2021-03-06 12:00:00.000"),
        total("2021-03-06", -2, 9000, 6500, "2021-03-07 01:00:00.000"),  # written later
        total("2021-03-07", -2, -1, "far"),
        total("2021-03-08", -2, 70000, 100),
        ",1,-2,5,5,never",
        total("2021-03-09", -2, 400, 300),
    ),
    f"Samsung Health/com.samsung.shealth.sleep.{STAMP}.csv": file_of(
        "com.samsung.shealth.sleep",
        f"efficiency,{SLEEP}start_time,{SLEEP}end_time,{SLEEP}time_offset,{SLEEP}datauuid",
        "90,2021-03-01 17:30:00.000,2021-03-02 01:00:00.000,UTC+0530,night-1",
        "90,2021-03-04 17:30:00.000,2021-03-05 00:30:00.000,UTC+0530,night-2",
        "90,2021-03-05 08:00:00.000,2021-03-05 09:00:00.000,UTC+0530,nap",
        "90,2021-03-05 17:00:00.000,2021-03-05 23:30:00.000,,night-3",
        # Woken at 00:30 in Kolkata, which is the day before in UTC.
        "90,2021-03-07 14:00:00.000,2021-03-07 19:00:00.000,UTC+0530,night-4",
    ),
    f"Samsung Health/com.samsung.health.sleep.{STAMP}.csv": file_of(
        "com.samsung.health.sleep",
        "start_time,end_time,time_offset,datauuid",
        "2021-03-01 17:30:00.000,2021-03-02 01:00:00.000,UTC+0530,night-1",
    ),
    f"Samsung Health/com.samsung.health.sleep_stage.{STAMP}.csv": file_of(
        "com.samsung.health.sleep_stage",
        "start_time,sleep_id,stage,time_offset,end_time",
        "2021-03-01 20:00:00.000,night-1,40001,UTC+0530,2021-03-01 20:30:00.000",
        "2021-03-01 20:00:00.000,night-1,40001,UTC+0530,2021-03-01 20:30:00.000",
        "2021-03-01 20:30:00.000,night-1,40003,UTC+0530,2021-03-01 23:00:00.000",
    ),
    f"Samsung Health/com.samsung.shealth.tracker.heart_rate.{STAMP}.csv": file_of(
        "com.samsung.shealth.tracker.heart_rate",
        f"{RATE}start_time,{RATE}heart_rate,{RATE}time_offset",
        "2021-03-02 06:00:00.000,60.0,UTC+0530",
        "2021-03-02 07:00:00.000,80.0,UTC+0530",
        "2021-03-02 20:00:00.000,90.0,UTC+0530",  # 01:30 of the next day
        "2021-03-06 06:00:00.000,0.0,UTC+0530",
        "2021-03-06 07:00:00.000,70.0,",
    ),
    f"Samsung Health/com.samsung.shealth.exercise.{STAMP}.csv": file_of(
        "com.samsung.shealth.exercise",
        f"{SPORT}start_time,{SPORT}exercise_type,{SPORT}duration,{SPORT}time_offset,{SPORT}datauuid",
        "2021-03-02 01:00:00.000,1001,600000,UTC+0530,walk",
        "2021-03-02 11:00:00.000,11007,1800000,UTC+0530,ride",
        "2021-03-02 11:00:00.000,11007,1800000,UTC+0530,ride",
        "2021-03-05 20:00:00.000,15002,1800000,UTC+0530,weights",  # 01:30 of the next day
        "2021-03-03 11:00:00.000,99999,1800000,UTC+0530,of a number nobody knows",
        "2021-03-08 11:00:00.000,,1800000,UTC+0530,unknown",
    ),
    f"Samsung Health/com.samsung.health.weight.{STAMP}.csv": file_of(
        "com.samsung.health.weight", "weight", "70"
    ),
    "Samsung Health/jsons/com.samsung.shealth.exercise/a.json": "{}",
}
EXPECTED = """
2021-03-01 part   ~ part   ~ -      -      -           ~ ~ ~
2021-03-02 8000   ~ 6      ~ 7      70     Cycling     ~ ~ ~
2021-03-03 5000   ~ -      ~ -      90     bad         ~ ~ ~
2021-03-04 unworn ~ unworn ~ -      unworn unworn      ~ ~ ~
2021-03-05 0      ~ 0      ~ 7      -      None        ~ ~ ~
2021-03-06 9000   ~ 6.5    ~ -      bad    Gym_Workout ~ ~ ~
2021-03-07 unworn ~ bad    ~ -      unworn unworn      ~ ~ ~
2021-03-08 bad    ~ 0.1    ~ 5      -      bad         ~ ~ ~
"""


def write(folder: Path) -> Path:
    for path, content in FILES.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(content), encoding="utf-8")
    return folder


def test_cells_and_reasons(tmp_path: Path) -> None:
    logs = import_logs(write(tmp_path))
    check_balance(logs)
    assert {row["format"] for row in logs.manifest["counts"]} == {"samsung_health"}
    assert grids(logs, {"me": "2021-03-02"})["me"] == lines(EXPECTED)[1:]
    counts = {row["feature"]: row for row in logs.manifest["counts"]}
    assert {name: row["merged"] for name, row in counts.items()} == {
        "steps": 4,
        "distance_km": 4,
        "sleep_hours": 2,
        "heart_rate_avg": 0,
        "workout_type": 1,
    }


def test_naps_are_added_where_asked(tmp_path: Path) -> None:
    logs = import_logs(write(tmp_path), naps=True)
    check_balance(logs)
    hours = grids(logs, {"me": "2021-03-02"})["me"][3].split()[5]
    assert float(hours) == pytest.approx(8)


def test_a_number_can_be_named(tmp_path: Path) -> None:
    named = {"workout_type": {"99999": "Yoga", "15002": "Running"}}
    logs = import_logs(write(tmp_path), categories=named)
    check_balance(logs)
    days = grids(logs, {"me": "2021-03-02"})["me"]
    assert "Yoga" in days[1]
    assert "Running" in days[4]
    why = [line["why"] for line in logs.rejected if line["column"] == "exercise_type"]
    assert all("categories" in one for one in why)
    assert len(why) == 1
