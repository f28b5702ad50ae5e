"""Agents as folders: weights.safetensors and manifest.json. Loading runs no code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from agents.protocol import Agent, Arrays, Manifest
from agents.registry import SAVED, as_savable
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.model.checkpoint_folder import sha256
from human_wm_env.person.schema import SCHEMA_VERSION

FORMAT = 1
MANIFEST, WEIGHTS = "manifest.json", "weights.safetensors"


def save_agent(agent: Agent, folder: Path | str) -> Path:
    """Write an agent into a folder, which is created.

    Raises:
        ConfigError: the agent is of no kind that can be saved, or its nets are not those
            that its settings describe.
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
    path.mkdir(parents=True, exist_ok=True)
    save_file({name: np.array(array, order="C") for name, array in arrays.items()}, path / WEIGHTS)
    manifest = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "algorithm": savable.kind,
        "weights_sha256": sha256(path / WEIGHTS),
        **entries,
    }
    text = json.dumps(manifest, indent=2, allow_nan=False)
    (path / MANIFEST).write_text(text + "\n", encoding="utf-8")
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
            f"an algorithm out of {', '.join(sorted(SAVED))} in {path / MANIFEST}",
            repr(manifest.get("algorithm")),
            "The folder comes from another version; save the agent again.",
        )
    weights = _read_weights(path, manifest)
    try:
        return agent.from_manifest(manifest, weights)
    except (ConfigError, KeyError, TypeError, ValueError, RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(
            f"a manifest in {path} that describes its weights",
            f"{type(error).__name__}: {reason}",
            "Save the agent again.",
        ) from error


def _read_manifest(path: Path) -> Manifest:
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckpointError(
            f"the folder of a saved agent, with {MANIFEST}",
            f"{path} ({type(error).__name__})",
            "Give the folder `agent` of a run of `humanwm train`.",
        ) from error
    except ValueError as error:
        raise CheckpointError(
            f"JSON in {path / MANIFEST}", str(error), "The file is damaged: save the agent again."
        ) from error
    versions = {"format": FORMAT, "schema_version": SCHEMA_VERSION}
    found = manifest if isinstance(manifest, dict) else {}
    for name, version in versions.items():
        if found.get(name) != version:
            raise CheckpointError(
                f"{name} {version} in {path / MANIFEST}",
                repr(found.get(name)),
                "The agent comes from another version: train it again.",
            )
    return found


def _read_weights(path: Path, manifest: Manifest) -> Arrays:
    file = path / WEIGHTS
    if not file.is_file():
        raise CheckpointError(f"{WEIGHTS} in {path}", "no such file", "Save the agent again.")
    if sha256(file) != manifest.get("weights_sha256"):
        raise CheckpointError(
            f"{file} with the checksum of its manifest",
            "another checksum",
            "The file is damaged or belongs to another agent: save the agent again.",
        )
    try:
        return load_file(file)
    except SafetensorError as error:
        raise CheckpointError(
            f"safetensors in {file}", str(error), "The file is damaged: save the agent again."
        ) from error
