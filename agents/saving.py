"""Agents as folders: weights.safetensors and manifest.json. Loading runs no code."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from agents.protocol import Agent, Arrays, Plain
from agents.registry import SAVED, as_savable
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.files.sealed_folder import (
    MANIFEST_FILE,
    read_sealed_arrays,
    read_sealed_manifest,
    require_seal,
    write_sealed_folder,
)
from human_wm_env.person.schema import SCHEMA_VERSION

FORMAT = 2
# Its manifests have no checksum of their own.
FIRST_FORMAT = 1
LARGEST_WEIGHT = 1e6
# What building an agent out of settings of wrong types or sizes can raise.
_WRONG_MANIFEST = (
    *(ConfigError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError),
    *(RuntimeError, AssertionError, MemoryError),
)


def save_agent(agent: Agent, folder: Path | str) -> Path:
    """Write an agent into a folder, which is created, whole or not at all.

    Raises:
        ConfigError: the agent is of no kind that can be saved, or its nets are not those
            that its settings describe.
        CheckpointError: its numbers are not finite, or too large to be of any training.
        OSError: the folder cannot be written.
    """
    savable = as_savable(agent)
    if savable is None:
        raise ConfigError(
            f"an agent out of {', '.join(sorted(SAVED))}",
            type(agent).__name__,
            "Add its class to ALGORITHMS in agents/registry.py.",
        )
    entries, arrays = savable.to_manifest()
    path = Path(folder)
    manifest = {"format": FORMAT, "schema_version": SCHEMA_VERSION, "algorithm": savable.kind}
    _check_weights(dict(arrays), path)
    write_sealed_folder(path, arrays, {**manifest, **entries})
    return path


def load_agent(folder: Path | str) -> Agent:
    """Read an agent back; it acts as the saved one did.

    Raises:
        CheckpointError: the folder or a file is missing, damaged, of another version,
            or its manifest and weights do not fit.
    """
    path = Path(folder)
    manifest = _read_manifest(path)
    agent = SAVED.get(str(manifest.get("algorithm")))
    if agent is None:
        raise CheckpointError(
            f"an algorithm out of {', '.join(sorted(SAVED))} in {path / MANIFEST_FILE}",
            repr(manifest.get("algorithm")),
            "The folder comes from another version; save the agent again.",
        )
    weights = read_sealed_arrays(path, manifest)
    _check_weights(weights, path)
    try:
        return agent.from_manifest(manifest, weights)
    except _WRONG_MANIFEST as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(
            f"a manifest in {path} that describes its weights",
            f"{type(error).__name__}: {reason}",
            "Save the agent again.",
        ) from error


def _read_manifest(path: Path) -> Plain:
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


def _check_weights(weights: Arrays, path: Path) -> None:
    """Refuse numbers that no training leaves: NaN passes silently through every net."""
    for name, array in weights.items():
        if array.dtype.kind != "f" or not (np.abs(array) <= LARGEST_WEIGHT).all():
            raise CheckpointError(
                f"numbers from {-LARGEST_WEIGHT:g} to {LARGEST_WEIGHT:g} in {name} of {path}",
                f"dtype {array.dtype}, or NaN, infinite or larger ones",
                "The agent is damaged: copy it again, or train it anew.",
            )
