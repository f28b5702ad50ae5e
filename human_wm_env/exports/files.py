"""The files of an export: a folder, a zip or a single file, of which nothing is unpacked."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import shutil
import sqlite3
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from human_wm_env.errors import DataError
from human_wm_env.exports.listing import Listing

LARGEST_IN_MEMORY = 256 * 2**20  # bytes of a file that is read as a whole
LARGEST_UNPACKED = 64 * 2**30  # bytes of all files of a zip
SUSPECT_RATIO, SUSPECT_SIZE = 250, 2**28
MOST_FILES = 1_000_000
HEAD_BYTES = 1 << 16
_PART_BYTES = 1 << 20
_ZIP = b"PK\x03\x04"
# Google Takeout parts a large export: takeout-20260401T101112Z-001.zip, -002.zip.
_PART = re.compile(r"(.+)-(\d{3})\.zip", re.IGNORECASE)


class Export:
    """Files that belong together, by their paths with forward slashes.

    Symbolic links, pipes and devices are never opened; `left_out` names them.

    Attributes:
        path: of the source.
        paths: of all files, sorted.
        left_out: names of what is not opened, and why.

    Args:
        path: of a folder, a zip or a file.
        more: further zips, parts of the same export.

    Raises:
        DataError: there is nothing, or a zip that is broken, encrypted or a bomb, or parts
            that have different files of one name.
    """

    def __init__(self, path: Path, *more: Path) -> None:
        self.path = path
        self.left_out: list[str] = []
        self._members: dict[str, zipfile.ZipFile] = {}
        if more:
            for part in (path, *more):
                with typed_errors(part.name):
                    self._add_zip(part)
            self.paths = Listing(sorted(self._members))
            return
        with typed_errors(path.name):
            mode = path.stat().st_mode
            if stat.S_ISDIR(mode):
                self.paths = Listing(self._walk(path))
            elif not stat.S_ISREG(mode):
                raise DataError(
                    "a folder, a zip or a file as source",
                    f"{path}, a pipe or a device",
                    "Copy what it holds into a file first.",
                )
            elif zipfile.is_zipfile(path):
                self._add_zip(path)
                self.paths = Listing(sorted(self._members))
            else:
                with path.open("rb") as stream:
                    if stream.read(len(_ZIP)) == _ZIP:
                        raise zipfile.BadZipFile("a zip without its end")
                self.paths = Listing([path.name])

    @property
    def stem(self) -> str:
        """Name of the source without its ending."""
        return self.path.name.partition(".")[0] or self.path.name

    @contextmanager
    def open(self, path: str) -> Iterator[io.BufferedReader]:
        """Open a file for reading; what goes wrong inside is a DataError that names it."""
        with typed_errors(path):
            if path in self._members:
                with self._members[path].open(path) as stream:
                    # A member of a zip has what is used of it: read, readline, peek.
                    yield cast(io.BufferedReader, stream)
            else:
                # As text: the parts of a Path are interned, in a table that grows with names.
                file = f"{self.path}/{path}" if self.path.is_dir() else str(self.path)
                with open(file, "rb") as opened:  # noqa: PTH123
                    yield opened

    def head(self, path: str) -> bytes:
        """Return the first bytes of a file, for recognising it."""
        with self.open(path) as stream:
            return stream.read(HEAD_BYTES)

    def read(self, path: str) -> bytes:
        """Return a whole file.

        Raises:
            DataError: it is larger than what is read into memory.
        """
        parts, size = [], 0  # asked for as a whole, it would be given memory for the largest one
        with self.open(path) as stream:
            while part := stream.read(_PART_BYTES):
                parts.append(part)
                size += len(part)
                if size > LARGEST_IN_MEMORY:
                    raise DataError(
                        f"a file of at most {LARGEST_IN_MEMORY >> 20} MiB",
                        f"{path}, which is larger",
                        "Split it, or export a shorter time.",
                    )
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def json(self, path: str) -> object:
        """Return the content of a JSON file."""
        content = self.read(path)
        with typed_errors(path):
            text = content.decode("utf-8-sig")
            try:
                return json.loads(text)
            except json.JSONDecodeError:
                raise
            except ValueError as error:  # an integer of more digits than Python reads
                raise DataError(
                    "a file in the vendor's format",
                    f"{path} (a number of thousands of digits)",
                    "Export it again; a program may have changed it.",
                ) from error

    @contextmanager
    def on_disk(self, path: str) -> Iterator[Path]:
        """Give a file's path; a member of a zip is copied to a temporary file for the time."""
        if path not in self._members:
            yield self._file(path)
            return
        with tempfile.TemporaryDirectory(prefix="humanwm-") as scratch:
            copy = Path(scratch) / "member"
            with self.open(path) as stream, copy.open("wb") as target:
                shutil.copyfileobj(stream, target, 1 << 20)
            yield copy

    def _file(self, path: str) -> Path:
        return self.path / path if self.path.is_dir() else self.path

    def _walk(self, root: Path) -> Iterator[str]:
        """Yield the paths of the files in a folder, sorted, one folder in memory at a time."""
        count = 0
        waiting = [""]  # files, and folders with a slash at the end; the next one is last
        while waiting:
            path = waiting.pop()
            if path and not path.endswith("/"):
                count += 1
                if count > MOST_FILES:
                    raise DataError(
                        f"at most {MOST_FILES:,} files", f"more in {root.name}", "Name a subfolder."
                    )
                yield path
                continue
            with typed_errors(path or root.name):
                waiting += sorted(
                    (path + name for name in self._names_in(root / path)), reverse=True
                )

    def _names_in(self, folder: Path) -> Iterator[str]:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    self.left_out.append(f"{entry.name} (symbolic link)")
                elif entry.is_dir(follow_symlinks=False):
                    yield f"{entry.name}/"
                elif entry.is_file(follow_symlinks=False):
                    yield entry.name
                else:
                    self.left_out.append(f"{entry.name} (no regular file)")

    def _add_zip(self, path: Path) -> None:
        archive = zipfile.ZipFile(path)
        for name in self._checked(path, archive):
            other = self._members.get(name)
            if other is None:
                self._members[name] = archive
            elif other.getinfo(name).CRC == archive.getinfo(name).CRC:
                continue  # the same file in two parts
            elif name.lower().endswith((".html", ".pdf", ".txt")):
                self.left_out.append(f"{name} of {path.name} (a page about the export)")
            else:
                raise DataError(
                    "parts of one export, which have each file once",
                    f"{name} in several, with different content",
                    "Name each export by itself, person by person.",
                )

    @staticmethod
    def _checked(path: Path, archive: zipfile.ZipFile) -> Iterator[str]:
        """Yield the names of the files of a zip, if it is one that trackers write."""
        total, seen = 0, set()
        members = archive.infolist()
        if len(members) > MOST_FILES:
            raise DataError(
                f"a zip of at most {MOST_FILES:,} files", f"{len(members):,}", "Unpack a part."
            )
        for member in members:
            if member.is_dir():
                continue
            if member.flag_bits & 1:
                raise DataError(
                    "a zip without a password",
                    f"{path.name}, which is encrypted",
                    "Unpack it, and name the folder.",
                )
            if member.filename in seen:
                raise DataError(
                    "a zip that has each file once",
                    f"{member.filename} twice in {path.name}",
                    "Export it again, or unpack it and name the folder.",
                )
            seen.add(member.filename)
            total += member.file_size
            ratio = member.file_size / max(member.compress_size, 1)
            bomb = ratio > SUSPECT_RATIO and member.file_size > SUSPECT_SIZE
            if bomb or total > LARGEST_UNPACKED:
                raise DataError(
                    "a zip as trackers write it",
                    f"{path.name}, whose {member.filename} unpacks to "
                    f"{member.file_size:,} bytes from {member.compress_size:,}",
                    "If you trust it, unpack it and name the folder.",
                )
            yield member.filename


