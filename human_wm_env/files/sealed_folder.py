"""A folder of arrays and what they are: `weights.safetensors` and `manifest.json`, no pickle.

The manifest holds the checksum of the weights and, since format 2, one of itself. Checkpoints and
saved agents are such folders.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.files.reading import read_bytes, read_json
from human_wm_env.files.tensors import Arrays, bytes_of, tensors_of
from human_wm_env.files.writing import whole_folder, write_whole

WEIGHTS_FILE, MANIFEST_FILE = "weights.safetensors", "manifest.json"
WEIGHTS_SEAL, MANIFEST_SEAL = "weights_sha256", "manifest_sha256"
MOST_WEIGHT_BYTES = 2**28
# As JSON gives it.
Manifest: TypeAlias = dict[str, Any]
_REMEDY = "The file is damaged or was replaced; copy the folder again, or make it anew."


def write_sealed_folder(
    folder: Path, arrays: Mapping[str, np.ndarray], manifest: Mapping[str, object]
) -> None:
    """Write a folder, whole or not at all; in one that holds other things, file by file.

    Args:
        folder: made if needed.
        arrays: as they are to be read.
        manifest: JSON-able facts; the checksums are added.

    Raises:
        ConfigError: a file has its name.
        OSError: it cannot be written.
        ValueError: NaN or infinity in the manifest.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(
            "the path of a folder", f"{folder}, which is a file", "Choose another, or move it."
        )
    weights = bytes_of(arrays)
    sealed = {**manifest, WEIGHTS_SEAL: hashlib.sha256(weights).hexdigest()}
    sealed[MANIFEST_SEAL] = manifest_seal(sealed)
    text = json.dumps(sealed, indent=2, sort_keys=True, allow_nan=False)
    files = {WEIGHTS_FILE: weights, MANIFEST_FILE: f"{text}\n".encode()}
    if folder.is_dir() and any(folder.iterdir()):
        for name, data in files.items():
            write_whole(folder / name, data)
        return
    with whole_folder(folder) as draft:
        for name, data in files.items():
            (draft / name).write_bytes(data)


def read_sealed_manifest(folder: Path, *, made_by: str) -> Manifest:
    """Read the manifest of a folder.

    Args:
        folder: that `write_sealed_folder` wrote.
        made_by: where such a folder comes from, as a sentence.

    Raises:
        CheckpointError: missing, damaged, or not as it was written.
    """
    file = folder / MANIFEST_FILE
    if not folder.is_dir() or not file.exists():
        what = "no such folder" if not folder.is_dir() else "no manifest in it"
        raise CheckpointError(f"a folder with {MANIFEST_FILE}", f"{folder} ({what})", made_by)
    manifest = read_json(file)
    if not isinstance(manifest, dict):
        raise CheckpointError(f"a manifest in {file}", type(manifest).__name__, made_by)
    if MANIFEST_SEAL in manifest and manifest[MANIFEST_SEAL] != manifest_seal(manifest):
        raise CheckpointError(f"{file} as it was written", "another checksum", _REMEDY)
    return manifest


def require_seal(manifest: Manifest, folder: Path) -> None:
    """Raise CheckpointError where a manifest has no checksum of itself."""
    if MANIFEST_SEAL not in manifest:
        raise CheckpointError(f"{MANIFEST_SEAL} in the manifest", f"none in {folder}", _REMEDY)


def read_sealed_arrays(folder: Path, manifest: Manifest, most: int = MOST_WEIGHT_BYTES) -> Arrays:
    """Read the arrays of a folder.

    Args:
        folder: that `write_sealed_folder` wrote.
        manifest: its own.
        most: bytes that they may have.

    Raises:
        CheckpointError: missing, damaged, or other than the manifest says.
    """
    file = folder / WEIGHTS_FILE
    if not file.exists():
        raise CheckpointError(f"{WEIGHTS_FILE} in the folder", f"none in {folder}", _REMEDY)
    data = read_bytes(file, most)
    if hashlib.sha256(data).hexdigest() != manifest.get(WEIGHTS_SEAL):
        raise CheckpointError(
            "weights with the checksum of the manifest", f"other bytes in {file}", _REMEDY
        )
    return tensors_of(data, str(file))


def manifest_seal(manifest: Mapping[str, object]) -> str:
    """Return the checksum of a manifest, hexadecimal, but for its own entry."""
    facts = {name: value for name, value in manifest.items() if name != MANIFEST_SEAL}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
