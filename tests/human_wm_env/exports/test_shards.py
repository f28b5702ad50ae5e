"""A folder's tables: Parquet says what CSV says, shards join, folders of each version load."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from human_wm_env import DataError, import_logs, read_daily_csv, write_logs
from human_wm_env.data.folder import files_of, read_manifest, read_reasons
from human_wm_env.data.splits import split_by_id
from human_wm_env.exports import folder_writer, shards
from human_wm_env.exports.folder_writer import read_rejected
from human_wm_env.files.parquet import has_parquet
from human_wm_env.person import schema
from tests.human_wm_env.exports.formats.test_daily_table import HEADER, ROWS

FOLDERS = Path(__file__).parents[2] / "golden" / "folders"
needs_pyarrow = pytest.mark.skipif(not has_parquet(), reason="pyarrow is not installed")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    more = "".join(
        f"p{i},2021-05-{10 + day},{100 * i + day}.5,,,,,,,,,\n"
        for i in range(9)
        for day in range(7)
    )
    file.write_text(HEADER + ROWS + more, encoding="utf-8")
    return file


@needs_pyarrow
def test_parquet_says_what_csv_says(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "GROUP_ROWS", 5)
    monkeypatch.setattr(shards, "SHARD_ROWS", 20)
    write_logs(table, tmp_path / "parquet", ids="plain")
    monkeypatch.setattr(folder_writer, "has_parquet", lambda: False)
    write_logs(table, tmp_path / "csv", ids="plain")
    parquet, csv = (
        read_daily_csv(tmp_path / one, name="logs").dataset for one in ("parquet", "csv")
    )
    assert len(files_of(tmp_path / "parquet", "days")) == 4
    assert {file.suffix for file in (tmp_path / "csv").iterdir() if file.is_file()} == {
        ".csv",
        ".json",
    }
    assert parquet.fingerprint == csv.fingerprint and parquet.user_ids == csv.user_ids
    assert parquet.split_of == csv.split_of
    assert np.array_equal(parquet.start_date, csv.start_date)
    reasons = [read_reasons(tmp_path / one, csv) for one in ("parquet", "csv")]
    assert np.array_equal(*reasons)
    assert read_rejected(tmp_path / "parquet") == read_rejected(tmp_path / "csv") != []


@needs_pyarrow
def test_pandas_reads_the_shards_and_a_frame_is_a_source(table: Path, tmp_path: Path) -> None:
    import pandas

    logs = import_logs(table, tmp_path / "logs", ids="plain")
    (file,) = files_of(tmp_path / "logs", "days")
    frame = pandas.read_parquet(file)
    assert frame.columns.tolist() == ["user_id", "date", *HEADER.split(",")[2:]]
    assert len(frame) == logs.manifest["person_days"]
    again = import_logs(frame, ids="plain")
    assert again.dataset.fingerprint == logs.dataset.fingerprint
    once_more = import_logs(logs.dataset.to_frame(), ids="plain")
    assert once_more.dataset.fingerprint == logs.dataset.fingerprint


def test_a_damaged_manifest_and_shard_are_sentences(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "logs"
    write_logs(table, out)
    (file,) = files_of(out, "days")
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(DataError, match="as it was written"):
        read_daily_csv(out)
    manifest = out / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"days": [', '"days": 5, "days0": ['))
    with pytest.raises(DataError, match="the name of the file of days"):
        read_daily_csv(out)


@pytest.mark.parametrize("version", ["version_1", "version_2_csv", "version_2_parquet"])
def test_folders_of_each_version_load(version: str, tmp_path: Path) -> None:
    if version == "version_2_parquet" and not has_parquet():
        pytest.skip("pyarrow is not installed")
    folder = FOLDERS / version
    logs = read_daily_csv(folder, name="logs").dataset
    assert logs.user_ids == ("ann", "bob", "cat")
    assert logs.fingerprint == (FOLDERS / "fingerprint.txt").read_text().strip()
    assert read_reasons(folder, logs)[0, 2, 1] == "quarantined"
    assert len(read_rejected(folder)) == 11
    assert read_manifest(folder)["version"] == int(version.split("_")[1])
    again = import_logs(folder, tmp_path / "again")
    assert again.dataset.fingerprint == logs.fingerprint
    assert np.array_equal(again.reasons, read_reasons(folder, logs))


def test_a_split_by_id_stays() -> None:
    few = [f"p{i}" for i in range(60)]
    many = [*reversed(few), *(f"q{i}" for i in range(940))]
    of_few = dict(zip(few, split_by_id(few), strict=True))
    of_many = dict(zip(many, split_by_id(many), strict=True))
    assert all(of_many[one] == split for one, split in of_few.items())
    shares = [list(of_many.values()).count(one) for one in ("train", "validation", "test")]
    assert shares[0] > 760 and min(shares) > 70
    assert split_by_id(few, seed=1) != split_by_id(few)


@pytest.mark.parametrize("people", range(1, 12))
def test_a_split_by_id_has_everybody_somewhere(people: int) -> None:
    dealt = split_by_id([f"u{i}" for i in range(people)])
    assert set(dealt) == ({"train"} if people < 3 else {"train", "validation", "test"})


@needs_pyarrow
def test_cells_of_a_parquet_table_are_not_kept_in_memory(tmp_path: Path) -> None:
    people, days = 40, 500
    cells = np.ones((days, schema.FEATURE_COUNT))
    table = shards.ParquetTable(tmp_path / "days", of_reasons=False)
    tracemalloc.start()
    for person in range(people):
        table.add(f"p{person}", 737_000, cells.copy())
    now, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert now < 2 * cells.nbytes < people * cells.nbytes
    table.close()
    assert [len(table.parts), *tmp_path.iterdir()] == [1, *table.parts]
    assert pq_rows(table.parts[0]) == people * days


def pq_rows(file: Path) -> int:
    import pyarrow.parquet

    return int(pyarrow.parquet.ParquetFile(file).metadata.num_rows)
