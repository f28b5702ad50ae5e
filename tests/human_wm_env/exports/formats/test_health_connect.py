"""Health Connect: one walk of two apps, clocks that change, rows that are none, a view."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from human_wm_env import DataError, import_logs
from tests.human_wm_env.exports.grids import check_balance, grids, lines

NAME = "health_connect_export.db"
HOUR = 3600
SPAN = "start_time INTEGER, start_zone_offset INTEGER, end_time INTEGER, end_zone_offset INTEGER"
TABLES = f"""
CREATE TABLE steps_record_table (row_id INTEGER PRIMARY KEY, app_info_id INTEGER, {SPAN}, count);
CREATE TABLE distance_record_table
  (row_id INTEGER PRIMARY KEY, app_info_id INTEGER, {SPAN}, distance);
CREATE TABLE sleep_session_record_table (row_id INTEGER PRIMARY KEY, app_info_id INTEGER, {SPAN});
CREATE TABLE sleep_stages_table
  (parent_key INTEGER, stage_start_time INTEGER, stage_end_time INTEGER, stage_type INTEGER);
CREATE TABLE heart_rate_record_table (row_id INTEGER PRIMARY KEY, app_info_id INTEGER, {SPAN});
CREATE TABLE heart_rate_record_series_table (parent_key INTEGER, beats_per_minute, epoch_millis);
CREATE TABLE weight_record_table (row_id INTEGER PRIMARY KEY, weight REAL);
"""
PHONE, WATCH = 1, 2


def ms(local: str, offset: float = 1) -> int:
    """Return ms in UTC of a local time."""
    return int(
        (datetime.fromisoformat(local).replace(tzinfo=UTC).timestamp() - offset * HOUR) * 1000
    )


def span(start: str, end: str, offset: float = 1) -> tuple[int, int, int, int]:
    seconds = int(offset * HOUR)
    return ms(start, offset), seconds, ms(end, offset), seconds


STEPS: list[tuple[object, ...]] = [
    (WATCH, *span("2024-03-01 20:00", "2024-03-01 20:10"), 300),
    (WATCH, *span("2024-03-02 08:00", "2024-03-02 09:00"), 6000),
    (PHONE, *span("2024-03-02 08:30", "2024-03-02 09:30"), 2000),  # half of it is the watch's
    (PHONE, *span("2024-03-02 08:10", "2024-03-02 08:20"), 900),  # all of it
    (WATCH, *span("2024-03-02 23:30", "2024-03-03 00:30"), 1000),  # over midnight
    (PHONE, *span("2024-03-04 00:10", "2024-03-04 00:20", 9), 700),  # in Tokyo
    (PHONE, *span("2024-03-05 10:00", "2024-03-05 10:20"), -5),
    (PHONE, ms("2024-03-05 11:00"), None, ms("2024-03-05 11:20"), None, 50),
    (PHONE, ms("2024-03-05 12:00"), HOUR, ms("2024-03-05 11:20"), HOUR, 50),
    (WATCH, *span("2024-03-06 07:00", "2024-03-06 07:10"), 10),
]
DISTANCES: list[tuple[object, ...]] = [
    (WATCH, *span("2024-03-02 08:00", "2024-03-02 09:00"), 4000.0),
    (WATCH, *span("2024-03-04 08:00", "2024-03-04 09:00"), "far"),
]
SLEEPS: list[tuple[object, ...]] = [
    (1, WATCH, *span("2024-03-01 23:00", "2024-03-02 07:00")),
    (2, PHONE, *span("2024-03-01 22:30", "2024-03-02 06:00")),  # the same night
    (3, WATCH, *span("2024-03-03 01:00", "2024-03-03 07:30")),
    (4, WATCH, *span("2024-03-04 01:00", "2024-03-04 01:00")),
]
STAGES = [
    (1, ms("2024-03-02 02:00"), ms("2024-03-02 02:15"), 1),
    (1, ms("2024-03-02 02:00"), ms("2024-03-02 02:15"), 1),
    (1, ms("2024-03-02 02:15"), ms("2024-03-02 03:15"), 5),
]
RATES: list[tuple[object, ...]] = [
    (1, 60, ms("2024-03-02 10:00")),
    (1, 80, ms("2024-03-02 23:59")),
    (2, 80, ms("2024-03-02 23:59")),  # again, by another app
    (1, 65, ms("2024-03-05 10:00")),
    (2, 0, ms("2024-03-03 10:00")),
    (9, 70, ms("2024-03-03 11:00")),  # of no record
]
EXPECTED = """
2024-03-02 7500 ~ 4   ~ 7.75 70  ~ ~ ~ ~
2024-03-03 500  ~ -   ~ 6.5  bad ~ ~ ~ ~
2024-03-04 700  ~ bad ~ -    -   ~ ~ ~ ~
2024-03-05 bad  ~ -   ~ -    65  ~ ~ ~ ~
"""


def build(folder: Path) -> Path:
    file = folder / NAME
    with closing(sqlite3.connect(file)) as base, base:
        base.executescript(TABLES)
        row = "INSERT INTO {} VALUES ({})"
        base.executemany(row.format("steps_record_table", "NULL" + ", ?" * 6), STEPS)
        base.executemany(row.format("distance_record_table", "NULL" + ", ?" * 6), DISTANCES)
        base.executemany(row.format("sleep_session_record_table", "?" + ", ?" * 5), SLEEPS)
        base.executemany(row.format("sleep_stages_table", "?, ?, ?, ?"), STAGES)
        for key in (1, 2):
            times = (key, WATCH, *span("2024-03-02 00:00", "2024-03-02 23:59"))
            base.execute(row.format("heart_rate_record_table", "?" + ", ?" * 5), times)
        base.executemany(row.format("heart_rate_record_series_table", "?, ?, ?"), RATES)
    return file


def test_cells_and_reasons_of_a_zip(tmp_path: Path) -> None:
    packed = tmp_path / "Health Connect.zip"
    with ZipFile(packed, "w") as archive:
        archive.write(build(tmp_path), NAME)
    logs = import_logs(packed)
    check_balance(logs)
    assert {row["format"] for row in logs.manifest["counts"]} == {"health_connect"}
    assert grids(logs, {"me": "2024-03-02"})["me"] == lines(EXPECTED)
    counts = {row["feature"]: (row["merged"], row["rejected"]) for row in logs.manifest["counts"]}
    assert counts == {
        "steps": (1, 5),  # inside the watch's; two partial, negative, no offset, ends before
        "distance_km": (0, 1),
        "sleep_hours": (1, 1),
        "heart_rate_avg": (1, 2),
    }


def test_a_view_in_place_of_a_table_is_not_asked(tmp_path: Path) -> None:
    file = build(tmp_path)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    with closing(sqlite3.connect(file)) as base, base:
        base.execute("DROP TABLE distance_record_table")
        base.execute(f"CREATE VIEW distance_record_table AS {endless}")
    logs = import_logs(tmp_path)
    check_balance(logs)
    assert "distance_km" not in {row["feature"] for row in logs.manifest["counts"]}


def test_a_table_without_its_columns(tmp_path: Path) -> None:
    file = build(tmp_path)
    with closing(sqlite3.connect(file)) as base, base:
        base.execute("ALTER TABLE steps_record_table RENAME COLUMN count TO number")
    with pytest.raises(DataError, match="without count"):
        import_logs(tmp_path)


def add_steps(file: Path, app: int, start: str, end: str, steps: int) -> None:
    with closing(sqlite3.connect(file)) as base, base:
        base.execute(
            "INSERT INTO steps_record_table VALUES (NULL" + ", ?" * 6 + ")",
            (app, *span(start, end), steps),
        )


def test_two_databases_of_one_person_are_never_added_up(tmp_path: Path) -> None:
    for month in ("2024-03-06", "2024-03-08"):
        (tmp_path / month).mkdir()
        build(tmp_path / month)
    newer = tmp_path / "2024-03-08" / NAME
    add_steps(newer, WATCH, "2024-03-06 07:00", "2024-03-06 20:00", 9000)  # the day went on
    add_steps(newer, WATCH, "2024-03-07 07:00", "2024-03-07 20:00", 10)
    logs = import_logs(tmp_path)
    check_balance(logs)
    of_6 = "2024-03-06 9000 ~ - ~ - - ~ ~ ~ ~"
    assert grids(logs, {"me": "2024-03-02"})["me"] == [*lines(EXPECTED), of_6]


def test_an_app_that_writes_a_walk_twice(tmp_path: Path) -> None:
    file = build(tmp_path)
    add_steps(file, WATCH, "2024-03-02 08:00", "2024-03-02 09:00", 6000)
    add_steps(file, WATCH, "2024-03-02 08:00", "2024-03-02 09:00", 5000)
    add_steps(file, PHONE, "2024-03-04 00:10", "2024-03-04 00:20", 1)
    logs = import_logs(tmp_path)
    check_balance(logs)
    row = grids(logs, {"me": "2024-03-02"})["me"][0]
    assert row.split()[1] == "7500"


def test_apps_are_known_by_their_package(tmp_path: Path) -> None:
    """The numbers of apps are others on another phone."""
    for month, names in (("2024-03-06", ("phone", "watch")), ("2024-03-08", ("watch", "phone"))):
        (tmp_path / month).mkdir()
        file = build(tmp_path / month)
        with closing(sqlite3.connect(file)) as base, base:
            base.execute("CREATE TABLE application_info_table (row_id, package_name)")
            base.executemany(
                "INSERT INTO application_info_table VALUES (?, ?)", enumerate(names, start=1)
            )
            if month == "2024-03-08":
                base.execute("UPDATE steps_record_table SET app_info_id = 3 - app_info_id")
    logs = import_logs(tmp_path)
    check_balance(logs)
    assert grids(logs, {"me": "2024-03-02"})["me"] == lines(EXPECTED)
