"""Nested state as safetensors and JSON: optimisers, buffers, counters. No pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from human_wm_env.errors import CheckpointError

Tree = Any  # nested dicts, lists, tuples, tensors, arrays and plain values
FORMAT = 1
TREE = "state.json"
_TENSOR, _ARRAY, _ITEMS, _TUPLE = "tensor", "array", "items", "tuple"


def save_tree(tree: Tree, folder: Path) -> None:
    """Write nested dicts, lists, tuples, tensors, arrays and plain values into a folder.

    A reader sees the state before or the state after, never half of one: the tensors go into
    a file of their own, and the JSON that names it is replaced in one step.

    Raises:
        TypeError: the tree holds something else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, torch.Tensor] = {}
    packed = _pack(tree, tensors)
    old = {file.name for file in folder.glob("tensors-*.safetensors")}
    number = 1 + max((int(name[8:-12]) for name in old), default=0)
    name = f"tensors-{number}.safetensors"
    save_file(tensors, folder / name)
    draft = folder / f".{TREE}"
    text = json.dumps({"format": FORMAT, "tensors": name, "tree": packed}, allow_nan=False)
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / TREE)
    for stale in old:
        (folder / stale).unlink(missing_ok=True)


def has_tree(folder: Path) -> bool:
    """Say whether a folder holds a state."""
    return (folder / TREE).is_file()


def load_tree(folder: Path) -> Tree:
    """Read a state back; no code can be in it.

    Raises:
        CheckpointError: missing, damaged, or of another version.
    """
    try:
        manifest = json.loads((folder / TREE).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise ValueError(f"format {manifest['format']}")
        return _unpack(manifest["tree"], load_file(folder / manifest["tensors"]))
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise CheckpointError(
            f"the state of a training in {folder}",
            f"{type(error).__name__}: {error}",
            "Start the training anew with run.overwrite=true.",
        ) from error


def _pack(value: Tree, tensors: dict[str, torch.Tensor]) -> Tree:
    if isinstance(value, torch.Tensor | np.ndarray):
        name = f"t{len(tensors)}"
        if isinstance(value, torch.Tensor):
            tensors[name] = value.detach().cpu().contiguous().clone()
            return {_TENSOR: name}
        tensors[name] = torch.from_numpy(np.array(value))
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


def _unpack(value: Tree, tensors: Mapping[str, torch.Tensor]) -> Tree:
    if isinstance(value, list):
        return [_unpack(entry, tensors) for entry in value]
    if not isinstance(value, dict):
        return value
    ((kind, inside),) = value.items()
    if kind == _TENSOR:
        return tensors[inside]
    if kind == _ARRAY:
        return tensors[inside].numpy()
    if kind == _TUPLE:
        return tuple(_unpack(entry, tensors) for entry in inside)
    return {key: _unpack(entry, tensors) for key, entry in inside}
