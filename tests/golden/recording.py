"""Arrays of a case: put together, thinned for the file, compared, and as one digest.

Nothing here knows the project.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
RTOL, ATOL = 1e-4, 1e-5
TOTAL, SHAPE, INDEX = "#total", "#shape", "index"


class Recorder:
    """Collects what an environment returns, day by day."""

    def __init__(self) -> None:
        self._days: dict[str, list[np.ndarray]] = {}

    def add(self, name: str, value: Any) -> None:
        """Add a value of one day: an array, a number, a text, or a dictionary of them."""
        if isinstance(value, Mapping):
            for key, part in value.items():
                self.add(f"{name}.{key}", part)
            return
        array = np.array(value)
        if array.dtype == object:  # one entry a slot, None where there is nothing
            for part in array.ravel():
                if part is not None:
                    self.add(name, part)
            return
        self._days.setdefault(name, []).append(array)

    def arrays(self) -> Arrays:
        """Return one array a name, the days first."""
        return {name: np.stack(days) for name, days in self._days.items()}


def pack(tree: Any) -> Arrays:
    """Return the numbers of a nested report as arrays, each with the names of its entries."""
    packed: dict[str, dict[str, Any]] = {"floats": {}, "integers": {}}

    def walk(name: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, part in value.items():
                walk(f"{name}.{key}", part)
        elif isinstance(value, list | tuple | np.ndarray):
            for position, part in enumerate(value):
                walk(f"{name}.{position}", part)
        elif isinstance(value, bool | int | np.integer):
            packed["integers"][name] = int(value)
        elif isinstance(value, float | np.floating):
            packed["floats"][name] = float(value)

    walk("", tree)
    floats, integers = packed["floats"], packed["integers"]
    return {
        "floats": np.array(list(floats.values()), dtype=np.float64),
        "floats.names": np.array(list(floats), dtype=np.str_),
        "integers": np.array(list(integers.values()), dtype=np.int64),
        "integers.names": np.array(list(integers), dtype=np.str_),
    }


def thin(arrays: Mapping[str, np.ndarray], keep: int) -> Arrays:
    """Return what is stored: of a large array, evenly spaced entries, its shape and its totals.

    Args:
        arrays: of a case.
        keep: arrays with more entries are thinned to about as many.
    """
    thinned: Arrays = {}
    for name, array in arrays.items():
        if array.size <= keep or (array.dtype.kind == "U" and name.endswith(".names")):
            thinned[name] = array
            continue
        thinned[name] = array.ravel()[:: _stride(array.shape, keep)]
        thinned[name + SHAPE] = np.array(array.shape)
        if array.dtype.kind == "f":
            exact = array.astype(np.float64)
            signs = [np.nansum(exact[exact > 0]), np.nansum(exact[exact < 0])]
            thinned[name + TOTAL] = np.array(signs)
        elif array.dtype.kind != "U":
            thinned[name + TOTAL] = np.array([array.sum(dtype=np.int64)])
    return thinned


def _stride(shape: tuple[int, ...], keep: int) -> int:
    """Return a prime that divides no dimension, so that every column is met."""
    stride = -(-int(np.prod(shape)) // keep)
    while any(stride % d == 0 for d in range(2, stride)) or any(n % stride == 0 for n in shape):
        stride += 1
    return stride


def to_file(file: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays end to end, those of one type together: an entry of a .npz costs 250 bytes."""
    joined: dict[str, list[np.ndarray]] = {}
    index = []
    for name, array in arrays.items():
        joined.setdefault(array.dtype.str, []).append(array.ravel())
        index.append([name, array.dtype.str, array.shape])
    text = np.frombuffer(json.dumps(index).encode(), dtype=np.uint8)
    parts = {kind: np.concatenate(flat) for kind, flat in joined.items()}
    np.savez_compressed(file, allow_pickle=False, **{INDEX: text}, **parts)


def from_file(file: Path) -> Arrays:
    """Read what `to_file` wrote."""
    with np.load(file, allow_pickle=False) as parts:
        left = {kind: parts[kind] for kind in parts.files}
    arrays: Arrays = {}
    for name, kind, shape in json.loads(left.pop(INDEX).tobytes()):
        size = math.prod(shape)
        arrays[name], left[kind] = left[kind][:size].reshape(shape), left[kind][size:]
    return arrays


def differences(found: Mapping[str, np.ndarray], stored: Mapping[str, np.ndarray]) -> list[str]:
    """Return a line for each array that is not as stored: floats nearly, all else exactly."""
    lines = [f"{name}: stored, but not made" for name in sorted(stored.keys() - found.keys())]
    lines += [f"{name}: made, but not stored" for name in sorted(found.keys() - stored.keys())]
    for name in sorted(found.keys() & stored.keys()):
        now, before = found[name], stored[name]
        kinds = now.dtype.kind, before.dtype.kind
        if now.shape != before.shape or kinds[0] != kinds[1]:
            difference = f"{now.dtype} {now.shape}, stored {before.dtype} {before.shape}"
            lines.append(f"{name}: {difference}")
            continue
        if kinds[0] == "f":
            same = np.isclose(now, before, rtol=RTOL, atol=ATOL, equal_nan=True)
            same &= np.array(now.dtype == before.dtype)
        else:
            same = now == before
        if not np.all(same):
            at = tuple(int(i) for i in np.argwhere(~np.atleast_1d(same))[0])
            one, other = np.atleast_1d(now)[at], np.atleast_1d(before)[at]
            wrong = int((~same).sum())
            lines.append(
                f"{name}: {wrong} of {same.size} entries, at {at} {one}, stored {other}"
                + (f" ({found[name + '.names'][at]})" if name + ".names" in found else "")
            )
    return lines


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """Return a hash of every bit of the arrays."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
    return total.hexdigest()
