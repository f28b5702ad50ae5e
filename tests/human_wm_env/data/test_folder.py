"""A folder of imported logs is what its manifest says, or a typed error."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from human_wm_env.data import folder as folders
from human_wm_env.errors import DataError

DAYS = b"user_id,date\nann,2021-05-24\nann,2021-05-25\nbob,2021-05-24\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "days.csv").write_bytes(DAYS)
    return with_manifest(tmp_path)


def with_manifest(folder: Path, **changes: Any) -> Path:
    entry = {"name": "days.csv", "sha256": hashlib.sha256(DAYS).hexdigest()}
    manifest = {
        "format": folders.FOLDER_FORMAT,
        "version": folders.FOLDER_VERSION,
        "files": {"days": entry},
        **changes,
    }
    (folder / folders.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_a_file_of_the_folder_is_found(folder: Path) -> None:
    assert folders.files_of(folder, "days") == [folder / "days.csv"]
    assert folders.ids_in(folder) == {"ann", "bob"}


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        folders.read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": "another"}, "its format is not"),
        ({"version": 0}, "version 0"),
        ({"version": folders.FOLDER_VERSION + 1}, "this program reads 1 to"),
        ({"version": "1"}, "version '1'"),
        ({"files": None}, "it names no files"),
    ],
)
def test_a_manifest_of_something_else_is_refused(
    folder: Path, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DataError, match=reason):
        folders.read_manifest(with_manifest(folder, **changes))


def test_a_manifest_that_is_no_json_is_refused(folder: Path) -> None:
    (folder / folders.MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="Expecting"):
        folders.read_manifest(folder)
    (folder / folders.MANIFEST).write_text("[]", encoding="utf-8")
    with pytest.raises(DataError, match="its format"):
        folders.read_manifest(folder)


@pytest.mark.parametrize("name", ["../days.csv", "other.csv", None, 3])
def test_a_name_that_leads_elsewhere_is_refused(folder: Path, name: object) -> None:
    with pytest.raises(DataError, match="the name of the file of days"):
        folders.files_of(with_manifest(folder, files={"days": {"name": name}}), "days")


def test_a_changed_or_missing_file_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="the name of the file of reasons"):
        folders.files_of(folder, "reasons")
    (folder / "days.csv").write_bytes(DAYS + b"eve,2021-05-24\n")
    with pytest.raises(DataError, match="as it was written"):
        folders.files_of(folder, "days")
    (folder / "days.csv").unlink()
    with pytest.raises(DataError, match="No such file"):
        folders.files_of(folder, "days")
