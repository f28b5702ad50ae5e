"""Oura's trends: blanks in names of columns, None, seconds, a ring off the finger, half days."""

from __future__ import annotations

from pathlib import Path

from human_wm_env import import_logs
from tests.human_wm_env.exports.formats.test_fitbit import write_json
from tests.human_wm_env.exports.grids import grid, lines

HEADER = (
    "date,Sleep Score,Sleep Timin Score,Total Sleep Duration,Total Bedtime ,"
    "Average Resting Heart Rate,Total Burn,Steps,Equivalent Walking Distance,Inactive Time,"
    "Rest Time,Low Activity Time,Medium Activity Time,High Activity Time,Non-wear Time\n"
)
ROWS = [
    "2024-02-01,None,None,None,None,None,900,800,600,10000,2000,1200,0,0,0",
    "2024-02-02,80,90,27000,30000,55,2400,9000,7200,40000,30000,12000,3600,600,200",
    "2024-02-03,None,None,None,None,None,1600,0,0,0,0,0,0,0,86400",
    "2024-02-04,80,90,25200,30000,55,2200,None,6400,40000,30000,9000,None,x,200",
    "2024-02-04,80,90,25200,30000,55,2300,7000,6400,40000,30000,9000,600,0,200",
    "2024-02-05,80,90,180000,30000,55,2200,7000,5600,40000,30000,9000,-60,0,200",
    "2024-02-30,80,90,25200,30000,55,2200,7000,6400,40000,30000,9000,600,0,200",
    "2024-02-06,80,90,28800,30000,55,2300,8000,6400,40000,30000,15800,0,0,600",
]
FILES: dict[str, object] = {"oura_2024_trends.csv": HEADER + "\n".join(ROWS) + "\n"}
# The first day has too few hours, the last one has all of them. Of two rows of a day the second
# fills what the first one has not.
EXPECTED = """
2024-02-02 9000   2400   7.2    270    7.5 ~ ~ ~ ~ ~
2024-02-03 unworn unconf unworn unworn -   ~ ~ ~ ~ ~
2024-02-04 7000   2200   6.4    160    7   ~ ~ ~ ~ ~
2024-02-05 7000   2200   5.6    bad    bad ~ ~ ~ ~ ~
2024-02-06 8000   2300   6.4    263.333 8  ~ ~ ~ ~ ~
"""


def test_cells_and_reasons(tmp_path: Path) -> None:
    folder = write_json(tmp_path, FILES)
    assert grid(folder, "2024-02-02") == lines(EXPECTED)
    said = {
        (line["column"], line["value"], line["reason"]) for line in import_logs(folder).rejected
    }
    assert said >= {
        ("high activity time", "x", "quarantined"),
        ("medium activity time", "-60", "quarantined"),
        ("total burn", "2300", "quarantined"),
        ("date", "2024-02-30", "quarantined"),
        ("sleep_hours", "50", "quarantined"),
    }


def test_the_order_of_columns_makes_no_difference(tmp_path: Path) -> None:
    table = [line.split(",")[::-1] for line in (HEADER + "\n".join(ROWS)).splitlines()]
    turned = "\n".join(",".join(cells) for cells in table)
    first = grid(write_json(tmp_path / "a", FILES), "2024-02-02")
    assert grid(write_json(tmp_path / "b", {"trends.csv": turned}), "2024-02-02") == first
