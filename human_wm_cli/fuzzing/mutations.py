"""Random damage to the files of a folder, with their old checksums or with new ones."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from human_wm_env.files.sealed_folder import (
    MANIFEST_FILE,
    MANIFEST_SEAL,
    WEIGHTS_FILE,
    WEIGHTS_SEAL,
    manifest_seal,
)
from human_wm_env.files.tensors import (
    Arrays,
    bytes_of,
    read_sealed,
    sealed_metadata,
    tensors_of,
    write_sealed,
)

TENSORS = ".safetensors"
_WORDS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 3, 10**6, 10**30, -(10**400), 0.5, -1e300, 1e300),
    *("", "x", "film", "response", "../../..", "a\0b", "é" * 5000, [], [1, "a"], {}, {"a": None}),
    *([[[[]]]], "NaN", 2**31, 2**63, [0.0] * 3),
)
_NUMBERS = (np.nan, np.inf, -np.inf, 0.0, -1.0, 1e-30, 1e4, 1e9, 3e38, -3e38)
_DTYPES = ("f2", "f4", "f8", "i1", "i4", "i8", "u1", "u8", "?")


@dataclass(frozen=True)
class Mutation:
    """What was done.

    Attributes:
        name: of the kind of damage.
        keeps_seal: whether the checksums are the old ones; then nothing else may be accepted.
    """

    name: str
    keeps_seal: bool


def mutate(folder: Path, rng: np.random.Generator) -> Mutation:
    """Damage one file of a folder."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    file = files[rng.integers(len(files))]
    kind = rng.random()
    if kind < 0.05:
        return Mutation(_replace_by_something(file, rng), True)
    manifest = file.parent / MANIFEST_FILE
    is_tensors = file.suffix == TENSORS
    if kind < 0.35 or not (is_tensors or file == manifest):
        return Mutation(_damage_bytes(file, rng), True)
    keeps = bool(rng.random() < 0.3)
    if manifest.exists():
        return Mutation(_damage_folder(file.parent, rng, keeps), keeps)
    return Mutation(_damage_sealed(file, rng, keeps), keeps)


# Bytes ----------------------------------------------------------------------------


def _damage_bytes(file: Path, rng: np.random.Generator) -> str:
    data = file.read_bytes()
    name = str(rng.choice(["flip", "overwrite", "cut", "extend", "zero", "repeat", "digits"]))
    file.write_bytes(_damaged(name, data, rng))
    return f"bytes: {name}"


def _damaged(name: str, data: bytes, rng: np.random.Generator) -> bytes:
    """Return other bytes; half of the places are near the start, where headers are."""
    size = len(data)
    start = int(rng.integers(max(1, min(size, 300) if rng.random() < 0.5 else size)))
    length = int(rng.integers(1, 64))
    changed = bytearray(data)
    if name == "flip":
        changed[start] ^= 1 << int(rng.integers(8))
    elif name == "overwrite":
        changed[start : start + length] = rng.bytes(length)
    elif name == "cut":
        del changed[start:]
    elif name == "extend":
        changed += rng.bytes(length)
    elif name == "zero":
        changed[start : start + length] = bytes(length)
    elif name == "repeat":
        changed[start:start] = changed[start : start + length]
    else:  # a number of the text is another: sizes and offsets
        places = [place for place, byte in enumerate(data[:4096]) if 48 <= byte <= 57]
        if places:
            changed[places[rng.integers(len(places))]] = 48 + int(rng.integers(10))
    return bytes(changed)


def _replace_by_something(file: Path, rng: np.random.Generator) -> str:
    """Put something else than a regular file of reasonable size in the place of a file."""
    name = str(
        rng.choice(["missing", "fifo", "folder", "loop", "giant", "hollow", "empty", "device"])
    )
    file.unlink()
    if name == "fifo":
        os.mkfifo(file)
    elif name == "folder":
        file.mkdir()
    elif name == "loop":
        file.symlink_to(file.name)
    elif name == "device":
        file.symlink_to("/dev/zero")
    elif name != "missing":
        with file.open("wb") as stream:
            stream.truncate({"giant": 2**42, "hollow": 2**31}.get(name, 0))
    return f"file: {name}"


# Facts and arrays -----------------------------------------------------------------


