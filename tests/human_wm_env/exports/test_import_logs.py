"""The folder that an import writes: whole or not at all, the same again, read by everything."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from human_wm_env import DataError, import_logs, read_daily_csv, write_logs
from human_wm_env.data.folder import MANIFEST, read_manifest, read_reasons
from human_wm_env.exports.folder_writer import read_rejected
from human_wm_env.person import schema
from tests.human_wm_env.exports.grids import check_balance, grid, lines

HEADER = "user_id,date,steps,sleep_hours,mood\n"
ANN = "ann,2021-05-24,8833,7.5,Tired\nann,2021-05-26,9000,0.5,\n"
BOB = '"b, ""o"" b",2021-05-24,100.25,,\n'


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return write(tmp_path, "people.csv", HEADER + ANN + BOB)


def content(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_the_folder_is_read_by_everything(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "logs"
    logs = import_logs(people, out, ids="plain")
    check_balance(logs)
    assert logs.dataset.user_ids == ("ann", 'b, "o" b')
    assert logs.dataset.rows[1, 0, schema.STEPS] == np.float32(100.25)
    again = read_daily_csv(out).dataset
    assert again.fingerprint == logs.dataset.fingerprint
    assert np.array_equal(read_reasons(out, again), logs.reasons)
    assert read_rejected(out) == logs.rejected
    assert logs.rejected[0]["why"] == "it should be 2 to 14 h"
    env = gym.make("HumanWMReplay-v0", dataset=str(out), split="all", horizon=1)
    assert env.unwrapped.world.dataset.user_ids == again.user_ids  # type: ignore[attr-defined]
    env.close()
    manifest = read_manifest(out)
    assert manifest["cells"]["sleep_hours"]["quarantined"] == 1
    assert (manifest["people"], manifest["person_days"]) == (2, 4)


def test_importing_twice_changes_nothing(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "logs"
    write_logs(people, out)
    first = content(out)
    write_logs([people, people], out)
    second = content(out)
    for name in (one for one in first if one.startswith(("days", "reasons"))):
        assert second[name] == first[name]
    write_logs(people, out)
    assert content(out) == first


def test_an_import_of_an_import_is_the_same(people: Path, tmp_path: Path) -> None:
    once, twice = tmp_path / "once", tmp_path / "twice"
    write_logs(people, once)
    write_logs(once, twice)
    for role in ("days", "reasons"):
        files = [read_manifest(folder)["files"][role] for folder in (once, twice)]
        assert files[0] == files[1]


def test_ids_are_salted_and_stay(people: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "logs", tmp_path / "other"
    ids = import_logs(people, out).dataset.user_ids
    assert import_logs(people, out).dataset.user_ids == ids
    assert import_logs(people, other).dataset.user_ids != ids
    text = b"".join(content(out).values())
    assert b"ann" not in text and b'""o""' not in text
    assert (out / "private" / "salt").stat().st_mode & 0o077 == 0


def test_people_of_an_earlier_import_are_not_lost(people: Path, tmp_path: Path) -> None:
    out, new = tmp_path / "logs", write(tmp_path, "new.csv", HEADER + ANN.replace("ann", "cat"))
    write_logs(people, out, ids="plain")
    before = content(out)
    with pytest.raises(DataError, match="1 people, without 'ann'"):
        write_logs(new, out, ids="plain")
    assert content(out) == before
    assert import_logs([out, new], out, ids="plain").dataset.users == 3
    assert import_logs(new, out, ids="plain", replace=True).dataset.user_ids == ("cat",)


def test_sources_of_one_person_are_merged_by_priority(tmp_path: Path) -> None:
    one = write(tmp_path, "one.csv", "date,steps,sleep_hours\n2021-05-24,800,7\n2021-05-26,50,\n")
    two = write(tmp_path, "two.csv", "date,steps,mood\n2021-05-24,900,Happy\n2021-05-25,60,\n")
    assert grid([one, two], "2021-05-24") == lines(
        """
        2021-05-24 800 ~ ~ ~ 7 ~ ~ ~ ~ Happy
        2021-05-25 60  ~ ~ ~ - ~ ~ ~ ~ -
        2021-05-26 50  ~ ~ ~ - ~ ~ ~ ~ -
        """
    )
    assert grid([two, one], "2021-05-24", merge="day") == lines(
        """
        2021-05-24 900 ~ ~ ~ merged ~ ~ ~ ~ Happy
        2021-05-25 60  ~ ~ ~ -      ~ ~ ~ ~ -
        2021-05-26 50  ~ ~ ~ -      ~ ~ ~ ~ -
        """
    )


def test_what_is_no_folder_of_logs_is_not_written_to(people: Path, tmp_path: Path) -> None:
    for target in (people, tmp_path):
        with pytest.raises(DataError, match="out as a"):
            write_logs(people, target)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["people.csv"]


def test_a_changed_folder_is_refused(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "logs"
    write_logs(people, out)
    days = next(out.glob("days-*"))
    days.write_bytes(days.read_bytes() + b"\n")
    with pytest.raises(DataError, match="as it was written"):
        read_daily_csv(out)
    days.unlink()
    with pytest.raises(DataError, match="No such file"):
        read_daily_csv(out)
    (out / MANIFEST).write_text('{"format": "humanwm data set", "version": 99}')
    with pytest.raises(DataError, match="version 99"):
        read_daily_csv(out)


def test_a_manifest_cannot_name_files_elsewhere(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "logs"
    write_logs(people, out)
    text = (out / MANIFEST).read_text().replace('"name": "days', '"name": "../days')
    (out / MANIFEST).write_text(text)
    with pytest.raises(DataError, match="the name of the file of days"):
        read_daily_csv(out)


@pytest.mark.parametrize("moment", ["replace", "unlink"])
def test_a_killed_import_leaves_the_old_folder_or_the_new(
    people: Path, tmp_path: Path, moment: str
) -> None:
    """The process ends at every renaming or deletion of the import in turn, without cleaning."""
    for kill_at in range(1, 6):
        out = tmp_path / f"logs{kill_at}"
        old = import_logs(people, out, ids="plain").dataset.fingerprint
        new = write(tmp_path, "new.csv", HEADER + ANN + BOB.replace("100.25", "7"))
        code = f"""
