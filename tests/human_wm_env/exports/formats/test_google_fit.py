"""Google Fit: columns that vary, names in other languages, resting calories on unused days."""

from __future__ import annotations

from pathlib import Path

from human_wm_env import import_logs
from tests.human_wm_env.exports.formats.test_fitbit import write_json
from tests.human_wm_env.exports.grids import check_balance, grids, lines

HEADER = (
    "Date,Move Minutes count,Calories (kcal),Distance (m),Heart Points,Average heart rate (bpm),"
    "Max heart rate (bpm),Low latitude (deg),Step count,Walking duration (ms),Sleep duration (ms)\n"
)
ROWS = """2022-05-01,5,900,400.5,1,,,59.9,600,300000,
2022-05-02,95,2300.5,6400,20,72.5,120,59.9,8200,5400000,25200000
2022-05-03,,1650.2,,,,,,,,
2022-05-04,30,2100,3000,,0,,,4000,,
2022-05-05,,1990,,,65,80,,,,
2022-05-05,,1995,,,65,80,,,,
2022-05-06,40,many,2500,,,,,-3,,
yesterday,40,2000,2500,,,,,3000,,
2022-05-07,12,2000,70000,,,,,5000,,
2022-05-08,1,700,90,,,,,120,,
"""
FOLDER = "Takeout/Google Fit/Métricas de actividad diaria"
FILES: dict[str, object] = {
    f"{FOLDER}/Métricas de actividad diaria.csv": HEADER + ROWS,
    f"{FOLDER}/2022-05-02.csv": (
        "Start time,End time,Move Minutes count,Calories (kcal),Distance (m),Step count\n"
        "08:00:00.000+02:00,08:15:00.000+02:00,10,60,800,1000\n"
    ),
    "Takeout/Google Fit/Todas las sesiones/2022-05-02T06_00_00+02_00_SLEEP.json": "{}",
}
EXPECTED = """
2022-05-02 8200   2300.5 6.4    95     ~ 72.5   ~ ~ ~ ~
2022-05-03 unworn unconf unworn unworn ~ unworn ~ ~ ~ ~
2022-05-04 4000   2100   3      30     ~ bad    ~ ~ ~ ~
2022-05-05 -      1990   -      -      ~ 65     ~ ~ ~ ~
2022-05-06 bad    bad    2.5    40     ~ -      ~ ~ ~ ~
2022-05-07 5000   2000   bad    12     ~ -      ~ ~ ~ ~
"""


def test_cells_and_reasons(tmp_path: Path) -> None:
    logs = import_logs(write_json(tmp_path, FILES))
    check_balance(logs)
    assert {row["format"] for row in logs.manifest["counts"]} == {"google_fit"}
    assert grids(logs, {"me": "2022-05-02"})["me"] == lines(EXPECTED)
    counts = {row["feature"]: row for row in logs.manifest["counts"]}
    assert (counts["heart_rate_avg"]["kept"], counts["heart_rate_avg"]["merged"]) == (2, 1)
    assert counts["calories_burned"]["rejected"] == 5  # two partial, unused, repeated, no number


def test_columns_come_and_go_in_any_order(tmp_path: Path) -> None:
    table = "Step count,Date,Heart Points\n1,2022-05-01,\n5000,2022-05-02,3\n2,2022-05-03,\n"
    logs = import_logs(write_json(tmp_path, {"Daily activity metrics.csv": table}))
    check_balance(logs)
    assert grids(logs, {"me": "2022-05-02"})["me"] == ["2022-05-02 5000 ~ ~ ~ ~ ~ ~ ~ ~ ~"]
