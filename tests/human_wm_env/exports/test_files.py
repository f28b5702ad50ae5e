"""What a damaged file is called."""

from __future__ import annotations

import os
from pathlib import Path
from zipfile import ZipFile

import pytest

from human_wm_env import DataError, import_logs
from human_wm_env.exports import files
from human_wm_env.exports.files import Export
from tests.human_wm_env.exports.formats import test_health_connect


def test_a_zip_that_was_cut_off_is_said_to_be_damaged(tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    with ZipFile(file, "w") as archive:
        archive.writestr("logs.csv", "date,steps,mood\n" + "2021-05-24,8000,Happy\n" * 100)
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"undamaged file.*zip without its end"):
        import_logs(file)


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_database_that_was_cut_off_is_said_to_be_damaged(share: float, tmp_path: Path) -> None:
    file = test_health_connect.build(tmp_path)
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match=r"undamaged file.*malformed"):
        import_logs(tmp_path)


def test_files_of_a_folder_are_listed_in_order(tmp_path: Path) -> None:
    names = ["b.json", "a/x.json", "a-b/x.json", "a.json", "a/b/c", "a/b.c", "Z/1", "ab", "a b/ø"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "a" / "linked").symlink_to(tmp_path / "Z")
    (tmp_path / "again.json").symlink_to(tmp_path / "b.json")
    os.mkfifo(tmp_path / "Z" / "pipe")
    export = Export(tmp_path)
    assert list(export.paths) == sorted(names)
    assert sorted(export.left_out) == [
        "again.json (symbolic link)",
        "linked (symbolic link)",
        "pipe (no regular file)",
    ]
    assert all(export.read(path).decode() == path for path in export.paths)


def test_a_folder_that_cannot_be_read_is_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Physical Activity").mkdir()
    scan = os.scandir

    def scandir(folder: Path) -> object:
        if Path(folder).name == "Physical Activity":
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(files.os, "scandir", scandir)
    with pytest.raises(DataError, match=r"Physical Activity/ \(Permission denied\)"):
        Export(tmp_path)


def test_more_files_than_any_export_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 3)
    for number in range(4):
        (tmp_path / f"{number}.csv").touch()
    with pytest.raises(DataError, match=r"at most 3 files.*Name a subfolder"):
        Export(tmp_path)
