"""The paths of an export's files, packed: those of a thousand people take a megabyte or two."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import overload

_BLOCK = 1024  # paths that are packed together
_END = "\0"  # which no path has


class Listing(Sequence[str]):
    """Paths in their order, kept in compressed blocks, of which one is unpacked at a time.

    Args:
        paths: as they are to be kept; none has to be in memory with the others.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._blocks: list[bytes] = []
        self._length = 0
        rest = iter(paths)
        while some := list(islice(rest, _BLOCK)):
            text = _END.join(some).encode("utf-8", "surrogatepass")
            self._blocks.append(zlib.compress(text, 1))
            self._length += len(some)
        self._unpacked: tuple[int, list[str]] = -1, []

    def __len__(self) -> int:
        """Return the number of paths."""
        return self._length

    def __iter__(self) -> Iterator[str]:
        """Yield the paths."""
        for block in range(len(self._blocks)):
            yield from self._unpack(block)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        """Return one path, or a list of some."""
        places = range(self._length)[place]
        if isinstance(places, int):
            number, inside = divmod(places, _BLOCK)
            if self._unpacked[0] != number:
                self._unpacked = number, self._unpack(number)
            return self._unpacked[1][inside]
        return [self[one] for one in places]

    def _unpack(self, block: int) -> list[str]:
        return zlib.decompress(self._blocks[block]).decode("utf-8", "surrogatepass").split(_END)


class Part:
    """Some paths of a listing, kept as runs of their places.

    Args:
        whole: all paths; those of one folder lie beside each other.
    """

    def __init__(self, whole: Sequence[str]) -> None:
        self._whole = whole
        self._runs: list[range] = []

    def add(self, place: int) -> None:
        """Take one more path, which lies behind those taken before."""
        if self._runs and self._runs[-1].stop == place:
            self._runs[-1] = range(self._runs[-1].start, place + 1)
        else:
            self._runs.append(range(place, place + 1))

    def __iter__(self) -> Iterator[str]:
        """Yield the paths, in the order of the listing."""
        for run in self._runs:
            for place in run:
                yield self._whole[place]
