"""The folder of a saved agent: weights.safetensors and manifest.json. Reading runs no code."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from agents.protocol import Arrays, Plain
from human_wm_env.errors import CheckpointError
from human_wm_env.files.sealed_folder import (
    MANIFEST_FILE,
    read_sealed_arrays,
    read_sealed_manifest,
    require_seal,
    write_sealed_folder,
)
from human_wm_env.person.schema import SCHEMA_VERSION

AGENT_FOLDER = "agent"  # inside a run's folder
FORMAT = 2
# Its manifests have no checksum of their own.
FIRST_FORMAT = 1
LARGEST_WEIGHT = 1e6


def folder_of(path: Path | str) -> Path:
    """Return the folder of a saved agent, given that or a run with a folder `agent` in it."""
    path = Path(path)
    inside = path / AGENT_FOLDER
    return inside if not (path / MANIFEST_FILE).is_file() and inside.is_dir() else path


def write_folder(kind: str, entries: Plain, arrays: Arrays, path: Path) -> None:
    """Write an agent into a folder, which is created, whole or not at all.

    Raises:
        CheckpointError: its numbers are not finite, or too large to be of any training.
        OSError: the folder cannot be written.
    """
    manifest = {"format": FORMAT, "schema_version": SCHEMA_VERSION, "algorithm": kind}
    _check_weights(dict(arrays), path)
    write_sealed_folder(path, arrays, {**manifest, **entries})


def read_manifest(path: Path) -> Plain:
    """Read what a folder says of its agent.

    Raises:
        CheckpointError: the folder or the file is missing, damaged or of another version.
    """
    if path.suffix == ".zip" and path.is_file():
        raise CheckpointError(
            "a folder with manifest.json",
            f"{path}, a file of stable-baselines3, which can run code when it is loaded",
            f'If you trust it: humanwm evaluate "sb3_zips={{ppo: [{path}]}}" trust_sb3_zip=true, '
            "by the name of its algorithm.",
        )
    manifest = read_sealed_manifest(
        path, made_by="Give the folder `agent` of a run of `humanwm train`."
    )
    version = manifest.get("format")
    readable = version if version == FIRST_FORMAT else FORMAT
    for name, known in {"format": readable, "schema_version": SCHEMA_VERSION}.items():
        if manifest.get(name) != known:
            raise CheckpointError(
                f"{name} {known} in {path / MANIFEST_FILE}",
                repr(manifest.get(name)),
                "The agent comes from another version: train it again.",
            )
    if version != FIRST_FORMAT:
        require_seal(manifest, path)
    return manifest


def read_weights(path: Path, manifest: Plain) -> Arrays:
    """Read the weights that belong to a manifest.

    Raises:
        CheckpointError: they are missing, damaged, or no numbers that a training leaves.
    """
    weights = read_sealed_arrays(path, manifest)
    _check_weights(weights, path)
    return weights


def _check_weights(weights: Arrays, path: Path) -> None:
    """Refuse numbers that no training leaves: NaN passes silently through every net."""
    for name, array in weights.items():
        if array.dtype.kind != "f" or not (np.abs(array) <= LARGEST_WEIGHT).all():
            raise CheckpointError(
                f"numbers from {-LARGEST_WEIGHT:g} to {LARGEST_WEIGHT:g} in {name} of {path}",
                f"dtype {array.dtype}, or NaN, infinite or larger ones",
                "The agent is damaged: copy it again, or train it anew.",
            )
