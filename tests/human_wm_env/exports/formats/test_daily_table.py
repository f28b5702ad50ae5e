"""A daily table: every separator and trap, cell by cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from human_wm_env import ConfigError, DataError, import_logs
from tests.human_wm_env.exports.grids import check_balance, grids, lines

HEADER = (
    "user_id,date,steps,calories_burned,distance_km,active_minutes,sleep_hours,"
    "heart_rate_avg,workout_type,weather_conditions,location,mood"
)
ROWS = """
ann,2021-05-24,8833,2351.5,6.5,206,7.5,71.5,None,Rain,Home,Tired
bob,2021-05-25,,,,,,,,,,
ann,2021-05-26,9000,0,,,30,0,Running,,nowhere,happy
ann,2021-05-26,9000,0,,,30,0,Running,,nowhere,happy
ann,2021-05-27,1,2000,,,,,,,,
ann,2021-05-27,2,2000,,,,,,,,
ann,2021-02-30,5,,,,,,,,,
,2021-05-27,5,,,,,,,,,
ann,2021-05-28,x,,,-4,,,,,,
ann,2021-05-29,5
ann,2021-05-30,nan,,,,,,,,,Neutral
bob,2021-05-26,100,,,,,,,,,
"""
ANN = """
2021-05-24 8833 2351.5 6.5 206 7.5  71.5 None    Rain Home Tired
2021-05-25 -    -      -   -   -    -    -       -    -    -
2021-05-26 9000 bad    -   -   bad  bad  Running -    bad  Happy
2021-05-27 1    2000   -   -   -    -    -       -    -    -
2021-05-28 bad  -      -   bad -    -    -       -    -    -
2021-05-29 -    -      -   -   -    -    -       -    -    -
2021-05-30 -    -      -   -   -    -    -       -    -    Neutral
"""
FIRST_DAYS = {"ann": "2021-05-24", "bob": "2021-05-26"}


def write(folder: Path, text: str, name: str = "logs.csv", encoding: str = "utf-8") -> Path:
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return file


def test_cells_and_reasons(tmp_path: Path) -> None:
    logs = import_logs(write(tmp_path, HEADER + ROWS))
    check_balance(logs)
    found = grids(logs, FIRST_DAYS)
    assert found["ann"] == lines(ANN)
    assert found["bob"] == lines("2021-05-26 100 - - - - - - - - -")
    said = [(line["place"], line["column"], line["value"]) for line in logs.rejected]
    assert ("line 13", "", "ann,2021-05-29,5") not in said  # the header is line 1
    assert ("line 11", "", "ann,2021-05-29,5") in said
    assert ("line 8", "date", "2021-02-30") in said
    assert ("line 9", "date", "2021-05-27") in said
    assert ("line 7", "date", "2021-05-27") in said  # a second, different row
    assert ("line 10", "steps", "x") in said
    assert ("line 4", "location", "nowhere") in said
    counts = {row["feature"]: row for row in logs.manifest["counts"]}
    assert counts["steps"] == {
        "format": "daily",
        "feature": "steps",
        "read": 9,
        "kept": 4,
        "merged": 1,
        "rejected": 4,
    }


def test_the_last_of_two_rows_can_stay(tmp_path: Path) -> None:
    logs = import_logs(write(tmp_path, HEADER + ROWS), repeated="last")
    check_balance(logs)
    assert grids(logs, FIRST_DAYS)["ann"][3] == lines("2021-05-27 2 2000 - - - - - - - -")[0]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_separators_decimal_commas_and_encodings(tmp_path: Path, encoding: str) -> None:
    text = "Date;Steps;Sleep_Hours;note\r\n2021-05-24;800;7,25;\r\n5/25/2021;900;8,5;x\r\n"
    logs = import_logs(write(tmp_path, text, encoding=encoding))
    assert grids(logs, {"me": "2021-05-24"})["me"] == lines(
        """
        2021-05-24 800 ~ ~ ~ 7.25 ~ ~ ~ ~ ~
        2021-05-25 900 ~ ~ ~ 8.5  ~ ~ ~ ~ ~
        """
    )
    assert logs.manifest["unused"] == {"column note": 1}


def test_columns_and_categories_are_mapped(tmp_path: Path) -> None:
    text = "who,day,Schritte,Laune\nx,2021-05-24,800,gut\nx,2021-05-25,900,mies\n"
    file = write(tmp_path, text)
    options = {
        "columns": {"who": "user_id", "day": "date", "Schritte": "steps", "Laune": "mood"},
        "categories": {"mood": {"gut": "Happy"}},
    }
    logs = import_logs(file, format="daily", **options)
    assert grids(logs, {"x": "2021-05-24"})["x"] == lines(
        """
        2021-05-24 800 ~ ~ ~ ~ ~ ~ ~ ~ Happy
        2021-05-25 900 ~ ~ ~ ~ ~ ~ ~ ~ bad
        """
    )
    with pytest.raises(DataError, match="none of them recognises"):
        import_logs(file)
    with pytest.raises(ConfigError, match="Did you mean 'schritte'"):
        import_logs(file, format="daily", columns={"Schrite": "steps"})
    with pytest.raises(ConfigError, match="Did you mean 'steps'"):
        import_logs(file, format="daily", columns={"Schritte": "step"})
    with pytest.raises(ConfigError, match="Did you mean 'Happy'"):
        bad = {"categories": {"mood": {"gut": "Hapy"}}}
        import_logs(file, format="daily", **{**options, **bad})


def test_a_column_in_another_unit_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"a,2021-05-{day},{400 + day}\n" for day in range(10, 20))
    file = write(tmp_path, "user_id,date,sleep_hours\n" + rows)
    with pytest.raises(DataError, match="minutes: divide by 60"):
        import_logs(file, format="daily")


def test_a_strict_import_fails_at_the_first(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'x' \(logs.csv, line 10, steps\)"):
        rows = ROWS.replace("ann,2021-05-29,5\n", "")
        import_logs(write(tmp_path, HEADER + rows), strict=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("date,steps,steps,mood\n", "columns of different names"),
        ("date," + ",".join(f"c{i}" for i in range(3000)) + "\n", "at most 2000 columns"),
        ("user_id,steps,mood\n1,2,3\n", "a column date"),
        ("date,steps,mood\n", "at least one usable value"),
        ("date,steps\n" + "x" * 2_000_000, "lines of less than"),
        ("date,steps\n2021-05-24,5\n\xff", "in the vendor's format"),
    ],
)
def test_what_is_no_table(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        import_logs(write(tmp_path, text, encoding="latin-1"), format="daily")
