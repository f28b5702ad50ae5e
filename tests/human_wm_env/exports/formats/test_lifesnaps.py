"""LifeSnaps' own columns: lists in text, one-hot moods and places, days off the wrist."""

from __future__ import annotations

from pathlib import Path

import pytest

from human_wm_env import import_logs
from tests.human_wm_env.exports.grids import check_balance, grids, lines

HEADER = (
    ",id,date,calories,distance,activityType,bpm,lightly_active_minutes,"
    "moderately_active_minutes,very_active_minutes,sedentary_minutes,minutesAsleep,steps,"
    "ALERT,HAPPY,NEUTRAL,RESTED/RELAXED,SAD,TENSE/ANXIOUS,TIRED,"
    "ENTERTAINMENT,GYM,HOME,HOME_OFFICE,OTHER,OUTDOORS,TRANSIT,WORK/SCHOOL\n"
)
NO_DIARY = ",".join([""] * 15)
ROWS = [
    "0,aa,2021-05-24,2300,6500,\"['Walk', 'Run']\",70.5,100,20,30,700,450,9000,"
    "0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,0.0,1.0,0.0,0.0,1.0,0.0,0.0",
    f"1,aa,2021-05-25,1600,,,,0,0,0,1440,,,{NO_DIARY}",
    f"2,aa,2021-05-25,1600,,,,0,0,0,1440,,,{NO_DIARY}",
    "3,aa,2021-05-26,2200,5000,,,90,0,0,700,60,7000,"
    "0.0,1.0,0.0,1.0,0.0,0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0",
    "4,aa,2021-05-27,100,5000,['Bike'],70,90,0,0,700,420,7000,"
    "0.0,0.0,1.0,0.0,0.0,0.0,0.0,1.0,0.0,1.0,0.0,0.0,0.0,0.0,0.0",
    f"5,aa,27.05.,1600,,,,0,0,0,1440,,,{NO_DIARY}",
]
EXPECTED = """
2021-05-24 9000   2300   6.5    150    7.5 70.5   Running ~ Park   Stressed
2021-05-25 unworn unconf unworn unworn -   unworn unworn  ~ -      -
2021-05-26 7000   2200   5      90     bad -      None    ~ Office Happy
2021-05-27 7000   bad    5      90     7   70     Cycling ~ Other  Neutral
"""
REAL = (
    Path(__file__).parents[4].parent / "shared/data/lifesnaps/daily_fitbit_sema_df_unprocessed.csv"
)


def test_cells_and_reasons(tmp_path: Path) -> None:
    file = tmp_path / "daily.csv"
    file.write_text(HEADER + "\n".join(ROWS) + "\n")
    logs = import_logs(file)
    check_balance(logs)
    assert grids(logs, {"aa": "2021-05-24"})["aa"] == lines(EXPECTED)
    counts = {row["feature"]: row for row in logs.manifest["counts"]}
    assert counts["active_minutes"]["merged"] == 3  # of the row that stands there twice
    assert counts["calories_burned"]["merged"] == 1
    assert counts["(unplaced)"]["rejected"] == 1


def test_minutes_that_lack_a_part_are_missing(tmp_path: Path) -> None:
    file = tmp_path / "daily.csv"
    file.write_text(HEADER + "\n".join(ROWS).replace(",90,0,0,", ",90,,0,") + "\n")
    logs = import_logs(file)
    check_balance(logs)
    minutes = [row.split()[4] for row in grids(logs, {"aa": "2021-05-24"})["aa"]]
    assert minutes == ["150", "unworn", "-", "-"]


def test_an_empty_list_is_no_workout(tmp_path: Path) -> None:
    rows = [
        f'0,aa,2021-05-{24 + day},2300,6500,"{sports}",70,100,20,30,700,450,9000,{NO_DIARY}'
        for day, sports in enumerate(("[]", "[nan]", "['Meditating']", "['Walk']", "['Quidditch']"))
    ]
    file = tmp_path / "daily.csv"
    file.write_text(HEADER + "\n".join(rows) + "\n")
    logs = import_logs(file)
    check_balance(logs)
    sports = [row.split()[7] for row in grids(logs, {"aa": "2021-05-24"})["aa"]]
    assert sports == ["None", "None", "None", "Walking", "Gym_Workout"]
    assert logs.manifest["notes"] == ["lifesnaps: 'Quidditch' counts as Gym Workout"]


@pytest.mark.skipif(not REAL.is_file(), reason="../shared/data is not here")
def test_the_real_table_balances() -> None:
    logs = import_logs(REAL)
    check_balance(logs)
    assert logs.dataset.users == 50
    assert {row["feature"]: row["kept"] for row in logs.manifest["counts"]}["mood"] == 1467
