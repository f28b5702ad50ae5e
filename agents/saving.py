"""Agents as folders: weights.safetensors and manifest.json. Loading runs no code."""

from __future__ import annotations

from pathlib import Path

from agents.protocol import Agent
from agents.registry import SAVED, as_savable
from agents.saved_folder import read_manifest, read_weights, write_folder
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.files.sealed_folder import MANIFEST_FILE
from human_wm_env.settings import path_of

# What building an agent out of settings of wrong types or sizes can raise.
_WRONG_MANIFEST = (
    *(ConfigError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError),
    *(RuntimeError, AssertionError, MemoryError),
)


def save_agent(agent: Agent, folder: Path | str) -> Path:
    """Write an agent into a folder, which is created, whole or not at all.

    Raises:
        ConfigError: the agent is of no kind that can be saved, or its nets are not those
            that its settings describe; or the folder is no path, or a file.
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
    path = path_of(folder, "the folder of an agent")
    write_folder(savable.kind, entries, arrays, path)
    return path


def load_agent(folder: Path | str) -> Agent:
    """Read an agent back; it acts as the saved one did.

    Raises:
        CheckpointError: the folder or a file is missing, damaged, of another version,
            or its manifest and weights do not fit.
    """
    path = path_of(folder, "the folder of an agent")
    manifest = read_manifest(path)
    agent = SAVED.get(str(manifest.get("algorithm")))
    if agent is None:
        raise CheckpointError(
            f"an algorithm out of {', '.join(sorted(SAVED))} in {path / MANIFEST_FILE}",
            repr(manifest.get("algorithm")),
            "The folder comes from another version; save the agent again.",
        )
    weights = read_weights(path, manifest)
    try:
        return agent.from_manifest(manifest, weights)
    except _WRONG_MANIFEST as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(
            f"a manifest in {path} that describes its weights",
            f"{type(error).__name__}: {reason}",
            "Save the agent again.",
        ) from error
