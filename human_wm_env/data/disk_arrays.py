"""Arrays that are too large for the memory: written to a file once, read a part at a time.

The file has no name and is gone with the last array that is mapped from it, or with the process.
Pages that were read count as memory of the process until they are let go: who reads a part copies
it, and calls `let_go`.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, Self, cast

import numpy as np

from human_wm_env.errors import DataError
from human_wm_env.files.cache import CACHE_VARIABLE

PEOPLE_TOGETHER = 256


class DiskArray:
    """An array that is written a row at a time, in any order, and then mapped.

    A context: at its end nothing more can be written, and what was mapped stays.

    Args:
        shape: of the array; its first axis are the rows.
        dtype: of its elements.
        folder: where the file lies; None leaves it to the system.

    Raises:
        DataError: there is no room for it.
    """

    def __init__(self, shape: tuple[int, ...], dtype: type, folder: str | None = None) -> None:
        self._shape, self._dtype, self._folder = shape, np.dtype(dtype), folder
        self._row_bytes = self._dtype.itemsize * int(np.prod(shape[1:]))
        try:
            self._file = cast(
                "BinaryIO",
                tempfile.TemporaryFile(dir=folder, buffering=0),  # noqa: SIM115
            )
            self._file.truncate(shape[0] * self._row_bytes)
        except OSError as error:
            raise self._no_room(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, first: int, rows: np.ndarray) -> None:
        """Write whole rows from position `first` on.

        Raises:
            DataError: there is no room for them.
        """
        whole = np.ascontiguousarray(rows, dtype=self._dtype)
        try:
            self._file.seek(first * self._row_bytes)
            left = memoryview(whole.data).cast("B")
            while left:  # an unbuffered file may take less than it is given
                left = left[self._file.write(left) :]
        except OSError as error:
            raise self._no_room(error) from error

    def mapped(self) -> np.ndarray:
        """Return the array, read-only; rows that were not written are 0."""
        return np.memmap(self._file, dtype=self._dtype, mode="r", shape=self._shape)

    def _no_room(self, error: OSError) -> DataError:
        size = self._shape[0] * self._row_bytes / 1e9
        return DataError(
            f"room for {size:.1f} GB of large data in {self._folder or 'the temporary files'}",
            f"{error.strerror or error}",
            f"Make room, or let {CACHE_VARIABLE} name a folder on a larger disk.",
        )


def let_go(*arrays: np.ndarray) -> None:
    """Give back the memory of what was read of mapped arrays; of others nothing happens."""
    for array in arrays:
        pages = getattr(array, "_mmap", None)
        if pages is not None and hasattr(mmap, "MADV_DONTNEED"):
            pages.madvise(mmap.MADV_DONTNEED)


def is_mapped(array: np.ndarray) -> bool:
    """Return whether an array lies in a file."""
    return getattr(array, "_mmap", None) is not None


def in_parts(people: int, together: int | None = None) -> Iterator[slice]:
    """Yield slices of at most `together` people, in order; None takes `PEOPLE_TOGETHER`."""
    together = together or PEOPLE_TOGETHER
    for first in range(0, people, together):
        yield slice(first, min(first + together, people))
