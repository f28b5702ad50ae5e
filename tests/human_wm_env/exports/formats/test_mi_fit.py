"""Mi Fit and Zepp: a mark before headers, rows of zeros for nights without sleep, sports in UTC."""

from __future__ import annotations

from pathlib import Path

from human_wm_env import import_logs
from human_wm_env.person import schema
from tests.human_wm_env.exports.formats.test_fitbit import write_json
from tests.human_wm_env.exports.grids import check_balance, grids, lines

NUMBER = "1598600000000"


def file_of(header: str, *rows: str) -> str:
    return "\ufeff" + "\n".join([header, *rows]) + "\n"


FILES: dict[str, object] = {
    f"ACTIVITY/ACTIVITY_{NUMBER}.csv": file_of(
        "date,lastSyncTime,steps,distance,runDistance,calories",
        "2020-08-23,1598600000,900,600,0,30",
        "2020-08-24,1598600000,8000,5600,0,240",
        "2020-08-24,1598600000,8000,5700,0,240",  # a second row, of another distance
        "2020-08-25,1598600000,0,0,0,0",
        "2020-08-26,1598600000,0,0,0,0",  # asleep, so the band was there
        "2020-08-27,1598600000,-5,1000,0,30",
        "2020-08-28,1598600000,7000,4900,0,200",
        "never,1598600000,1,1,0,1",
        "2020-08-29,1598600000,400,300,0,10",
    ),
    f"SLEEP/SLEEP_{NUMBER}.csv": file_of(
        "date,deepSleepTime,shallowSleepTime,wakeTime,start,stop,REMTime,naps",
        "2020-08-24,90,300,12,2020-08-23 20:29:00+0000,2020-08-24 03:11:00+0000,60,",
        "2020-08-25,0,0,0,2020-08-24 22:00:00+0000,2020-08-24 22:00:00+0000,0,",
        "2020-08-26,120,300,0,2020-08-25 21:00:00+0000,2020-08-26 04:00:00+0000,,",
        "2020-08-28,60,x,0,2020-08-27 21:00:00+0000,2020-08-28 04:00:00+0000,0,",
    ),
    f"HEARTRATE_AUTO/HEARTRATE_AUTO_{NUMBER}.csv": file_of(
        "date,time,heartRate",
        "2020-08-24,00:10,50",
        "2020-08-24,12:10,90",
        "2020-08-24,12:10,90",
        "2020-08-28,12:10,255",
    ),
    f"SPORT/SPORT_{NUMBER}.csv": file_of(
        "type,startTime,sportTime(s),maxPace(/meter),minPace(/meter),distance(m),"
        "avgPace(/meter),calories(kcal)",
        "6,2020-08-24 06:00:00+0000,600,0,0,900,0,40.0",
        "1,2020-08-23 22:30:00+0000,1800,0,0,5000,0,300.0",  # 00:30 of the next day in Oslo
        "1,2020-08-23 22:30:00+0000,1800,0,0,5000,0,300.0",
        "17,2020-08-28 10:00:00+0000,5400,-1.0,-1.0,-1.0,-1.0,640.0",
    ),
    f"HEARTRATE/HEARTRATE_{NUMBER}.csv": file_of("time,heartRate", "2020-08-24 10:00:00+0000,70"),
    f"ACTIVITY_MINUTE/ACTIVITY_MINUTE_{NUMBER}.csv": file_of(
        "date,time,steps", "2020-08-24,10:00,50"
    ),
}
EXPECTED = """
2020-08-24 8000   ~ 5.6    ~ 7.5 70     Running ~ ~ ~
2020-08-25 unworn ~ unworn ~ -   unworn unworn  ~ ~ ~
2020-08-26 0      ~ 0      ~ 7   -      None    ~ ~ ~
2020-08-27 bad    ~ 1      ~ -   -      -       ~ ~ ~
2020-08-28 7000   ~ 4.9    ~ bad bad    {sport} ~ ~ ~
"""


def test_cells_and_reasons(tmp_path: Path) -> None:
    logs = import_logs(write_json(tmp_path, FILES), timezone="Europe/Oslo")
    check_balance(logs)
    assert {row["format"] for row in logs.manifest["counts"]} == {"mi_fit"}
    assert grids(logs, {"me": "2020-08-24"})["me"] == lines(EXPECTED.format(sport="bad"))
    why = {line["column"]: line["why"] for line in logs.rejected}
    assert "categories" in why["type"]


def test_sports_can_be_named(tmp_path: Path) -> None:
    named = {"workout_type": {"17": "Gym Workout"}}
    logs = import_logs(
        write_json(tmp_path, FILES), timezone="Europe/Oslo", categories=named, repeated="last"
    )
    check_balance(logs)
    table = EXPECTED.format(sport="Gym_Workout").replace("5.6", "5.7")
    assert grids(logs, {"me": "2020-08-24"})["me"] == lines(table)


def test_without_a_zone_sports_are_in_utc(tmp_path: Path) -> None:
    logs = import_logs(write_json(tmp_path, FILES))
    check_balance(logs)
    assert "timezone" in str(logs.manifest["notes"])
    assert "Walking" in grids(logs, {"me": "2020-08-24"})["me"][0]


def test_a_night_without_one_of_its_stages_is_missing(tmp_path: Path) -> None:
    nights = file_of(
        "date,deepSleepTime,shallowSleepTime,wakeTime,start,stop,REMTime",
        *(
            f"2020-08-{day},{stages},2020-08-{day - 1} 21:00:00+0000,2020-08-{day} 04:00:00+0000,60"
            for day, stages in ((24, "120,240,0"), (25, "120,,0"), (26, ",240,0"), (27, "1,-2,0"))
        ),
    )
    logs = import_logs(write_json(tmp_path, {"SLEEP/SLEEP_1.csv": nights}))
    check_balance(logs)
    assert logs.dataset.rows[0, :, schema.SLEEP].tolist() == [7]
    logs = import_logs(write_json(tmp_path, {**FILES, f"SLEEP/SLEEP_{NUMBER}.csv": nights}))
    cells = [row.split()[5] for row in grids(logs, {"me": "2020-08-24"})["me"]]
    assert cells == ["7", "-", "-", "bad", "-"]
