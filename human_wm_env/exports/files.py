"""The files of an export: a folder, a zip or a single file, of which nothing is unpacked."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
import sqlite3
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import cast

from human_wm_env.errors import DataError

LARGEST_IN_MEMORY = 256 * 2**20  # bytes of a file that is read as a whole
LARGEST_UNPACKED = 64 * 2**30  # bytes of all files of a zip
SUSPECT_RATIO, SUSPECT_SIZE = 250, 2**28
MOST_FILES = 1_000_000
HEAD_BYTES = 1 << 16


class Export:
    """Files that belong together, by their paths with forward slashes.

    Symbolic links, pipes and devices are never opened; `left_out` names them.

    Args:
        path: of a folder, a zip or a file.

    Raises:
        DataError: there is nothing, or a zip that is broken, encrypted or a bomb.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left_out: list[str] = []
        self._zip: zipfile.ZipFile | None = None
        with typed_errors(path.name):
            mode = path.stat().st_mode
            if stat.S_ISDIR(mode):
                self._sizes = dict(self._walk(path))
            elif not stat.S_ISREG(mode):
                raise DataError(
                    "a folder, a zip or a file as source",
                    f"{path}, a pipe or a device",
                    "Copy what it holds into a file first.",
                )
            elif zipfile.is_zipfile(path):
                self._zip = zipfile.ZipFile(path)
                self._sizes = dict(self._members(self._zip))
            else:
                self._sizes = {path.name: path.stat().st_size}

    @property
    def stem(self) -> str:
        """Name of the source without its ending."""
        return self.path.name.partition(".")[0] or self.path.name

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Paths of all files, sorted."""
        return tuple(sorted(self._sizes))

    def size(self, path: str) -> int:
        """Return the bytes of a file."""
        return self._sizes[path]

    @contextmanager
    def open(self, path: str) -> Iterator[io.BufferedReader]:
        """Open a file for reading; what goes wrong inside is a DataError that names it."""
        with typed_errors(path):
            if self._zip is not None:
                with self._zip.open(path) as stream:
                    # A member of a zip has what is used of it: read, readline, peek.
                    yield cast(io.BufferedReader, stream)
            else:
                with self._file(path).open("rb") as opened:
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
        with self.open(path) as stream:
            content = stream.read(LARGEST_IN_MEMORY + 1)
        if len(content) > LARGEST_IN_MEMORY:
            raise DataError(
                f"a file of at most {LARGEST_IN_MEMORY >> 20} MiB",
                f"{path}, which is larger",
                "Split it, or export a shorter time.",
            )
        return content

    def json(self, path: str) -> object:
        """Return the content of a JSON file."""
        content = self.read(path)
        with typed_errors(path):
            return json.loads(content.decode("utf-8-sig"))

    @contextmanager
    def on_disk(self, path: str) -> Iterator[Path]:
        """Give a file's path; a member of a zip is copied to a temporary file for the time."""
        if self._zip is None:
            yield self._file(path)
            return
        with tempfile.TemporaryDirectory(prefix="humanwm-") as scratch:
            copy = Path(scratch) / "member"
            with self.open(path) as stream, copy.open("wb") as target:
                shutil.copyfileobj(stream, target, 1 << 20)
            yield copy

    def _file(self, path: str) -> Path:
        return self.path / path if self.path.is_dir() else self.path

    def _walk(self, root: Path) -> Iterator[tuple[str, int]]:
        count = 0
        for folder, names, files in os.walk(root, followlinks=False):
            for name in [*names]:
                if Path(folder, name).is_symlink():
                    self.left_out.append(f"{name} (symbolic link)")
                    names.remove(name)
            for name in files:
                file = Path(folder, name)
                found = file.lstat()
                if not stat.S_ISREG(found.st_mode):
                    kind = "symbolic link" if stat.S_ISLNK(found.st_mode) else "no regular file"
                    self.left_out.append(f"{name} ({kind})")
                    continue
                count += 1
                if count > MOST_FILES:
                    raise DataError(
                        f"at most {MOST_FILES:,} files", f"more in {root.name}", "Name a subfolder."
                    )
                yield file.relative_to(root).as_posix(), found.st_size

    def _members(self, archive: zipfile.ZipFile) -> Iterator[tuple[str, int]]:
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
                    f"{self.path.name}, which is encrypted",
                    "Unpack it, and name the folder.",
                )
            if member.filename in seen:
                raise DataError(
                    "a zip that has each file once",
                    f"{member.filename} twice in {self.path.name}",
                    "Export it again, or unpack it and name the folder.",
                )
            seen.add(member.filename)
            total += member.file_size
            ratio = member.file_size / max(member.compress_size, 1)
            bomb = ratio > SUSPECT_RATIO and member.file_size > SUSPECT_SIZE
            if bomb or total > LARGEST_UNPACKED:
                raise DataError(
                    "a zip as trackers write it",
                    f"{self.path.name}, whose {member.filename} unpacks to "
                    f"{member.file_size:,} bytes from {member.compress_size:,}",
                    "If you trust it, unpack it and name the folder.",
                )
            yield member.filename, member.file_size


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
    ) as error:
        raise DataError(
            "a whole, undamaged file", f"{name} ({error})", "Download or export it again."
        ) from error
    except (UnicodeError, csv.Error, json.JSONDecodeError, sqlite3.Error) as error:
        raise DataError(
            "a file in the vendor's format",
            f"{name} ({error})",
            "Export it again; an editor or a spreadsheet may have changed it.",
        ) from error


def open_exports(source: Path) -> list[Export]:
    """Return the exports that a path names: itself, or every zip of a folder of zips."""
    whole = Export(source)
    zips = [path for path in whole.paths if path.lower().endswith(".zip")]
    if source.is_dir() and zips and len(zips) == len(whole.paths):
        return [Export(source / path) for path in zips]
    return [whole]
