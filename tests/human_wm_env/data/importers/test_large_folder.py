"""A large folder is read a person at a time, and is what the small one is."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from human_wm_env import write_logs
from human_wm_env.data.disk_arrays import is_mapped
from human_wm_env.data.folder import MANIFEST
from human_wm_env.data.importers import daily_csv, large_folder
from human_wm_env.data.importers.daily_csv import Imported, read_daily_csv
from human_wm_env.errors import DataError, LogWarning
from human_wm_env.files.cache import CACHE_VARIABLE
from human_wm_env.person import schema

HEADER = f"user_id,date,{','.join(schema.FEATURE_NAMES)}\n"


def row(person: str, date: str, steps: str = "", rate: str = "", mood: str = "") -> str:
    cells = dict.fromkeys(schema.FEATURE_NAMES, "")
    cells |= {"steps": steps, "heart_rate_avg": rate, "mood": mood}
    return f"{person},{date},{','.join(cells.values())}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    rng = np.random.default_rng(3)
    lines = [HEADER]
    for person in ("p10", "p2", "p1", "p30", "p4"):
        for day in range(1, int(rng.integers(5, 29))):
            if rng.random() < 0.8:
                mood = rng.choice(["Happy", "Tired", ""])
                lines.append(
                    row(person, f"2021-02-{day:02}", f"{rng.integers(20000)}", mood=str(mood))
                )
    (tmp_path / "table.csv").write_text("".join(lines), encoding="utf-8")
    write_logs(tmp_path / "table.csv", tmp_path / "logs", ids="plain")
    return tmp_path / "logs"


def read(folder: Path, monkeypatch: pytest.MonkeyPatch, largest: int, **how: str) -> Imported:
    monkeypatch.setattr(large_folder, "LARGE_PERSON_DAYS", largest)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LogWarning)
        return read_daily_csv(folder, **how)  # type: ignore[arg-type]


def check_alike(large: Imported, small: Imported) -> None:
    assert is_mapped(large.dataset.rows) and not is_mapped(small.dataset.rows)
    assert large.report == small.report
    for field in dataclasses.fields(small.dataset):
        one, other = (getattr(each.dataset, field.name) for each in (large, small))
        if isinstance(other, np.ndarray):
            assert one.dtype == other.dtype, field.name
            np.testing.assert_array_equal(one, other, err_msg=field.name)
        else:
            assert one == other, field.name
    assert large.dataset.fingerprint == small.dataset.fingerprint
    assert large.dataset.described() == small.dataset.described()


def test_both_ways_of_reading_give_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_alike(read(folder, monkeypatch, 10), read(folder, monkeypatch, 10**9))
    # The file of the cells has no name: nothing is left behind.
    assert not list((folder.parent / "cache").iterdir())


def test_days_that_are_spread_over_batches_stay_together(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(large_folder._people(large_folder.files_of(folder, "days")))
    by_batch = pyarrow.parquet.ParquetFile.iter_batches
    monkeypatch.setattr(
        pyarrow.parquet.ParquetFile, "iter_batches", lambda table: by_batch(table, batch_size=3)
    )
    cut = list(large_folder._people(large_folder.files_of(folder, "days")))
    for one, other in zip(cut, whole, strict=True):
        assert one[0] == other[0]
        np.testing.assert_array_equal(one[1], other[1])
        np.testing.assert_array_equal(one[2], other[2])


def with_rows(folder: Path, change: dict[int, dict[str, object]], order: list[int]) -> None:
    """Write the folder's shard anew, with other cells or in another order."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    (entry,) = manifest["files"]["days"]
    table = pyarrow.parquet.read_table(folder / entry["name"])
    rows = table.to_pylist()
    for place, cells in change.items():
        rows[place] |= cells
    everything = [rows[place] for place in order] + rows[len(order) :]
    pyarrow.parquet.write_table(
        pyarrow.Table.from_pylist(everything, schema=table.schema), folder / entry["name"]
    )
    digest = hashlib.sha256((folder / entry["name"]).read_bytes()).hexdigest()
    entry["sha256"] = digest
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def test_impossible_values_are_masked_and_told_alike(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_rows(folder, {0: {"steps": -5.0}, 7: {"steps": 1e9}, 8: {"heart_rate_avg": 61.0}}, [])
    large = read(folder, monkeypatch, 10)
    check_alike(large, read(folder, monkeypatch, 10**9))
    assert [(one.feature, one.count) for one in large.report.outside] == [("steps", 2)]
    with pytest.raises(DataError, match="steps from 0"):
        read(folder, monkeypatch, 10, outside="error")
    monkeypatch.setattr(large_folder, "LARGE_PERSON_DAYS", 10)
    with pytest.warns(LogWarning, match="2 of .* values of steps outside"):
        read_daily_csv(folder)


def test_a_column_in_another_unit_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_rows(folder, {place: {"heart_rate_avg": 1.1} for place in range(8)}, [])
    with pytest.raises(DataError, match="beats per second"):
        read(folder, monkeypatch, 10)


def test_rows_out_of_order_are_read_as_a_table(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = read(folder, monkeypatch, 10**9)
    with_rows(folder, {}, [1, 0])
    again = read(folder, monkeypatch, 10)
    assert not is_mapped(again.dataset.rows)
    np.testing.assert_array_equal(again.dataset.rows, small.dataset.rows)
    with_rows(folder, {0: {"user_id": "p4"}}, [])
    with pytest.raises(DataError, match="one row for each person and date"):
        with_rows(folder, {1: {"user_id": "p4", "date": None}, 0: {}}, [0, 0])
        read(folder, monkeypatch, 10)


def test_a_folder_of_csv_is_read_as_a_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"]["days"][0]["name"] = "days-0.csv"
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    monkeypatch.setattr(large_folder, "LARGE_PERSON_DAYS", 10)
    assert not large_folder.is_large(folder)
    assert daily_csv.is_large is large_folder.is_large