import os, pathlib
from human_wm_env import write_logs
calls = 0
whole = pathlib.Path.{moment}
def once(self, *words, **options):
    global calls
    calls += 1
    if calls == {kill_at}:
        os._exit(9)
    return whole(self, *words, **options)
pathlib.Path.{moment} = once
write_logs({str(new)!r}, {str(out)!r}, ids="plain")
"""
        done = subprocess.run([sys.executable, "-c", code], check=False)
        assert done.returncode in (0, 9)
        found = read_daily_csv(out).dataset
        assert found.rows[1, 0, schema.STEPS] in (np.float32(100.25), 7)
        assert (found.fingerprint == old) == (found.rows[1, 0, schema.STEPS] != 7)
        write_logs(new, out, ids="plain")
        assert len(list(out.iterdir())) == 5  # nothing of the killed import is left


def test_links_and_pipes_are_left_out(people: Path, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    shutil.copy(people, folder / "logs.csv")
    (folder / "link.csv").symlink_to(people)
    os.mkfifo(folder / "pipe.csv")
    (folder / "elsewhere").symlink_to(tmp_path)
    logs = import_logs(folder)
    (note,) = logs.manifest["notes"]
    for name in ("link.csv (symbolic link)", "pipe.csv (no regular file)", "elsewhere (symbolic"):
        assert name in note
    with pytest.raises(DataError, match="a pipe or a device"):
        import_logs(folder / "pipe.csv")


def test_a_zip_bomb_is_refused_at_once(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("logs.csv", "w", force_zip64=True) as member,
    ):
        member.write(b"date,steps,mood\n")
        for _ in range(300):
            member.write(b"\0" * 2**20)
    begun = time.process_time()
    with pytest.raises(DataError, match="a zip as trackers write it"):
        import_logs(bomb)
    assert time.process_time() - begun < 5


def test_a_zip_is_never_unpacked(tmp_path: Path) -> None:
    archive = tmp_path / "logs.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("../../logs.csv", HEADER + ANN)
    assert import_logs(archive).dataset.user_ids == ("ann",)
    assert not (tmp_path.parent.parent / "logs.csv").exists()
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(DataError, match="undamaged"):
        import_logs(archive)


def test_missing_and_unknown_sources(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        import_logs(tmp_path / "nothing")
    with pytest.raises(DataError, match="no regular file"):
        import_logs(tmp_path)


def test_the_command_prints_the_balance(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = importlib.import_module("human_wm_cli.commands.import")
    out = tmp_path / "logs"
    command.run([f"source={people}", f"source={people}", f"out={out}"])
    printed = capsys.readouterr()
    assert "read = kept + merged + rejected" in printed.out
    assert "quarantined" in printed.out
    map_file = write(tmp_path, "map.yaml", "colums: {mood: location}\n")
    with pytest.raises(SystemExit):
        command.run([f"source={people}", f"out={out}", f"map={map_file}", "format=daily"])
    assert "a map with `columns`, `categories` and `decimal`" in capsys.readouterr().err
    command.run([f"source={people}", f"out={out}", "json=true"])
    assert '"person_days": 4' in capsys.readouterr().out


def test_somebody_whom_nobody_named_needs_no_salt(tmp_path: Path) -> None:
    file = tmp_path / "logs.csv"
    file.write_text("date,steps\n2024-05-24,8000\n2024-05-25,9000\n", encoding="utf-8")
    assert import_logs(file, tmp_path / "one", format="daily").dataset.user_ids == ("me",)
    named = import_logs(file, tmp_path / "two", format="daily", person="ann").dataset.user_ids
    assert named != ("ann",) and len(named) == 1
    # The folder and a new export are of the same person, in another folder, too.
    both = import_logs([tmp_path / "one", file], tmp_path / "three")
    assert both.dataset.user_ids == ("me",)


def test_people_of_a_folder_keep_their_ids_in_another_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("user_id,date,steps,mood\nann,2024-05-24,8000,Happy\n", encoding="utf-8")
    new.write_text("user_id,date,steps,mood\nann,2024-05-25,9000,Tired\n", encoding="utf-8")
    first = import_logs(old, tmp_path / "one").dataset
    both = import_logs([tmp_path / "one", new], tmp_path / "two").dataset
    assert both.user_ids == first.user_ids != ("ann",)
    assert both.days_logged.tolist() == [2]
