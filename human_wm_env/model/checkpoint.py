"""The checkpoint of people: the contract between training and stepping."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from human_wm_env.errors import ConfigError
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.checkpoint_folder import (
    Manifest,
    read_arrays,
    read_folder_manifest,
    write_folder,
    wrong_content,
)
from human_wm_env.person import schema

KIND = "people"
BUNDLED = Path(__file__).parent.parent / "checkpoints" / "default"


@dataclass(frozen=True)
class Checkpoint:
    """A trained world model of people, as arrays.

    Attributes:
        architecture: sizes of the nets.
        weights: flat dictionary of float32 arrays, "encoder.row.first.weight" and so on.
        weather_transitions: float32 (4, 4), the chain fitted to the training data.
        manifest: everything else that was written down.
        folder: where it was read from.
    """

    architecture: Architecture
    weights: dict[str, np.ndarray]
    weather_transitions: np.ndarray
    manifest: Manifest
    folder: Path


def save_checkpoint(
    folder: Path,
    *,
    architecture: Architecture,
    weights: Mapping[str, np.ndarray],
    weather_transitions: np.ndarray,
    details: Mapping[str, object],
) -> None:
    """Write a checkpoint folder.

    Args:
        folder: made if needed; an older checkpoint in it is replaced.
        architecture: sizes of the nets.
        weights: flat dictionary of arrays.
        weather_transitions: float32 (4, 4).
        details: JSON-able facts: command, config, data, measurements.
    """
    normaliser = {
        feature.name: {"centre": feature.centre, "scale": feature.scale}
        for feature in schema.FEATURES
        if isinstance(feature, schema.Continuous)
    }
    write_folder(
        folder,
        kind=KIND,
        schema_version=schema.SCHEMA_VERSION,
        architecture=dataclasses.asdict(architecture),
        arrays={**weights, "weather_transitions": weather_transitions},
        details={
            "features": list(schema.FEATURE_NAMES),
            "normaliser": normaliser,
            **details,
        },
    )


def load_checkpoint(folder: str | Path) -> Checkpoint:
    """Read and check a checkpoint folder.

    Raises:
        CheckpointError: missing, damaged, or of another kind, version or schema.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    weights = read_arrays(folder, manifest)
    try:
        architecture = Architecture(**manifest["architecture"])
        transitions = weights.pop("weather_transitions")
    except (ConfigError, TypeError, KeyError) as error:
        raise wrong_content(error) from error
    return Checkpoint(architecture, weights, transitions, manifest, folder)


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of a checkpoint folder, or raise CheckpointError."""
    expected = {
        "schema_version": schema.SCHEMA_VERSION,
        "features": list(schema.FEATURE_NAMES),
    }
    return read_folder_manifest(folder, KIND, expected)
