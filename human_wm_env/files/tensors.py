"""Arrays by name in safetensors; a sealed file also holds facts and the checksum of all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from human_wm_env.errors import CheckpointError
from human_wm_env.files.reading import parse_json, read_bytes
from human_wm_env.files.writing import write_whole

Arrays = dict[str, np.ndarray]
MOST_TENSOR_BYTES = 2**32
_LENGTH_BYTES = 8
_FACTS, _SEAL = "facts", "sha256"
_DAMAGED = "The file is damaged: copy it again, or delete it and make it anew."


def tensors_of(data: bytes, place: str) -> Arrays:
    """Return the arrays of a safetensors file.

    Args:
        data: its bytes.
        place: where they come from, for the message.

    Raises:
        CheckpointError: damaged, or of a dtype that NumPy does not have.
    """
    try:
        return load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"safetensors in {place}", f"{type(error).__name__}: {error}", _DAMAGED
        ) from error


def bytes_of(arrays: Mapping[str, np.ndarray], metadata: dict[str, str] | None = None) -> bytes:
    """Return arrays as a safetensors file."""
    whole = {name: np.array(array, order="C") for name, array in arrays.items()}
    return save(whole, metadata)


def write_sealed(file: Path, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
    """Write arrays and JSON-able facts into one file, whole or not at all.

    Raises:
        OSError: it cannot be written.
        ValueError: NaN or infinity among the facts.
    """
    write_whole(file, bytes_of(arrays, sealed_metadata(arrays, facts)))


def sealed_metadata(arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts as JSON, and the checksum of them and the arrays."""
    text = json.dumps(facts, allow_nan=False)
    return {_FACTS: text, _SEAL: _seal(arrays, text)}


def read_sealed(file: Path, most: int = MOST_TENSOR_BYTES) -> tuple[Arrays, dict[str, Any]]:
    """Return the arrays and the facts of a file that `write_sealed` wrote.

    Args:
        file: to be read.
        most: bytes that it may have.

    Raises:
        CheckpointError: missing, damaged, or without a seal.
    """
    data = read_bytes(file, most)
    arrays = tensors_of(data, str(file))
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    header = parse_json(data[_LENGTH_BYTES : _LENGTH_BYTES + length], str(file))
    found = header.get("__metadata__") if isinstance(header, dict) else None
    metadata = found if isinstance(found, dict) else {}
    text = str(metadata.get(_FACTS))
    if metadata.get(_SEAL) != _seal(arrays, text):
        raise CheckpointError(f"{file} with its own checksum", "another checksum", _DAMAGED)
    facts = parse_json(text.encode(), str(file))
    if not isinstance(facts, dict):
        raise CheckpointError(f"facts by name in {file}", type(facts).__name__, _DAMAGED)
    return arrays, facts


def _seal(arrays: Mapping[str, np.ndarray], facts: str) -> str:
    digest = hashlib.sha256(facts.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"\0{name} {array.dtype.str} {np.shape(arrays[name])}\0".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
