"""A folder of imported logs: which files it has, and that they are whole.

`manifest.json` names the others: `days-*`, one row a person and date, `reasons-*`, the same rows
with the reason of every missing cell, and `rejected-*`. They are Parquet in shards, or CSV where
pyarrow was not there. What is said of real persons is in these files and in `private/` alone.

Version 1 had one CSV each, and its people are dealt into splits by a shuffle; in version 2 by
their ids alone (`splits.split_by_id`).
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError
from human_wm_env.files.parquet import column_names, text_batches
from human_wm_env.files.reading import open_regular
from human_wm_env.person import schema

MANIFEST = "manifest.json"
FOLDER_FORMAT = "humanwm data set"
FOLDER_VERSION = 2
PARQUET = ".parquet"
_LARGEST_MANIFEST = 16 * 2**20
MOST_SHARD_BYTES = 2**40
_BATCH_ROWS = 50_000


def is_folder_of_logs(path: Path) -> bool:
    """Return True for a folder with a manifest."""
    return path.is_dir() and (path / MANIFEST).is_file()


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest.

    Raises:
        DataError: there is none, it is no manifest, or one of a later version.
    """
    file = folder / MANIFEST
    try:
        if file.stat().st_size > _LARGEST_MANIFEST:
            raise ValueError("too large")
        manifest = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(manifest, dict) or manifest.get("format") != FOLDER_FORMAT:
            raise ValueError(f"its format is not {FOLDER_FORMAT!r}")
        version = manifest.get("version")
        if not isinstance(version, int) or not 1 <= version <= FOLDER_VERSION:
            raise ValueError(f"version {version!r}, this program reads 1 to {FOLDER_VERSION}")
        if not isinstance(manifest.get("files"), dict):
            raise ValueError("it names no files")
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"a folder of imported logs with its {MANIFEST}",
            f"{folder} ({error})",
            "Write it with `humanwm import source=... out=FOLDER`, and let it whole.",
        ) from error
    return manifest


def splits_by_id(folder: Path) -> bool:
    """Return whether the people of a folder are dealt into splits by their ids alone."""
    version: int = read_manifest(folder)["version"]
    return version >= 2


def files_of(folder: Path, role: str) -> list[Path]:
    """Return the files of one table of the folder, after comparing their checksums.

    Args:
        folder: with a manifest.
        role: "days", "reasons" or "rejected".

    Raises:
        DataError: one is missing or is not what was written.
    """
    entries = read_manifest(folder)["files"].get(role)
    if isinstance(entries, dict):  # of version 1
        entries = [entries]
    if not isinstance(entries, list) or not entries:
        raise DataError(
            f"the name of the file of {role} in {MANIFEST}", repr(entries), "Import the logs again."
        )
    return [_checked(folder, role, entry) for entry in entries]


def _checked(folder: Path, role: str, entry: object) -> Path:
    entry = entry if isinstance(entry, dict) else {}
    name = entry.get("name")
    if not isinstance(name, str) or name != Path(name).name or not name.startswith(role):
        raise DataError(
            f"the name of the file of {role} in {MANIFEST}", repr(name), "Import the logs again."
        )
    file = folder / name
    with open_regular(file, MOST_SHARD_BYTES, DataError) as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != entry.get("sha256"):
        raise DataError(
            f"{name} as it was written (SHA-256 {entry.get('sha256')})",
            f"SHA-256 {digest}",
            "It was changed or damaged: import the logs again, or read the file itself.",
        )
    return file


def rows_of(file: Path) -> tuple[list[str], Iterator[list[tuple[str, ...]]]]:
    """Return the names of the columns of a file, and its rows as text, some at a time."""
    if file.suffix == PARQUET:
        batches = text_batches(file, file.name, _BATCH_ROWS)
        return column_names(file, file.name), (
            list(zip(*columns, strict=True)) for columns in batches
        )
    rows = _csv_rows(file)
    return list(next(rows, ())), _batched(rows)


def _csv_rows(file: Path) -> Iterator[tuple[str, ...]]:
    with file.open(encoding="utf-8", newline="") as stream:
        yield from map(tuple, csv.reader(stream))


def _batched(rows: Iterator[tuple[str, ...]]) -> Iterator[list[tuple[str, ...]]]:
    while some := list(islice(rows, _BATCH_ROWS)):
        yield some


def ids_in(folder: Path) -> set[str]:
    """Return the ids of the people in a folder of imported logs."""
    found: set[str] = set()
    for file in files_of(folder, "days"):
        _, batches = rows_of(file)
        for rows in batches:
            found.update(row[0] for row in rows)
    return found


def read_reasons(folder: Path | str, dataset: LogDataset) -> np.ndarray:
    """Return why each missing cell of a folder's data set is missing.

    Args:
        folder: of imported logs.
        dataset: read from it.

    Returns:
        str (users, days, 10), empty where observed, "outside the log" where days are padding.

    Raises:
        DataError: the folder's file is missing or damaged, or is of other people.
    """
    words = np.full(dataset.rows.shape, "outside the log", dtype=object)
    place: dict[str, int] = {}
    for file in files_of(Path(folder), "reasons"):
        _, batches = rows_of(file)
        for user_id, _, *cells in (row for rows in batches for row in rows):
            day = place[user_id] = place.get(user_id, -1) + 1
            user = dataset.index_of(user_id)
            if day >= dataset.days or len(cells) != schema.FEATURE_COUNT:
                raise DataError(
                    "reasons of the days of the data set",
                    f"more days of {user_id}",
                    "Read the data set from the same folder.",
                )
            words[user, day] = cells
    return words
