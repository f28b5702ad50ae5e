from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from human_wm_env.errors import CheckpointError, DataError
from human_wm_env.files.reading import file_digest, open_regular, parse_json, read_bytes, read_json


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "file.json"
    made.write_bytes(b'{"a": [1, 2.5, "\\u00e9", null]}')
    return made


def test_a_regular_file_is_read(file: Path) -> None:
    assert read_bytes(file, 100) == file.read_bytes()
    assert read_json(file) == {"a": [1, 2.5, "é", None]}
    other = file.with_name("other")
    other.write_bytes(b"abc")
    # FIPS 180-4, the first example.
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_digest(other, 3) == known


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(DataError, match="regular file"):
            read_bytes(path, 10, DataError)


def test_a_sparse_giant_is_refused_before_it_is_read(tmp_path: Path) -> None:
    giant = tmp_path / "giant"
    with giant.open("wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(CheckpointError, match=re.escape(f"{2**40:,}")):
        read_bytes(giant, 2**20)
    with pytest.raises(CheckpointError, match="at most"), open_regular(giant, 2**20):
        pass


def test_holes_are_no_content(tmp_path: Path) -> None:
    hollow = tmp_path / "hollow"
    with hollow.open("wb") as stream:
        stream.write(b"begins well")
        stream.truncate(2**26)
    with pytest.raises(CheckpointError, match="a hole"):
        read_bytes(hollow, 2**32)
    with hollow.open("wb") as stream:
        stream.truncate(2**20)
    assert read_bytes(hollow, 2**32) == bytes(2**20)  # small enough to be read all the same


@pytest.mark.parametrize("name", ["nowhere", "zero\0byte", "x" * 5000])
def test_a_path_that_leads_nowhere_is_a_typed_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match="can be read"):
        read_bytes(tmp_path / name, 10)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting"),
        (b"\xff\xfe", "utf-8"),
        (b"[NaN]", "NaN, which is no number"),
        (b"[-Infinity]", "Infinity"),
        (b"[1e999]", "too large"),
        (b"[" * 65 + b"1" + b"]" * 65, "nested deeper"),
        (b"[" * 200_000, "recursion"),
        (b'{"\\ud800": 1}', "surrogates"),
        (b'["\\udfff"]', "surrogates"),
        (b"9" * 5000, "4300 digits"),
    ],
)
def test_json_that_would_surprise_later_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(CheckpointError, match=reason):
        parse_json(text, "here")


def test_json_may_be_as_deep_as_ours() -> None:
    assert parse_json(b"[" * 64 + b"1" + b"]" * 64, "here")


def test_the_systems_own_reason_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nowhere \(No such file or directory\)"):
        read_bytes(tmp_path / "nowhere", 10)
    with pytest.raises(CheckpointError, match=r"\(ValueError\)"):
        read_bytes(tmp_path / "zero\0byte", 10)
