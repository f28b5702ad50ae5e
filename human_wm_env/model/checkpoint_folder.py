"""A folder of weights and what they are: the part of a checkpoint that any world shares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from human_wm_env.errors import CheckpointError
from human_wm_env.files.sealed_folder import (
    MOST_WEIGHT_BYTES,
    Manifest,
    read_sealed_arrays,
    read_sealed_manifest,
    require_seal,
    write_sealed_folder,
)

FORMAT_VERSION = 2
# Its manifests have no checksum of their own.
FIRST_FORMAT = 1
# Manifests had no kind before there were others.
FIRST_KIND = "people"


def write_folder(
    folder: Path,
    *,
    kind: str,
    schema_version: int,
    architecture: Mapping[str, object],
    arrays: Mapping[str, np.ndarray],
    details: Mapping[str, object],
) -> None:
    """Write a checkpoint folder, whole or not at all.

    Args:
        folder: made if needed; an older checkpoint in it is replaced.
        kind: what the weights are a model of.
        schema_version: of that kind's rows.
        architecture: JSON-able sizes of the nets.
        arrays: saved as float32.
        details: JSON-able facts, those that the kind needs among them.

    Raises:
        OSError: it cannot be written.
    """
    saved = {name: np.ascontiguousarray(value, np.float32) for name, value in arrays.items()}
    manifest = {
        "kind": kind,
        "format_version": FORMAT_VERSION,
        "schema_version": schema_version,
        "architecture": dict(architecture),
        **details,
    }
    write_sealed_folder(folder, saved, manifest)


def read_folder_manifest(folder: Path, kind: str, expected: Mapping[str, object]) -> Manifest:
    """Read the manifest of a checkpoint folder.

    Args:
        folder: of the checkpoint.
        kind: that it has to be.
        expected: entries that must be as given.

    Raises:
        CheckpointError: missing, damaged, of another kind or version, or not as expected.
    """
    manifest = read_sealed_manifest(
        folder, made_by="Give the folder that `humanwm pretrain` wrote (runs/<name>/checkpoint)."
    )
    if "architecture" not in manifest:
        raise CheckpointError("a world model's manifest", f"{folder}", "Give another folder.")
    found = manifest.get("kind", FIRST_KIND)
    if found != kind:
        raise CheckpointError(
            f"a checkpoint of kind {kind!r}",
            f"kind {found!r} in {folder}",
            f"Give a folder of {kind}, or load this one with what made it.",
        )
    version = manifest.get("format_version")
    readable = version if version == FIRST_FORMAT else FORMAT_VERSION
    for key, value in {"format_version": readable, **expected}.items():
        if manifest.get(key) != value:
            raise CheckpointError(
                f"{key} {value}",
                f"{manifest.get(key)} in {folder}",
                "Train the model again with this version.",
            )
    if version != FIRST_FORMAT:
        require_seal(manifest, folder)
    return manifest


def read_arrays(
    folder: Path, manifest: Manifest, most: int = MOST_WEIGHT_BYTES
) -> dict[str, np.ndarray]:
    """Read the arrays of a checkpoint folder, of at most so many bytes.

    Raises:
        CheckpointError: missing, damaged, or larger.
    """
    return read_sealed_arrays(folder, manifest, most)


def wrong_content(error: Exception) -> CheckpointError:
    """Return the error for a whole folder that does not hold what its kind needs."""
    return CheckpointError(
        "a checkpoint of this version", f"{type(error).__name__}: {error}", "Train it again."
    )
