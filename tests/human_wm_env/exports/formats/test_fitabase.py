"""Fitabase's exports: two that overlap in a day, repeated sleep rows, a day off the wrist."""

from __future__ import annotations

from pathlib import Path

from human_wm_env import import_logs
from tests.human_wm_env.exports.grids import check_balance, grids, lines

ACTIVITY = (
    "Id,ActivityDate,TotalSteps,TotalDistance,TrackerDistance,VeryActiveMinutes,"
    "FairlyActiveMinutes,LightlyActiveMinutes,SedentaryMinutes,Calories\n"
)
FILES = {
    "first/dailyActivity_merged.csv": ACTIVITY
    + "77,4/10/2016,9000,6.5,6.5,30,10,100,800,2200\n"
    + "77,4/11/2016,0,0,0,0,0,0,1440,1500\n"
    + "77,4/12/2016,100,.1,.1,0,0,10,300,500\n",
    "second/dailyActivity_merged.csv": ACTIVITY
    + "77,4/12/2016,8000,5.5,5.5,20,10,120,820,2100\n"
    + "77,4/13/16,-5,5.5,5.5,20,10,120,820,2100\n"
    + "77,4/14/2016,50,.1,.1,0,0,5,200,600\n"
    + "78,4/33/2016,50,.1,.1,0,0,5,200,600\n",
    "second/sleepDay_merged.csv": "Id,SleepDay,TotalMinutesAsleep\n"
    + "77,4/10/2016 12:00:00 AM,480\n77,4/10/2016 12:00:00 AM,480\n"
    + "77,4/12/2016 12:00:00 AM,420\n",
    "second/heartrate_seconds_merged.csv": "Id,Time,Value\n"
    + "77,4/12/2016 7:21:00 AM,60\n77,4/12/2016 11:21:05 PM,80\n77,4/12/2016 11:21:10 PM,0\n",
    "second/weightLogInfo_merged.csv": "Id,Date,WeightKg\n77,5/2/2016 11:59:59 PM,52.5\n",
}
EXPECTED = """
2016-04-10 9000   2200   6.5    140    8 -      ~ ~ ~ ~
2016-04-11 unworn unconf unworn unworn - unworn ~ ~ ~ ~
2016-04-12 8000   2100   5.5    150    7 70     ~ ~ ~ ~
2016-04-13 bad    2100   5.5    150    - -      ~ ~ ~ ~
"""


def test_cells_and_reasons(tmp_path: Path) -> None:
    for path, text in FILES.items():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    logs = import_logs(tmp_path)
    check_balance(logs)
    assert grids(logs, {"77": "2016-04-10"})["77"] == lines(EXPECTED)
    counts = {row["feature"]: row for row in logs.manifest["counts"]}
    steps = counts["steps"]  # the partial twin is merged; unworn, -5 and the last day are not kept
    assert (steps["read"], steps["kept"], steps["merged"], steps["rejected"]) == (6, 2, 1, 3)
    assert counts["sleep_hours"]["merged"] == 1
    assert counts["heart_rate_avg"]["rejected"] == 1
    assert counts["(unplaced)"]["rejected"] == 1
    assert logs.manifest["unused"] == {"file weightLogInfo_merged.csv": 1}
    assert "partial day" in {line["reason"] for line in logs.rejected}


def test_heart_rates_that_two_exports_have_count_once(tmp_path: Path) -> None:
    rates = "".join(f"77,4/12/2016 {hour}:00:00 AM,50\n" for hour in range(1, 9))
    more = "".join(f"77,4/12/2016 {hour}:00:00 PM,90\n" for hour in range(1, 9))
    head = "Id,Time,Value\n"
    files = {
        **FILES,
        "first/heartrate_seconds_merged.csv": head + rates,
        "second/heartrate_seconds_merged.csv": head + rates + more,
    }
    for path, text in files.items():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    logs = import_logs(tmp_path)
    check_balance(logs)
    assert grids(logs, {"77": "2016-04-10"})["77"][2].split()[6] == "70"
