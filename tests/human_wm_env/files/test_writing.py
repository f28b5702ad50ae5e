from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from human_wm_env.files.writing import (
    DRAFT,
    is_locked,
    locked,
    remove_abandoned,
    whole_folder,
    write_whole,
)

LONG_AGO = (1e9, 1e9)


def test_a_file_is_replaced_with_the_rights_of_a_new_one(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", b"old")
    write_whole(tmp_path / "file", b"new")
    plain = tmp_path / "plain"
    plain.touch()
    assert (tmp_path / "file").read_bytes() == b"new"
    assert (tmp_path / "file").stat().st_mode == plain.stat().st_mode
    assert sorted(tmp_path.iterdir()) == [tmp_path / "file", plain]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with whole_folder(tmp_path / "made") as draft:
            (draft / name).touch()
            assert not (tmp_path / "made" / name).exists()
    assert [file.name for file in (tmp_path / "made").iterdir()] == ["two"]
    assert list(tmp_path.iterdir()) == [tmp_path / "made"]


def test_an_exception_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "old").touch()
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "made") as draft:
        (draft / "new").touch()
        raise KeyboardInterrupt
    assert [file.name for file in (tmp_path / "made").iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [tmp_path / "made"]


def test_drafts_of_the_dead_are_removed_and_those_of_the_living_stay(tmp_path: Path) -> None:
    kept = [tmp_path / f"{DRAFT}held", tmp_path / f"{DRAFT}young", tmp_path / "own"]
    for path in (*kept, tmp_path / f"{DRAFT}dead"):
        path.mkdir()
        (path / "part").touch()
        if "young" not in path.name:
            os.utime(path, LONG_AGO)
    (tmp_path / f"{DRAFT}file").touch()
    os.utime(tmp_path / f"{DRAFT}file", LONG_AGO)
    with locked(kept[0]):
        remove_abandoned(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from human_wm_env.files.writing import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        assert is_locked(tmp_path)
        with locked(tmp_path) as free:
            assert not free
        other.kill()
        other.wait()
    assert not is_locked(tmp_path)


def test_a_file_is_not_replaced_by_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "diary.md"
    file.write_text("read me")
    with pytest.raises(FileExistsError), whole_folder(file):
        raise AssertionError("there is nothing to fill")
    assert file.read_text() == "read me" and list(tmp_path.iterdir()) == [file]
