"""A long table: a row a person, date and feature, cell by cell and reason by reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from human_wm_env import ConfigError, DataError, import_logs
from tests.human_wm_env.exports.grids import check_balance, grid, grids, lines

ROWS = """User_ID,date,feature,value,device
ann,2021-05-24,steps,8833,x
ann,2021-05-24,sleep_hours,7.5,x
ann,2021-05-24,Workout_Type,None,x
ann,2021-05-24,mood,tired,x
ann,2021-05-26,steps,9000,x
ann,2021-05-26,steps,9000,x
ann,2021-05-26,steps,9001,x
ann,2021-05-26,sleep_hours,0.5,x
ann,2021-05-26,mood,glum,x
ann,2021-05-26,heart_rate_avg,,x
ann,2021-05-26,heart_rate_avg,-3,x
ann,2021-05-26,blood_pressure,80,x
ann,2021-02-30,steps,5,x
,2021-05-26,steps,5,x
ann,2021-05-25,steps
bob,2021-05-25,steps,100,x
"""
ANN = """
2021-05-24 8833 ~ ~ ~ 7.5 -   None ~ ~ Tired
2021-05-25 -    ~ ~ ~ -   -   -    ~ ~ -
2021-05-26 9000 ~ ~ ~ bad bad -    ~ ~ bad
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "logs.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_cells_and_reasons(tmp_path: Path) -> None:
    logs = import_logs(write(tmp_path, ROWS + "ann,2021-05-23,heart_rate_avg,66,x\n"))
    check_balance(logs)
    assert logs.manifest["sources"] == ["long"]
    found = grids(logs, {"ann": "2021-05-23", "bob": "2021-05-25"})
    assert found["ann"][1:] == lines(ANN)
    assert found["bob"] == lines("2021-05-25 100 ~ ~ ~ - - - ~ ~ -")
    assert logs.manifest["unused"] == {"feature blood_pressure": 1}
    said = [(line["place"], line["column"], line["value"]) for line in logs.rejected]
    for rejected in (
        ("line 8", "steps", "9001"),
        ("line 10", "mood", "glum"),
        ("line 12", "heart_rate_avg", "-3"),
        ("line 14", "steps", "5"),
        ("line 15", "steps", "5"),
        ("line 16", "", "ann,2021-05-25,steps"),
    ):
        assert rejected in said


def test_other_names_and_numbers_are_mapped(tmp_path: Path) -> None:
    file = write(
        tmp_path, "wer;tag;was;wert\na;2021-05-24;Schritte;8.833\na;2021-05-24;Laune;mies\n"
    )
    columns = {"wer": "user_id", "tag": "date", "was": "feature", "wert": "value"}
    logs = import_logs(
        file,
        format="long",
        columns={**columns, "Schritte": "steps", "Laune": "mood"},
        categories={"mood": {"mies": "Stressed"}},
        decimal=",",
    )
    assert grids(logs, {"a": "2021-05-24"})["a"] == lines(
        "2021-05-24 8833 ~ ~ ~ ~ ~ ~ ~ ~ Stressed"
    )
    with pytest.raises(ConfigError, match="'wo'"):
        import_logs(file, format="long", columns={**columns, "wo": "user_id"})
    with pytest.raises(DataError, match="a column feature"):
        import_logs(file, format="long", columns={"tag": "date"})


def test_one_person_without_an_id_and_the_last_of_two(tmp_path: Path) -> None:
    file = write(
        tmp_path, "date;feature;value\n2021-05-24;sleep_hours;7,5\n2021-05-24;sleep_hours;8,5\n"
    )
    assert grid(file, "2021-05-24") == lines("2021-05-24 ~ ~ ~ ~ 7.5 ~ ~ ~ ~ ~")
    assert grid(file, "2021-05-24", repeated="last") == lines("2021-05-24 ~ ~ ~ ~ 8.5 ~ ~ ~ ~ ~")


def test_a_file_that_is_no_table_does_not_hide_the_next(tmp_path: Path) -> None:
    (tmp_path / "about.md").write_text("Exported by hand.", encoding="utf-8")
    write(tmp_path, ROWS)
    logs = import_logs(tmp_path, format="long")
    assert set(grids(logs, {"ann": "2021-05-24", "bob": "2021-05-25"})) == {"ann", "bob"}
    assert logs.manifest["unused"]["file about.md"] == 1


def test_numbers_are_read_as_in_a_daily_table(tmp_path: Path) -> None:
    text = (
        "date;feature;value\n"
        "2021-05-24;steps;9.500\n2021-05-24;geschlafen;450\n2021-05-24;heart_rate_avg;59,5\n"
        "2021-05-25;steps;950\n2021-05-25;geschlafen;7:30\n2021-05-25;sleep_hours;7,5\n"
    )
    columns = {"geschlafen": "sleep_hours (min)"}
    logs = import_logs(write(tmp_path, text), format="long", columns=columns)
    check_balance(logs)
    assert grids(logs, {"me": "2021-05-24"})["me"] == lines(
        """
        2021-05-24 9500 ~ ~ ~ 7.5 59.5 ~ ~ ~ ~
        2021-05-25 950  ~ ~ ~ 7.5 -    ~ ~ ~ ~
        """
    )
    assert "steps: '.' parts thousands" in logs.manifest["notes"]
