"""A folder of weights and what they are: the part of a checkpoint that any world shares.

`weights.safetensors` holds the arrays, `manifest.json` their kind, architecture, versions and
checksum. No pickle anywhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from human_wm_env.errors import CheckpointError

FORMAT_VERSION = 1
WEIGHTS_FILE, MANIFEST_FILE = "weights.safetensors", "manifest.json"
# Manifests had no kind before there were others.
FIRST_KIND = "people"
# As JSON gives it.
Manifest: TypeAlias = dict[str, Any]


def write_folder(
    folder: Path,
    *,
    kind: str,
    schema_version: int,
    architecture: Mapping[str, object],
    arrays: Mapping[str, np.ndarray],
    details: Mapping[str, object],
) -> None:
    """Write a checkpoint folder.

    Args:
        folder: made if needed; an older checkpoint in it is replaced.
        kind: what the weights are a model of.
        schema_version: of that kind's rows.
        architecture: JSON-able sizes of the nets.
        arrays: saved as float32.
        details: JSON-able facts, those that the kind needs among them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    saved = {name: np.ascontiguousarray(value, np.float32) for name, value in arrays.items()}
    save_file(saved, folder / WEIGHTS_FILE)
    manifest = {
        "kind": kind,
        "format_version": FORMAT_VERSION,
        "schema_version": schema_version,
        "architecture": dict(architecture),
        "weights_sha256": sha256(folder / WEIGHTS_FILE),
        **details,
    }
    text = json.dumps(manifest, indent=2, sort_keys=True, allow_nan=False)
    (folder / MANIFEST_FILE).write_text(text + "\n")


def read_folder_manifest(folder: Path, kind: str, expected: Mapping[str, object]) -> Manifest:
    """Read the manifest of a checkpoint folder.

    Args:
        folder: of the checkpoint.
        kind: that it has to be.
        expected: entries that must be as given.

    Raises:
        CheckpointError: missing, damaged, of another kind or version, or not as expected.
    """
    file = folder / MANIFEST_FILE
    if not file.is_file():
        raise CheckpointError(
            f"a checkpoint folder with {MANIFEST_FILE}",
            f"{folder} ({'no such folder' if not folder.is_dir() else 'no manifest in it'})",
            "Give the folder that `humanwm pretrain` wrote (runs/<name>/checkpoint).",
        )
    try:
        manifest = json.loads(file.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError("valid JSON", f"{error} in {file}", "Copy it again.") from error
    if not isinstance(manifest, dict) or "architecture" not in manifest:
        raise CheckpointError("a world model's manifest", f"{file}", "Give another folder.")
    found = manifest.get("kind", FIRST_KIND)
    if found != kind:
        raise CheckpointError(
            f"a checkpoint of kind {kind!r}",
            f"kind {found!r} in {file}",
            f"Give a folder of {kind}, or load this one with what made it.",
        )
    for key, value in {"format_version": FORMAT_VERSION, **expected}.items():
        if manifest.get(key) != value:
            raise CheckpointError(
                f"{key} {value}",
                f"{manifest.get(key)} in {file}",
                "Train the model again with this version.",
            )
    return manifest


def read_arrays(folder: Path, manifest: Manifest) -> dict[str, np.ndarray]:
    """Read the arrays of a checkpoint folder, or raise CheckpointError where damaged."""
    weights_file = folder / WEIGHTS_FILE
    if not weights_file.is_file():
        raise CheckpointError(
            f"{WEIGHTS_FILE} in the checkpoint folder",
            f"none in {folder}",
            "Copy the whole folder, or train one with `humanwm pretrain`.",
        )
    if sha256(weights_file) != manifest.get("weights_sha256"):
        raise CheckpointError(
            "weights with the checksum of the manifest",
            f"other bytes in {weights_file}",
            "The file is damaged or was replaced; copy the folder again.",
        )
    try:
        return load_file(weights_file)
    except SafetensorError as error:
        raise wrong_content(error) from error


def wrong_content(error: Exception) -> CheckpointError:
    """Return the error for a whole folder that does not hold what its kind needs."""
    return CheckpointError(
        "a checkpoint of this version", f"{type(error).__name__}: {error}", "Train it again."
    )


def sha256(file: Path) -> str:
    """Return the checksum of a file, hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