@contextmanager
def typed_errors(name: str) -> Iterator[None]:
    """Turn what reading a broken file raises into a DataError that names it."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise DataError("a readable file", f"{name} ({reason})", "Check the path.") from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        gzip.BadGzipFile,
        EOFError,
        NotImplementedError,
        RecursionError,
        sqlite3.Error,
    ) as error:
        raise DataError(
            "a whole, undamaged file", f"{name} ({error})", "Download or export it again."
        ) from error
    except (UnicodeError, csv.Error, json.JSONDecodeError) as error:
        raise DataError(
            "a file in the vendor's format",
            f"{name} ({error})",
            "Export it again; an editor or a spreadsheet may have changed it.",
        ) from error


def open_exports(sources: Sequence[Path]) -> list[Export]:
    """Return the exports that paths name.

    A path names itself, or every zip of a folder of zips; zips that are numbered parts of one
    export are one.
    """
    found: dict[Path, list[Path]] = {}  # by the path of all parts, in order of the first
    whole: dict[Path, Export] = {}
    for source in sources:
        for path in _zips_of(source, whole):
            part = _PART.fullmatch(path.name)
            found.setdefault(path.with_name(part.group(1)) if part else path, []).append(path)
    exports = []
    for paths in found.values():
        parts = sorted(set(paths))
        export = whole.get(parts[0]) or Export(*parts)
        export.left_out += _absent_parts(parts)
        exports.append(export)
    return exports


def _zips_of(source: Path, whole: dict[Path, Export]) -> list[Path]:
    if not source.is_dir():
        return [source]
    export = Export(source)
    zips = [path for path in export.paths if path.lower().endswith(".zip")]
    if zips and len(zips) == len(export.paths):
        return [source / path for path in zips]
    whole[source] = export  # whose files are listed already
    return [source]


def _absent_parts(parts: Sequence[Path]) -> list[str]:
    """Name the parts before the last one that are not there."""
    numbered = [found for path in parts if (found := _PART.fullmatch(path.name))]
    if len(numbered) != len(parts):
        return []
    known = {int(found.group(2)) for found in numbered}
    return [
        f"{numbered[0].group(1)}-{number:03}.zip (a part that is not there)"
        for number in range(1, max(known))
        if number not in known
    ]
