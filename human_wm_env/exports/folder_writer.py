"""Writes a folder of imported logs, so that a kill at any time leaves the old one or the new."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from human_wm_env.data.folder import (
    FOLDER_FORMAT,
    FOLDER_VERSION,
    MANIFEST,
    files_of,
    is_folder_of_logs,
    read_manifest,
    rows_of,
)
from human_wm_env.errors import DataError
from human_wm_env.exports.day_log import iso_date
from human_wm_env.exports.merging import PersonDays
from human_wm_env.exports.reasons import WORDS
from human_wm_env.exports.shards import CsvTable, DayTable, ParquetTable, RejectedTable
from human_wm_env.files.parquet import has_parquet
from human_wm_env.person import schema
from human_wm_env.person.history import LONGEST_LOG_DAYS

PRIVATE, SALT = "private", "salt"
_OURS = re.compile(
    r"(?:days|reasons|rejected)-[0-9a-f]{16}(?:-\d+)?\.(?:csv|parquet)(?:\.part)?"
    r"|manifest\.json\.part"
)


class FolderWriter:
    """Writes the three tables of a new folder, person by person.

    Args:
        folder: that the import was asked to write.
        salted: write ids as salted digests; the salt is kept in the folder's private file.
        salt: what a new folder's ids are salted with; None draws it.
        as_parquet: write Parquet, and not CSV; None does so where pyarrow is installed.

    Attributes:
        ids: of the people written so far.
        shares: int (10, reasons), cells by reason.
        person_days: rows written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        salted: bool,
        salt: str | None = None,
        as_parquet: bool | None = None,
    ) -> None:
        self.folder = folder
        check_target(folder)
        self._new = [
            path
            for path in (folder / PRIVATE / SALT, folder / PRIVATE, folder)
            if not path.exists()
        ]
        (folder / PRIVATE).mkdir(parents=True, exist_ok=True)
        (folder / PRIVATE).chmod(0o700)
        token = secrets.token_hex(8)
        self._salt = self._kept_salt(salt) if salted else None
        parquet = has_parquet() if as_parquet is None else as_parquet
        table = ParquetTable if parquet else CsvTable
        self._days = table(folder / f"days-{token}", of_reasons=False)
        self._reasons = table(folder / f"reasons-{token}", of_reasons=True)
        self._rejected = RejectedTable(folder / f"rejected-{token}", as_parquet=parquet)
        self.ids: list[str] = []
        self.shares = np.zeros((schema.FEATURE_COUNT, len(WORDS)), dtype=np.int64)
        self.person_days = 0

    @property
    def rejected(self) -> TextIO:
        """The open file of rejected values."""
        return self._rejected.stream

    def public_id(self, person: str) -> str:
        """Return the id that a person has in the folder.

        A person is named after a folder, and its name may have bytes that are no UTF-8: these are
        written as an escape with their number, so that names that differ stay so.
        """
        person = person.encode(errors="backslashreplace").decode()
        if self._salt is None:
            return person
        return hashlib.sha256(f"{self._salt}\0{person}".encode()).hexdigest()[:16]

    def write(self, person_id: str, days: PersonDays) -> None:
        """Write the days of one person.

        Raises:
            DataError: the log is longer than any: a date of it is wrong.
        """
        length = len(days.values)
        if length > LONGEST_LOG_DAYS:
            ends = (iso_date(days.first_day + day) for day in (0, length - 1))
            raise DataError(
                f"a log of at most {LONGEST_LOG_DAYS} days",
                f"{length} days of {person_id!r}, {' to '.join(ends)}",
                "Look for a wrong year, and leave the file or the row out.",
            )
        self._days.add(person_id, days.first_day, days.values)
        self._reasons.add(person_id, days.first_day, days.reasons)
        for index in range(schema.FEATURE_COUNT):
            self.shares[index] += np.bincount(days.reasons[:, index], minlength=len(WORDS))
        self.ids.append(person_id)
        self.person_days += length

    def finish(self, manifest: dict[str, Any]) -> None:
        """Put the folder in place: all files first, then the manifest that names them."""
        tables = {"days": self._days, "reasons": self._reasons, "rejected": self._rejected}
        files = {role: self._in_place(role, table) for role, table in tables.items()}
        whole = {"format": FOLDER_FORMAT, "version": FOLDER_VERSION, "files": files, **manifest}
        part = self.folder / f"{MANIFEST}.part"
        part.write_text(
            json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
            encoding="utf-8",
        )
        _synced(part)
        part.replace(self.folder / MANIFEST)
        self._sweep({entry["name"] for entries in files.values() for entry in entries})

    def _in_place(self, role: str, table: DayTable | RejectedTable) -> list[dict[str, str]]:
        """Name the files of a table after their content."""
        table.close()
        entries = []
        for part in table.parts:
            _synced(part)
            with part.open("rb") as written:
                digest = hashlib.file_digest(written, "sha256").hexdigest()
            target = self.folder / f"{role}-{digest[:16]}{part.suffixes[-2]}"
            part.replace(target)
            entries.append({"name": target.name, "sha256": digest})
        return entries

    def abandon(self) -> None:
        """Leave the folder as it was."""
        self._rejected.abandon()
        for table in (self._days, self._reasons):
            with suppress(OSError):
                table.abandon()
            for part in table.parts:
                part.unlink(missing_ok=True)
        for path in self._new:
            with suppress(OSError):  # it holds what somebody else has put there
                path.unlink() if path.is_file() else path.rmdir()

    def _kept_salt(self, salt: str | None) -> str:
        file = self.folder / PRIVATE / SALT
        if not file.exists():
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write((salt or secrets.token_hex(32)) + "\n")
        return read_salt(self.folder) or ""

    def _sweep(self, keep: set[str]) -> None:
        """Remove the files of earlier imports, finished or killed."""
        for file in self.folder.iterdir():
            if _OURS.fullmatch(file.name) and file.name not in keep:
                file.unlink()


def read_salt(folder: Path) -> str | None:
    """Return what the ids of a folder are salted with, None where it does not say."""
    file = folder / PRIVATE / SALT
    return file.read_text(encoding="utf-8").strip() if file.is_file() else None


def check_target(folder: Path) -> None:
    """Raise a DataError unless a folder is new, empty, or one of imported logs."""
    if folder.exists() and not folder.is_dir():
        raise DataError("out as a folder", f"the file {folder}", "Name another folder.")
    if is_folder_of_logs(folder):
        read_manifest(folder)
        return
    if folder.is_dir():
        others = [one.name for one in folder.iterdir() if not _is_leftover(one)]
        if others:
            raise DataError(
                "out as a new folder, or one that an import wrote",
                f"{folder}, with {others[0]!r} in it",
                "Name another folder.",
            )


def _is_leftover(path: Path) -> bool:
    return path.name == PRIVATE or bool(_OURS.fullmatch(path.name))


@contextmanager
def new_folder(folder: Path, *, salted: bool, salt: str | None = None) -> Iterator[FolderWriter]:
    """Write a folder; an error inside leaves the old one as it was."""
    writer = FolderWriter(folder, salted=salted, salt=salt)
    try:
        yield writer
    except BaseException:
        writer.abandon()
        raise


def _synced(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def read_rejected(folder: Path | str) -> list[dict[str, str]]:
    """Return the values that an import set aside, one mapping a line of `rejected-*`."""
    found = []
    for file in files_of(Path(folder), "rejected"):
        names, batches = rows_of(file)
        found += [dict(zip(names, row, strict=True)) for rows in batches for row in rows]
    return found
