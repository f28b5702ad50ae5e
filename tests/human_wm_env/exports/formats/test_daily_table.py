"""A daily table: every separator and trap, cell by cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from human_wm_env import ConfigError, DataError, import_logs, read_daily_csv
from human_wm_env.person import schema
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
    unknown = write(tmp_path, text.replace("Schritte", "gelaufen"))
    with pytest.raises(DataError, match=r"columns who, day, gelaufen, laune\. .*map=FILE"):
        import_logs(unknown)
    write(tmp_path, text)
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


def test_a_table_as_a_phone_gives_it_needs_no_map(tmp_path: Path) -> None:
    text = (
        "Datum;Schritte;Schlafdauer;Puls;Kalorien;Training;Stimmung\n"
        "30.08.2026;9.500;7:39;59,2;2.178;Krafttraining;3\n"
        "31.08.2026;950;6:30;58,7;1.511;;2\n"
    )
    logs = import_logs(write(tmp_path, text))
    check_balance(logs)
    assert grids(logs, {"me": "2026-08-30"})["me"] == lines(
        """
        2026-08-30 9500 2178 ~ ~ 7.65 59.2 Gym_Workout ~ ~ ~
        2026-08-31 950  1511 ~ ~ 6.5  58.7 -           ~ ~ ~
        """
    )
    assert "steps: '.' parts thousands" in logs.manifest["notes"]
    assert any(note.startswith("'stimmung' is not used as mood") for note in logs.manifest["notes"])


def test_all_rows_tell_which_number_is_the_month(tmp_path: Path) -> None:
    rows = [f"a,{day:02}/01/2024,{1000 + day}" for day in range(8, 15)]
    file = write(tmp_path, "\n".join(["user_id,date,steps", *rows]) + "\n")
    found = grids(import_logs(file, format="daily"), {"a": "2024-01-08"})["a"]
    assert [line.split()[:2] for line in found[:2]] == [
        ["2024-01-08", "1008"],
        ["2024-01-09", "1009"],
    ]
    ambiguous = write(tmp_path, "\n".join(["user_id,date,steps", *rows[:3]]) + "\n")
    with pytest.raises(DataError, match="may be 2024-08-01 or 2024-01-08, and no other row tells"):
        import_logs(ambiguous, format="daily")
    found = grids(
        import_logs(ambiguous, format="daily", date_format="%d/%m/%Y"), {"a": "2024-01-08"}
    )["a"]
    assert len(found) == 3


def test_when_nothing_can_be_used_it_is_told_why(tmp_path: Path) -> None:
    file = write(tmp_path, "user_id,date,steps\na,last May,5\na,this May,7\n")
    with pytest.raises(DataError, match=r"2 values, date: a row should .* instance 'last May' \("):
        import_logs(file, tmp_path / "out", format="daily")
    assert not (tmp_path / "out").exists()


def test_tables_of_one_folder_that_disagree(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for name, steps in (("a.csv", 1), ("b.csv", 5)):
        write(tmp_path / "logs", f"user_id,date,steps,mood\nann,2021-05-24,{steps},Happy\n", name)
    first = import_logs(tmp_path / "logs")
    check_balance(first)
    assert grids(first, {"ann": "2021-05-24"})["ann"][0].split()[1] == "1"
    assert [row["file"] for row in first.rejected] == ["b.csv"]
    last = import_logs(tmp_path / "logs", repeated="last")
    assert grids(last, {"ann": "2021-05-24"})["ann"][0].split()[1] == "5"
    with pytest.raises(DataError, match="one of two different ones"):
        import_logs(tmp_path / "logs", strict=True)


def test_a_map_says_the_unit(tmp_path: Path) -> None:
    file = write(tmp_path, "tag,geschlafen\n2021-05-24,450\n2021-05-25,420\n")
    columns = {"tag": "date", "geschlafen": "sleep_hours (min)"}
    rows = grids(import_logs(file, format="daily", columns=columns), {"me": "2021-05-24"})["me"]
    assert [row.split()[5] for row in rows] == ["7.5", "7"]


def test_numbers_are_understood_by_all_rows_of_a_long_table(tmp_path: Path) -> None:
    """Nothing in the first chunk shows how steps are written."""
    lines_of_others = [f"p{row},2021-05-24,,7.5" for row in range(21_000)]
    last = ["z,2021-05-24,9.500,7.5", "z,2021-05-25,8.120,7.5"]
    text = "\n".join(["user_id,date,steps,sleep_hours", *lines_of_others, *last]) + "\n"
    logs = import_logs(write(tmp_path, text))
    who = logs.dataset.index_of("z")
    assert logs.dataset.rows[who, :2, schema.STEPS].tolist() == [9500, 8120]
    assert "steps: '.' parts thousands" in logs.manifest["notes"]


def test_both_readers_of_a_csv_agree(tmp_path: Path) -> None:
    text = (
        "Datum;Schritte;Schlaf;Strecke (m);workout_type;Puls\n"
        "2024/5/1;9.500;7h 30m;5.123;Dauerlauf;59,2\n"
        "2024/5/2;950;6,5;980;None;58\n"
        "2024/5/3;-;8;12.345;Crunches;n/a\n"
    )
    file = write(tmp_path, text)
    imported, read = import_logs(file).dataset, read_daily_csv(file).dataset
    assert np.array_equal(imported.rows, read.rows)
    assert np.array_equal(imported.observed, read.observed)
    assert read.rows[0, :, schema.DISTANCE].tolist() == pytest.approx([5.123, 0.98, 12.345])
    given = import_logs(file, format="daily", decimal=",").dataset
    assert np.array_equal(given.rows, read.rows)


def test_steps_that_have_lost_their_zeros_are_refused(tmp_path: Path) -> None:
    rows = [f"2024-05-{day:02},{7 + day / 8}" for day in range(1, 10)]
    file = write(tmp_path, "\n".join(["date,steps", *rows]) + "\n")
    for read in (import_logs, read_daily_csv):
        with pytest.raises(DataError, match="as if the unit were thousands"):
            read(file)


def test_empty_cells_at_the_ends_of_rows_and_the_separator_line_of_spreadsheets(
    tmp_path: Path,
) -> None:
    text = "sep=;\ndate;steps;mood\n2021-05-24;800;Happy;;\n2021-05-25;900;Tired;x\n"
    logs = import_logs(write(tmp_path, text))
    assert grids(logs, {"me": "2021-05-24"})["me"] == lines("2021-05-24 800 ~ ~ ~ ~ ~ ~ ~ ~ Happy")
    assert [row["place"] for row in logs.rejected] == ["line 4"]
    assert "x" not in str(logs.manifest["rejected"])
