"""WHOOP's export: cycles over midnight, an open one, a trip, naps, rows said twice."""

from __future__ import annotations

from pathlib import Path

from human_wm_env import import_logs
from tests.human_wm_env.exports.formats.test_fitbit import write_json
from tests.human_wm_env.exports.grids import check_balance, grid, lines

CYCLES = """\
Cycle start time,Cycle end time,Cycle timezone,Recovery score %,Energy burned (cal),Max HR (bpm),\
Average HR (bpm),Sleep onset,Wake onset,Asleep duration (min)
2024-03-08 23:10:00,,UTC+01:00,60,700,110,60,2024-03-08 23:10:00,2024-03-09 07:00:00,400
2024-03-07 23:40:00,2024-03-08 23:10:00,UTC+01:00,60,2300,150,72,2024-03-07 23:40:00,\
2024-03-08 07:00:00,400
2024-03-06 20:00:00,2024-03-07 23:40:00,UTC-05:00,60,1500,150,80,,,
2024-03-06 00:20:00,2024-03-06 20:00:00,UTC+01:00,60,1900,150,60,2024-03-06 00:20:00,\
2024-03-06 08:00:00,430
2024-03-05 00:30:00,2024-03-06 00:20:00,UTC+01:00,60,-5,150,0,,,
2024-03-04 00:10:00,2024-03-05 00:30:00,UTC+01:00,60,2400,150,75,2024-03-04 00:10:00,\
2024-03-04 07:00:00,390
2024-03-04 00:10:00,2024-03-05 00:30:00,UTC+01:00,60,2400,150,76,2024-03-04 00:10:00,\
2024-03-04 07:00:00,390
2024-03-03 10:00:00,2024-03-04 00:10:00,UTC+01:00,,900,150,75,,,
soon,2024-03-04 00:10:00,UTC+01:00,,900,150,75,,,
"""
OF_4 = "2024-03-04 00:10:00,2024-03-05 00:30:00,UTC+01:00"
OF_6 = "2024-03-06 00:20:00,2024-03-06 20:00:00,UTC+01:00"
OF_8 = "2024-03-07 23:40:00,2024-03-08 23:10:00,UTC+01:00"
SLEEPS = f"""\
Cycle start time,Cycle end time,Cycle timezone,Sleep onset,Wake onset,Asleep duration (min),\
In bed duration (min),Nap
{OF_4},2024-03-04 00:10:00,2024-03-04 07:00:00,390,410,false
{OF_4},2024-03-04 15:00:00,2024-03-04 15:40:00,30,40,true
{OF_6},2024-03-06 00:20:00,2024-03-06 08:00:00,420,460,false
{OF_8},2024-03-07 23:40:00,2024-03-08 07:00:00,405,440,false
{OF_8},2024-03-07 23:40:00,2024-03-08 07:00:00,405,440,false
2024-03-08 23:10:00,,UTC+01:00,2024-03-08 23:10:00,2024-03-09 07:00:00,450,470,false
2024-03-08 23:10:00,,UTC+01:00,2024-03-08 23:10:00,2024-03-08 07:00:00,450,470,false
"""
WORKOUTS = f"""\
Cycle start time,Cycle end time,Cycle timezone,Workout start time,Workout end time,Duration (min),\
Activity name,Energy burned (cal),Max HR (bpm),Average HR (bpm)
{OF_4},2024-03-04 18:00:00,2024-03-04 19:00:00,60,Running,500,170,140
{OF_4},2024-03-04 12:00:00,2024-03-04 12:20:00,20,Yoga,50,100,90
{OF_8},2024-03-08 18:00:00,,60,Running,500,170,140
"""
JOURNAL = "Cycle start time,Question text,Answered yes\n2024-03-04 00:10:00,Coffee?,true\n"
FILES: dict[str, object] = {
    "physiological_cycles.csv": CYCLES,
    "sleeps.csv": SLEEPS,
    "workouts.csv": WORKOUTS,
    "journal_entries.csv": JOURNAL,
}
# The first cycle, of an afternoon, is a partial day; so is the last, which is open.
EXPECTED = """
2024-03-04 ~ 2400 ~ ~ 6.5  75 Running ~ ~ ~
2024-03-05 ~ bad  ~ ~ -    bad -      ~ ~ ~
2024-03-06 ~ 1900 ~ ~ 7    60 None    ~ ~ ~
2024-03-07 ~ 1500 ~ ~ -    80 None    ~ ~ ~
2024-03-08 ~ 2300 ~ ~ 6.75 72 bad     ~ ~ ~
2024-03-09 ~ part ~ ~ 7.5  part -     ~ ~ ~
"""


def test_cells_and_reasons(tmp_path: Path) -> None:
    folder = write_json(tmp_path, FILES)
    assert grid(folder, "2024-03-04") == lines(EXPECTED)
    logs = import_logs(folder)
    said = {(line["column"], line["value"], line["reason"]) for line in logs.rejected}
    assert said >= {
        ("average hr (bpm)", "76", "quarantined"),
        ("cycle start time", "soon", "quarantined"),
        ("activity name", "Running", "quarantined"),
        ("calories_burned", "900", "partial day"),
    }
    assert logs.manifest["unused"] == {"file journal_entries.csv": 1}
    counts = {row["feature"]: row for row in logs.manifest["counts"]}
    assert counts["calories_burned"]["merged"] == 1
    assert counts["sleep_hours"]["merged"] == 2  # a nap, and a night said twice


def test_naps_and_the_last_of_two_rows(tmp_path: Path) -> None:
    rows = grid(write_json(tmp_path, FILES), "2024-03-04", naps=True, repeated="last")
    assert rows[0].split()[5:7] == ["7", "76"]


def test_cycles_alone_have_sleeps(tmp_path: Path) -> None:
    folder = write_json(tmp_path, {"physiological_cycles.csv": CYCLES})
    logs = import_logs(folder)
    check_balance(logs)
    rows = grid(folder, "2024-03-04")
    assert [row.split()[5] for row in rows] == ["6.5", "-", "7.16667", "-", "6.66667", "6.66667"]


def test_a_day_with_a_cycle_of_unknown_energy_has_none(tmp_path: Path) -> None:
    more = (
        "2024-03-02 20:00:00,2024-03-03 10:00:00,UTC+01:00,60,{},150,60,2024-03-02 22:00:00,"
        "2024-03-03 08:00:00,430\n"
    )
    for energy, cell in (("900", "1800"), ("", "-"), ("-1", "bad")):
        table = CYCLES.replace(
            "2024-03-03 10:00:00,2024-03-04 00:10",
            more.format(energy) + ("2024-03-03 10:00:00,2024-03-04 00:10"),
            1,
        )
        folder = write_json(tmp_path, {"physiological_cycles.csv": table})
        assert grid(folder, "2024-03-03")[0].split()[2] == cell


def test_a_sauna_is_no_workout(tmp_path: Path) -> None:
    sports = WORKOUTS.replace(",60,Running,", ",60,Sauna,").replace(",20,Yoga,", ",20,Padel,")
    logs = import_logs(write_json(tmp_path, {**FILES, "workouts.csv": sports}))
    check_balance(logs)
    assert logs.manifest["unused"]["activities that are no workouts"] == 2
    assert logs.manifest["notes"] == ["whoop: 'Padel' counts as Gym Workout"]
