"""The checkpoint of a vector world model: the contract between training and stepping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.model.checkpoint_folder import (
    Manifest,
    read_arrays,
    read_folder_manifest,
    write_folder,
    wrong_content,
)
from human_wm_env.settings import path_of
from human_wm_env.vector_dream.architecture import VectorArchitecture, expected_shapes
from human_wm_env.vector_dream.task import Task

KIND = "vector"
MODEL_VERSION = 1


@dataclass(frozen=True)
class VectorCheckpoint:
    """A trained world model of an environment, as arrays.

    Attributes:
        task: the environment.
        architecture: sizes of the nets.
        weights: flat dictionary of float32 arrays.
        starts: float32 (starts, width), first observations that dreams begin with.
        terminates: whether any collected episode was ended by the environment; if not, no
            dream ends before its time limit.
        manifest: everything else that was written down.
    """

    task: Task
    architecture: VectorArchitecture
    weights: dict[str, np.ndarray]
    starts: np.ndarray
    terminates: bool
    manifest: Manifest


def save_vector_checkpoint(
    folder: Path,
    *,
    task: Task,
    architecture: VectorArchitecture,
    weights: Mapping[str, np.ndarray],
    starts: np.ndarray,
    terminates: bool,
    details: Mapping[str, object],
) -> None:
    """Write a checkpoint folder, whole or not at all; see `VectorCheckpoint`.

    Args:
        folder: an older checkpoint in it is replaced.
        task: the environment.
        architecture: sizes of the nets.
        weights: all arrays of `expected_shapes`.
        starts: float32 (starts, width).
        terminates: whether episodes may end before the time limit.
        details: JSON-able facts for the manifest.
    """
    write_folder(
        folder,
        kind=KIND,
        schema_version=MODEL_VERSION,
        architecture=asdict(architecture),
        arrays={**weights, "starts": starts},
        details={**details, "task": task.to_json(), "terminates": terminates},
    )


def as_checkpoint(source: str | Path | VectorCheckpoint) -> VectorCheckpoint:
    """Return a checkpoint, read from its folder if need be."""
    return source if isinstance(source, VectorCheckpoint) else load_vector_checkpoint(source)


def load_vector_checkpoint(folder: str | Path) -> VectorCheckpoint:
    """Read and check a checkpoint folder.

    Raises:
        CheckpointError: missing, damaged, of another kind (such as people) or version.
    """
    folder = path_of(folder, "the world_model of WorldModelDream-v0")
    manifest = read_folder_manifest(folder, KIND, {"schema_version": MODEL_VERSION})
    weights = read_arrays(folder, manifest)
    try:
        architecture = VectorArchitecture(**manifest["architecture"])
        task = Task.from_json(manifest["task"])
        starts, terminates = weights.pop("starts"), bool(manifest["terminates"])
    except (ConfigError, TypeError, KeyError) as error:
        raise wrong_content(error) from error
    received = {name: tuple(array.shape) for name, array in weights.items()}
    expected = expected_shapes(architecture)
    wrong = sorted(
        name
        for name in expected.keys() | received.keys()
        if expected.get(name) != received.get(name)
    )
    if wrong or starts.shape[1:] != (task.observation_width,) or len(starts) == 0:
        raise CheckpointError(
            "weights of the architecture in the manifest, and starts",
            f"others: {', '.join(wrong) or 'starts'}",
            "The checkpoint is damaged or of another version: train it again.",
        )
    if not all(np.isfinite(array).all() for array in (*weights.values(), starts)):
        raise CheckpointError("finite weights", "NaN or infinity", "Train it again.")
    return VectorCheckpoint(task, architecture, weights, starts, terminates, manifest)
