"""Nested state as one sealed file: optimisers, buffers, counters. No pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from human_wm_env.errors import CheckpointError
from human_wm_env.files.tensors import Arrays, read_sealed, write_sealed

Tree = Any  # nested dicts, lists, tuples, tensors, arrays and plain values
FORMAT = 2
TREE = "state.safetensors"
_TENSOR, _ARRAY, _ITEMS, _TUPLE = "tensor", "array", "items", "tuple"


def save_tree(tree: Tree, folder: Path) -> None:
    """Write nested dicts, lists, tuples, tensors, arrays and plain values into a folder.

    A reader sees the state before or the state after, never half of one.

    Raises:
        TypeError: the tree holds something else.
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays: Arrays = {}
    packed = _pack(tree, arrays)
    write_sealed(folder / TREE, arrays, {"format": FORMAT, "tree": packed})


def has_tree(folder: Path) -> bool:
    """Say whether a folder holds a state."""
    return os.path.lexists(folder / TREE)  # a link that leads nowhere is a damaged one


def load_tree(folder: Path) -> Tree:
    """Read a state back; no code can be in it.

    Raises:
        CheckpointError: missing, damaged, or of another version.
    """
    try:
        arrays, facts = read_sealed(folder / TREE)
        if facts.get("format") != FORMAT:
            raise ValueError(f"format {facts.get('format')}")
        return _unpack(facts["tree"], arrays)
    except (CheckpointError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"the state of a training in {folder}",
            f"{type(error).__name__}: {error}",
            "Start the training anew with run.overwrite=true.",
        ) from error


def check_like(kept: Tree, like: Tree, place: str) -> None:
    """Check that a tree is built as another one and holds finite numbers.

    Raises:
        ValueError: other names, lengths, types, dtypes or shapes; NaN or infinity. `place` is
            what the tree is called there.
    """
    if isinstance(like, torch.Tensor | np.ndarray):
        same = type(kept) is type(like) and kept.dtype == like.dtype and kept.shape == like.shape
        if not same or not np.isfinite(np.asarray(kept)).all():
            raise ValueError(f"{place} is not {like.dtype} {tuple(like.shape)}, finite")
    elif isinstance(like, Mapping):
        if not isinstance(kept, dict) or kept.keys() != like.keys():
            raise ValueError(f"{place} has not the entries {sorted(map(str, like))}")
        for name, value in like.items():
            check_like(kept[name], value, f"{place}.{name}")
    elif isinstance(like, list | tuple):
        if type(kept) is not type(like) or len(kept) != len(like):
            raise ValueError(f"{place} has not {len(like)} entries")
        for number, value in enumerate(like):
            check_like(kept[number], value, f"{place}.{number}")
    elif type(kept) is not type(like) and not (type(like) is float and type(kept) is int):
        raise ValueError(f"{place} is no {type(like).__name__}")


def _pack(value: Tree, tensors: Arrays) -> Tree:
    if isinstance(value, torch.Tensor | np.ndarray):
        name = f"t{len(tensors)}"
        if isinstance(value, torch.Tensor):
            tensors[name] = value.detach().cpu().numpy()
            return {_TENSOR: name}
        tensors[name] = value
        return {_ARRAY: name}
    if isinstance(value, Mapping):
        return {_ITEMS: [[key, _pack(entry, tensors)] for key, entry in value.items()]}
    if isinstance(value, tuple):
        return {_TUPLE: [_pack(entry, tensors) for entry in value]}
    if isinstance(value, list):
        return [_pack(entry, tensors) for entry in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} cannot be kept without pickle")


def _unpack(value: Tree, tensors: Arrays) -> Tree:
    if isinstance(value, list):
        return [_unpack(entry, tensors) for entry in value]
    if not isinstance(value, dict):
        return value
    ((kind, inside),) = value.items()
    if kind == _TENSOR:
        return torch.from_numpy(tensors[inside])
    if kind == _ARRAY:
        return tensors[inside]
    if kind == _TUPLE:
        return tuple(_unpack(entry, tensors) for entry in inside)
    return {key: _unpack(entry, tensors) for key, entry in inside}
