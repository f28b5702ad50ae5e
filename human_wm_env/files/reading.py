"""The one way in which files are opened: regular ones, of bounded size; JSON without surprises."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import NoReturn

from human_wm_env.errors import CheckpointError, HumanWMError

MOST_JSON_BYTES = 16 * 2**20
# Deeper nesting than any file of ours; Python itself stops at some 1000.
MOST_JSON_DEPTH = 64
# A larger file that takes this part of its size on the disk is mostly holes, not compressed.
_SMALL_BYTES, _SPARSE = 2**24, 16
_DAMAGED = "The file is damaged: copy it again, or make it anew."


@contextlib.contextmanager
def open_regular(
    file: Path, most: int, error: type[HumanWMError] = CheckpointError
) -> Iterator[BufferedReader]:
    """Open a file whose kind and size are known before anything is read.

    A FIFO would wait for ever, a device or a sparse file could fill the memory.

    Args:
        file: to be read.
        most: bytes that it may have.
        error: what is raised.

    Raises:
        HumanWMError: of the class `error`: no such file, no regular file, a larger one, or one
            that cannot be read to its end.
    """
    # O_NONBLOCK: to open a FIFO does not wait for a writer. Windows has no such flag.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(file, flags)
    except (OSError, ValueError) as failed:  # ValueError: a zero byte in the path
        raise _unreadable(file, failed, error) from failed
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise error("a regular file", f"{file}, which is none", "Give another path.")
    with os.fdopen(handle, "rb") as stream:
        if found.st_size > most:
            raise error(
                f"a file of at most {most:,} bytes",
                f"{found.st_size:,} in {file}",
                "It is not what it should be: give another file.",
            )
        if found.st_size > _SMALL_BYTES and _SPARSE * _held(found) < found.st_size:
            raise error(
                "a file whose bytes are on the disk",
                f"{file}, most of which is a hole",
                "It was cut off while it was written: copy it again.",
            )
        try:
            yield stream
        except OSError as failed:
            raise _unreadable(file, failed, error) from failed


def _held(found: os.stat_result) -> int:
    """Return the bytes that a file takes on the disk, where the system tells."""
    return 512 * getattr(found, "st_blocks", found.st_size)


def _unreadable(file: Path, failed: Exception, error: type[HumanWMError]) -> HumanWMError:
    reason = getattr(failed, "strerror", None) or type(failed).__name__
    return error("a file that can be read", f"{file} ({reason})", "Check the path.")


def read_bytes(file: Path, most: int, error: type[HumanWMError] = CheckpointError) -> bytes:
    """Return what a file holds, at most so many bytes; see `open_regular`."""
    with open_regular(file, most, error) as stream:
        return stream.read(os.fstat(stream.fileno()).st_size)


def file_digest(file: Path, most: int) -> str:
    """Return the SHA-256 of a file of at most so many bytes; see `open_regular`."""
    with open_regular(file, most) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_json(file: Path, error: type[HumanWMError] = CheckpointError) -> object:
    """Return the value in a JSON file; see `parse_json`.

    Raises:
        HumanWMError: of the class `error`: see `read_bytes` and `parse_json`.
    """
    return parse_json(read_bytes(file, MOST_JSON_BYTES, error), str(file), error)


def parse_json(data: bytes, place: str, error: type[HumanWMError] = CheckpointError) -> object:
    """Return the value that JSON stands for: finite numbers, text that UTF-8 can hold.

    Args:
        data: the JSON.
        place: where it comes from, for the message.
        error: what is raised.

    Raises:
        HumanWMError: of the class `error`: no JSON, or NaN, infinity, half a surrogate pair, or
            nesting deeper than MOST_JSON_DEPTH in it.
    """
    try:
        value = json.loads(data.decode(), parse_constant=_refuse, parse_float=_finite)
        if _depth(value) > MOST_JSON_DEPTH:
            raise ValueError(f"nested deeper than {MOST_JSON_DEPTH}")
        for text in _texts(value) if b"\\u" in data else ():
            text.encode()
    except (ValueError, RecursionError) as failed:
        raise error("valid JSON", f"{failed} in {place}", _DAMAGED) from failed
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name}, which is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]}, which is too large")
    return value


def _depth(value: object) -> int:
    """Return how many lists and mappings stand in each other, counted up to the limit."""
    depth, level = -1, [value]
    while level and depth <= MOST_JSON_DEPTH:
        level = [inner for each in level for inner in _inside(each)]
        depth += 1
    return depth


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            yield from each
        waiting.extend(_inside(each))


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
