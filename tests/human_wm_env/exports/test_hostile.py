"""Hostile and unlucky files: a sentence each, in little time and memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from human_wm_env import DataError, HumanWMError, import_logs, read_daily_csv, write_logs
from human_wm_env.data.folder import MANIFEST, files_of

ROWS = "date,steps,mood\n2021-05-24,8000,Happy\n"
XML = (
    '<?xml version="1.0"?><!DOCTYPE HealthData [{}]>'
    '<HealthData locale="en"><Record type="&x;"/></HealthData>'
)
LAUGHS = '<!ENTITY x0 "ha">' + "".join(
    f'<!ENTITY x{i} "{f"&x{i - 1};" * 10}">' for i in range(1, 12)
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("nul.csv", b"date,steps,mood\n2021-05-24,80\x0000,Happy\n"),
        ("latin.csv", "date,steps,mood\n2021-05-24,8000,Müde\n".encode("latin-1")),
        ("utf32.csv", ROWS.encode("utf-32")),
        ("no_mark.csv", ROWS.encode("utf-16-le")),
        ("empty.csv", b""),
        ("wide.csv", b"date" + b",x" * 1_000_000 + b"\n"),
        ("long.csv", b"date,steps,mood\n" + b"9" * 3_000_000),
        ("deep.json", b"[" * 100_000),
        ("laughs.xml", XML.format(LAUGHS + '<!ENTITY x "&x11;">').encode()),
        ("outside.xml", XML.format('<!ENTITY x SYSTEM "file:///etc/passwd">').encode()),
        ("cut.zip", b"PK\x03\x04" + b"\0" * 40),
        ("parquet.parquet", b"PAR1" + b"\xff" * 100 + b"PAR1"),
    ],
)
def test_a_file_of_bad_will_is_a_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    try:
        logs = import_logs(file)
    except HumanWMError as error:
        assert len(str(error)) < 1500 and "root:" not in str(error)
        return
    assert name == "nul.csv" and logs.rejected  # the cell alone is refused


def test_a_folder_whose_table_is_a_pipe_or_a_link_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "logs.csv").write_text(ROWS)
    out = tmp_path / "logs"
    write_logs(tmp_path / "logs.csv", out)
    (days,) = files_of(out, "days")
    days.unlink()
    os.mkfifo(days)
    with pytest.raises(DataError, match="a regular file"):
        read_daily_csv(out)
    days.unlink()
    days.symlink_to("/dev/zero")
    with pytest.raises(DataError, match="a regular file"):
        read_daily_csv(out)
    (out / MANIFEST).write_text("[" * 100_000)
    with pytest.raises(DataError, match="imported logs with its manifest"):
        read_daily_csv(out)
