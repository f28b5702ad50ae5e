"""A folder of imported logs: which files it has, and that they are whole.

`manifest.json` names the others: `days-*.csv`, one row a person and date as `read_daily_csv`
reads them, `reasons-*.csv`, the same rows with the reason of every missing cell, and
`rejected-*.csv`. What is said of real persons is in these files and in `private/` alone.
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError
from human_wm_env.person import schema

MANIFEST = "manifest.json"
FOLDER_FORMAT = "humanwm data set"
FOLDER_VERSION = 1
_LARGEST_MANIFEST = 16 * 2**20


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


def file_of(folder: Path, role: str) -> Path:
    """Return a file of the folder, after comparing its checksum.

    Args:
        folder: with a manifest.
        role: "days", "reasons" or "rejected".

    Raises:
        DataError: it is missing or is not what was written.
    """
    entry = read_manifest(folder)["files"].get(role)
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(name, str) or name != Path(name).name or not name.startswith(role):
        raise DataError(
            f"the name of the file of {role} in {MANIFEST}", repr(name), "Import the logs again."
        )
    file = folder / name
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DataError(
            f"{name} in the folder", f"{error.strerror} ({folder})", "Import the logs again."
        ) from error
    if digest != entry.get("sha256"):
        raise DataError(
            f"{name} as it was written (SHA-256 {entry.get('sha256')})",
            f"SHA-256 {digest}",
            "It was changed or damaged: import the logs again, or read the file itself.",
        )
    return file


def ids_in(folder: Path) -> set[str]:
    """Return the ids of the people in a folder of imported logs."""
    with file_of(folder, "days").open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        next(rows)
        return {row[0] for row in rows}


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
    with file_of(Path(folder), "reasons").open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        next(rows)
        for user_id, _, *cells in rows:
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
