"""Tables of every kind: Parquet as CSV, thousands and decimals of other countries."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from human_wm_env import ConfigError, DataError, import_logs
from human_wm_env.data.importers.numbers import NumberColumn
from human_wm_env.person import schema
from tests.human_wm_env.exports.formats.test_daily_table import FIRST_DAYS, HEADER, ROWS
from tests.human_wm_env.exports.grids import check_balance, grids


@pytest.mark.parametrize(
    ("decimal", "text", "number"),
    [
        (",", "1.234,5", 1234.5),
        (",", "8.833", 8833.0),
        (",", "-7,25", -7.25),
        (",", "8.5", None),
        (",", "1.2345,0", None),
        (".", "1,234.5", 1234.5),
        (".", "1234.5", 1234.5),
        (".", "1,23", None),
    ],
)
def test_what_parts_thousands(decimal: str, text: str, number: float | None) -> None:
    column = NumberColumn(schema.CALORIES, decimal=decimal)
    assert np.isnan(column.read(text))
    settled = column.settle(None)
    assert settled.values == ([] if number is None else [(0, number)])
    assert settled.wrong == ([(0, text)] if number is None else [])


def test_a_sign_before_decimals_is_one_of_two(tmp_path: Path) -> None:
    file = tmp_path / "logs.csv"
    file.write_text("date,steps\n2021-05-24,8833\n")
    with pytest.raises(ConfigError, match="decimal"):
        import_logs(file, format="daily", decimal=";")


def test_a_thousand_of_another_country_is_no_decimal(tmp_path: Path) -> None:
    file = tmp_path / "logs.csv"
    file.write_text("date;steps;sleep_hours\n2021-05-24;8.833;7,5\n2021-05-25;9.120;7,0\n")
    rows = import_logs(file, decimal=",").dataset.rows[0]
    assert rows[:, 0].tolist() == [8833.0, 9120.0] and rows[:, 4].tolist() == [7.5, 7.0]


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    rows = "\n".join(line for line in ROWS.splitlines() if line.count(",") == 11)
    (tmp_path / "logs.csv").write_text(f"{HEADER}\n{rows}\n")
    frame = pandas.read_csv(tmp_path / "logs.csv", keep_default_na=False, dtype=str)
    frame.to_parquet(tmp_path / "logs.parquet")
    want, found = (import_logs(tmp_path / name) for name in ("logs.csv", "logs.parquet"))
    check_balance(found)
    assert grids(found, FIRST_DAYS) == grids(want, FIRST_DAYS)
    counts = [[{**row, "format": ""} for row in one.manifest["counts"]] for one in (want, found)]
    assert counts[0] == counts[1]
    assert len(found.rejected) == len(want.rejected)


def test_numbers_dates_and_categories_of_parquet(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "user_id": [7.0, 7.0],
            "date": pandas.to_datetime(["2021-05-24 00:00", "2021-05-25 13:30"]),
            "steps": [8833.25, float("nan")],
            "sleep_hours": pandas.array([None, 8], dtype="Int64"),
            "mood": pandas.Categorical(["Happy", None]),
        }
    )
    frame.to_parquet(tmp_path / "logs.parquet")
    found = grids(import_logs(tmp_path / "logs.parquet"), {"7": "2021-05-24"})
    assert found == {
        "7": ["2021-05-24 8833.25 ~ ~ ~ - ~ ~ ~ ~ Happy", "2021-05-25 - ~ ~ ~ 8 ~ ~ ~ ~ -"]
    }


def test_a_column_of_lists_is_no_reason_to_refuse_the_others(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "user_id": ["a", "a"],
            "date": ["2021-05-24", "2021-05-25"],
            "steps": [8000, 9000],
            "sleep_hours": [[7], None],
            "badges": [["x", "y"], None],
            "raw": [b"\xff", b"a"],
            "mood": ["Happy", "Tired"],
        }
    )
    frame.to_parquet(tmp_path / "logs.parquet")
    logs = import_logs(tmp_path / "logs.parquet")
    check_balance(logs)
    rows = [row.split() for row in grids(logs, {"a": "2021-05-24"})["a"]]
    assert [(row[1], row[5], row[-1]) for row in rows] == [
        ("8000", "bad", "Happy"),
        ("9000", "-", "Tired"),
    ]
    assert [line["value"] for line in logs.rejected] == ["[7]"]


def test_damaged_parquet_is_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    content = io.BytesIO()
    pandas.DataFrame({"date": ["2021-05-24"], "steps": [1], "mood": ["Happy"]}).to_parquet(content)
    file = tmp_path / "logs.parquet"
    for cut in (4, 40, -9, -4):
        file.write_bytes(content.getvalue()[:cut])
        with pytest.raises(DataError, match="Parquet file"):
            import_logs(file)
