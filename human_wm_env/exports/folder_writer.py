"""Writes a folder of imported logs, so that a kill at any time leaves the old one or the new."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from human_wm_env.data.folder import (
    FOLDER_FORMAT,
    FOLDER_VERSION,
    MANIFEST,
    file_of,
    is_folder_of_logs,
    read_manifest,
)
from human_wm_env.errors import DataError
from human_wm_env.exports.day_log import iso_date
from human_wm_env.exports.merging import PersonDays
from human_wm_env.exports.reasons import WORDS
from human_wm_env.person import schema

ROLES = ("days", "reasons", "rejected")
PRIVATE, SALT = "private", "salt"
_OURS = re.compile(r"(?:days|reasons|rejected)-[0-9a-f]{16}\.csv(?:\.part)?|manifest\.json\.part")
LONGEST_LOG_DAYS = 7320
_WORDS = np.array(WORDS, dtype=object)


class FolderWriter:
    """Streams of the three tables of a new folder, person by person.

    Args:
        folder: that the import was asked to write.
        salted: write ids as salted digests; the salt is kept in the folder's private file.

    Attributes:
        rejected: open text file for the values that were set aside.
        ids: of the people written so far.
        shares: int (10, reasons), cells by reason.
        person_days: rows written.
    """

    def __init__(self, folder: Path, *, salted: bool) -> None:
        self.folder = folder
        check_target(folder)
        (folder / PRIVATE).mkdir(parents=True, exist_ok=True)
        (folder / PRIVATE).chmod(0o700)
        self._token = secrets.token_hex(8)
        self._streams = {role: self._part(role).open("w", encoding="utf-8") for role in ROLES}
        header = f"user_id,date,{','.join(schema.FEATURE_NAMES)}\n"
        self._streams["days"].write(header)
        self._streams["reasons"].write(header)
        self._salt = self._read_salt() if salted else None
        self.ids: list[str] = []
        self.shares = np.zeros((schema.FEATURE_COUNT, len(WORDS)), dtype=np.int64)
        self.person_days = 0

    @property
    def rejected(self) -> TextIO:
        """The open file of rejected values."""
        return self._streams["rejected"]

    def public_id(self, person: str) -> str:
        """Return the id that a person has in the folder."""
        if self._salt is None:
            return person
        return hashlib.sha256(f"{self._salt}\0{person}".encode()).hexdigest()[:16]

    def write(self, person_id: str, days: PersonDays) -> None:
        """Write the days of one person.

        Raises:
            DataError: the log is longer than any: a date of it is wrong.
        """
        length = len(days.values)
        dates = [iso_date(days.first_day + day) for day in range(length)]
        if length > LONGEST_LOG_DAYS:
            raise DataError(
                f"a log of at most {LONGEST_LOG_DAYS} days",
                f"{length} days of {person_id!r}, {dates[0]} to {dates[-1]}",
                "Look for a wrong year, and leave the file or the row out.",
            )
        cell = quoted(person_id)
        starts = [f"{cell},{date}" for date in dates]
        columns = [_cells(days.values[:, index], index) for index in range(schema.FEATURE_COUNT)]
        _write_lines(self._streams["days"], starts, columns)
        words = [_WORDS[days.reasons[:, index]].tolist() for index in range(schema.FEATURE_COUNT)]
        _write_lines(self._streams["reasons"], starts, words)
        for index in range(schema.FEATURE_COUNT):
            self.shares[index] += np.bincount(days.reasons[:, index], minlength=len(WORDS))
        self.ids.append(person_id)
        self.person_days += length

    def finish(self, manifest: dict[str, Any]) -> None:
        """Put the folder in place: all files first, then the manifest that names them."""
        files = {}
        for role, stream in self._streams.items():
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()
            part = self._part(role)
            with part.open("rb") as written:
                digest = hashlib.file_digest(written, "sha256").hexdigest()
            target = self.folder / f"{role}-{digest[:16]}.csv"
            part.replace(target)
            files[role] = {"name": target.name, "sha256": digest}
        whole = {"format": FOLDER_FORMAT, "version": FOLDER_VERSION, "files": files, **manifest}
        part = self.folder / f"{MANIFEST}.part"
        with part.open("w", encoding="utf-8") as stream:
            stream.write(json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(self.folder / MANIFEST)
        self._sweep({entry["name"] for entry in files.values()})

    def abandon(self) -> None:
        """Leave the folder as it was."""
        for role, stream in self._streams.items():
            stream.close()
            self._part(role).unlink(missing_ok=True)

    def _part(self, role: str) -> Path:
        return self.folder / f"{role}-{self._token}.csv.part"

    def _read_salt(self) -> str:
        file = self.folder / PRIVATE / SALT
        if not file.exists():
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(secrets.token_hex(32) + "\n")
        return file.read_text(encoding="utf-8").strip()

    def _sweep(self, keep: set[str]) -> None:
        """Remove the files of earlier imports, finished or killed."""
        for file in self.folder.iterdir():
            if _OURS.fullmatch(file.name) and file.name not in keep:
                file.unlink()


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
def new_folder(folder: Path, *, salted: bool) -> Iterator[FolderWriter]:
    """Write a folder; an error inside leaves the old one as it was."""
    writer = FolderWriter(folder, salted=salted)
    try:
        yield writer
    except BaseException:
        writer.abandon()
        raise


def quoted(text: str) -> str:
    """Return text as one cell of CSV."""
    if not any(one in text for one in ',"\r\n') and text == text.strip():
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _cells(column: np.ndarray, index: int) -> list[str]:
    """Return a feature's values as text: exact, empty where missing."""
    feature = schema.FEATURES[index]
    if isinstance(feature, schema.Categorical):
        names = np.array([*feature.categories, ""], dtype=object)
        codes = np.where(np.isnan(column), len(feature.categories), column).astype(np.int64)
        return names[codes].tolist()
    return ["" if text == "nan" else text.removesuffix(".0") for text in map(repr, column.tolist())]


def _write_lines(stream: TextIO, starts: list[str], columns: list[list[str]]) -> None:
    stream.write("\n".join(map(",".join, zip(starts, *columns, strict=True))) + "\n")


def read_rejected(folder: Path | str) -> list[dict[str, str]]:
    """Return the values that an import set aside, one mapping a line of `rejected-*.csv`."""
    with file_of(Path(folder), "rejected").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
