"""The checkpoint of people: the contract between training and stepping."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from human_wm_env.errors import ConfigError
from human_wm_env.files.sealed_folder import Manifest
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.checkpoint_folder import (
    read_arrays,
    read_folder_manifest,
    write_folder,
    wrong_content,
)
from human_wm_env.model.weights import WEATHER, byte_size, check_weights
from human_wm_env.person import schema
from human_wm_env.response.arrays import as_today

KIND = "people"
NORMALISER = {
    feature.name: {"centre": feature.centre, "scale": feature.scale}
    for feature in schema.FEATURES
    if isinstance(feature, schema.Continuous)
}
# Names and shapes beside the numbers of the arrays.
_MOST_HEADER_BYTES = 2**20
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

    Raises:
        CheckpointError: arrays that are not those of the architecture, see `check_weights`.
    """

    architecture: Architecture
    weights: dict[str, np.ndarray]
    weather_transitions: np.ndarray
    manifest: Manifest
    folder: Path

    def __post_init__(self) -> None:
        check_weights(self.architecture, self.weights, self.weather_transitions)


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

    Raises:
        CheckpointError: arrays that could not be loaded, see `check_weights`.
        OSError: the folder cannot be written.
    """
    weights = {name: np.asarray(value, np.float32) for name, value in weights.items()}
    weather_transitions = np.asarray(weather_transitions, np.float32)
    check_weights(architecture, weights, weather_transitions)
    write_folder(
        folder,
        kind=KIND,
        schema_version=schema.SCHEMA_VERSION,
        architecture=dataclasses.asdict(architecture),
        arrays={**weights, WEATHER: weather_transitions},
        details={
            "features": list(schema.FEATURE_NAMES),
            "normaliser": NORMALISER,
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
    try:
        architecture = Architecture.of_manifest(manifest["architecture"])
    except (ConfigError, TypeError) as error:
        raise wrong_content(error) from error
    weights = as_today(read_arrays(folder, manifest, byte_size(architecture) + _MOST_HEADER_BYTES))
    if WEATHER not in weights:
        raise wrong_content(KeyError(WEATHER))
    transitions = weights.pop(WEATHER)
    return Checkpoint(architecture, weights, transitions, manifest, folder)


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of a checkpoint folder, or raise CheckpointError."""
    expected = {
        "schema_version": schema.SCHEMA_VERSION,
        "features": list(schema.FEATURE_NAMES),
        "normaliser": NORMALISER,
    }
    manifest = read_folder_manifest(folder, KIND, expected)
    for name in ("config", "data"):
        if not isinstance(manifest.get(name, {}), dict):
            raise wrong_content(TypeError(f"{name} of the manifest, which is no mapping"))
    return manifest