def _damage_folder(folder: Path, rng: np.random.Generator, keeps: bool) -> str:
    file = folder / MANIFEST_FILE
    manifest = json.loads(file.read_text())
    weights = tensors_of((folder / WEIGHTS_FILE).read_bytes(), "")
    if rng.random() < 0.5 or not weights:
        name = _damage_facts(manifest, rng)
    else:
        name = _damage_arrays(weights, rng)
        data = bytes_of(weights)
        (folder / WEIGHTS_FILE).write_bytes(data)
        if not keeps:
            manifest[WEIGHTS_SEAL] = hashlib.sha256(data).hexdigest()
    if not keeps:
        manifest[MANIFEST_SEAL] = manifest_seal(manifest)
    file.write_text(json.dumps(manifest))
    return name


def _damage_sealed(file: Path, rng: np.random.Generator, keeps: bool) -> str:
    arrays, facts = read_sealed(file)
    before = sealed_metadata(arrays, facts)
    damage: Callable[[Any, np.random.Generator], str] = (
        _damage_facts if (rng.random() < 0.5 and facts) or not arrays else _damage_arrays
    )
    name = damage(facts if damage is _damage_facts else arrays, rng)
    if keeps:
        now = {**sealed_metadata(arrays, facts), "sha256": before["sha256"]}
        file.write_bytes(bytes_of(arrays, now))
    else:
        write_sealed(file, arrays, facts)
    return name


def _damage_facts(facts: dict[str, Any], rng: np.random.Generator) -> str:
    """Change, remove or add a value anywhere in nested facts."""
    places: list[tuple[Any, Any]] = []
    waiting: list[Any] = [facts]
    while waiting:
        inside = waiting.pop()
        keys = list(inside) if isinstance(inside, dict) else range(len(inside))
        places += [(inside, key) for key in keys]
        waiting += [inside[key] for key in keys if isinstance(inside[key], dict | list)]
    inside, key = places[rng.integers(len(places))]
    kind = rng.random()
    if kind < 0.2:
        del inside[key]
        return "facts: removed"
    if kind < 0.3 and isinstance(inside, dict):
        inside[f"{key}x"] = inside[key]
        return "facts: added"
    old = inside[key]
    if kind < 0.5 and isinstance(old, int | float) and not isinstance(old, bool):
        inside[key] = old * int(rng.integers(-2, 5)) + int(rng.integers(-1, 2))
        return "facts: another number"
    inside[key] = _WORDS[rng.integers(len(_WORDS))]
    return "facts: another value"


def _damage_arrays(arrays: Arrays, rng: np.random.Generator) -> str:
    """Change one array: its numbers, shape, dtype, name or presence."""
    name = sorted(arrays)[rng.integers(len(arrays))]
    array = arrays[name]
    kind = str(rng.choice(["number", "fill", "shape", "dtype", "remove", "add", "swap", "noise"]))
    if kind == "number" and array.size:
        changed = array.copy()
        with np.errstate(all="ignore"):
            changed.reshape(-1)[rng.integers(array.size)] = _number(array, rng)
        arrays[name] = changed
    elif kind == "fill":
        arrays[name] = np.broadcast_to(_number(array, rng), array.shape)
    elif kind == "shape":
        other = [
            array.reshape(-1),
            array[None],
            np.concatenate([array.reshape(-1)] * 2),
            array.reshape(-1)[: array.size // 2],
            array.T,
            array[..., :0] if array.ndim else array[None][:0],
            np.zeros((*array.shape, 1), array.dtype),
        ]
        arrays[name] = other[rng.integers(len(other))]
    elif kind == "dtype":
        with np.errstate(all="ignore"):
            arrays[name] = array.astype(_DTYPES[rng.integers(len(_DTYPES))])
    elif kind == "remove":
        del arrays[name]
    elif kind == "add":
        arrays[f"{name}x"] = array
    elif kind == "swap":
        other_name = sorted(arrays)[rng.integers(len(arrays))]
        arrays[name], arrays[other_name] = arrays[other_name], array
    elif array.dtype.kind == "f" and array.size:
        scale = 10.0 ** rng.integers(-3, 4)
        arrays[name] = array + (scale * rng.standard_normal(array.shape)).astype(array.dtype)
    return f"arrays: {kind}"


def _number(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an extreme number of an array's dtype."""
    if array.dtype.kind == "f":
        with np.errstate(all="ignore"):
            return np.array(_NUMBERS[rng.integers(len(_NUMBERS))]).astype(array.dtype)
    info = None if array.dtype.kind == "b" else np.iinfo(array.dtype)
    ends = (0, 1) if info is None else (0, 1, info.min, info.max)
    return np.array(ends[rng.integers(len(ends))], dtype=array.dtype)


def copy_of(source: Path, target: Path) -> Path:
    """Return a fresh copy of a folder, in place of what the last mutant left."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target
