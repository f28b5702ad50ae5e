"""The checkpoint: the contract between training and stepping. No pickle anywhere.

A checkpoint is a folder with `weights.safetensors` and `manifest.json`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.model.architecture import Architecture
from human_wm_env.person import schema

FORMAT_VERSION = 1
WEIGHTS_FILE, MANIFEST_FILE = "weights.safetensors", "manifest.json"
BUNDLED = Path(__file__).parent.parent / "checkpoints" / "default"


@dataclass(frozen=True)
class Checkpoint:
    """A trained world model, as arrays.

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
    manifest: dict[str, Any]
    folder: Path


def save_checkpoint(
    folder: Path,
    *,
    architecture: Architecture,
    weights: dict[str, np.ndarray],
    weather_transitions: np.ndarray,
    details: dict[str, Any],
) -> None:
    """Write a checkpoint folder.

    Args:
        folder: made if needed; an older checkpoint in it is replaced.
        architecture: sizes of the nets.
        weights: flat dictionary of arrays.
        weather_transitions: float32 (4, 4).
        details: JSON-able facts: command, config, data, measurements.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.ascontiguousarray(value, np.float32) for name, value in weights.items()}
    arrays["weather_transitions"] = np.ascontiguousarray(weather_transitions, np.float32)
    save_file(arrays, folder / WEIGHTS_FILE)
    manifest = {
        "format_version": FORMAT_VERSION,
        "schema_version": schema.SCHEMA_VERSION,
        "features": list(schema.FEATURE_NAMES),
        "normaliser": {
            feature.name: {"centre": feature.centre, "scale": feature.scale}
            for feature in schema.FEATURES
            if isinstance(feature, schema.Continuous)
        },
        "architecture": dataclasses.asdict(architecture),
        "weights_sha256": _sha256(folder / WEIGHTS_FILE),
        **details,
    }
    text = json.dumps(manifest, indent=2, sort_keys=True, allow_nan=False)
    (folder / MANIFEST_FILE).write_text(text + "\n")


def load_checkpoint(folder: str | Path) -> Checkpoint:
    """Read and check a checkpoint folder.

    Raises:
        CheckpointError: missing, damaged, of another version, or of another schema.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    weights_file = folder / WEIGHTS_FILE
    if not weights_file.is_file():
        raise CheckpointError(
            f"{WEIGHTS_FILE} in the checkpoint folder",
            f"none in {folder}",
            "Copy the whole folder, or train one with scripts/pretrain.py.",
        )
    if _sha256(weights_file) != manifest.get("weights_sha256"):
        raise CheckpointError(
            "weights with the checksum of the manifest",
            f"other bytes in {weights_file}",
            "The file is damaged or was replaced; copy the folder again.",
        )
    try:
        weights = load_file(weights_file)
        architecture = Architecture(**manifest["architecture"])
        transitions = weights.pop("weather_transitions")
    except (SafetensorError, ConfigError, TypeError, KeyError) as error:
        raise CheckpointError(
            "a checkpoint of this version", f"{type(error).__name__}: {error}", "Train it again."
        ) from error
    return Checkpoint(architecture, weights, transitions, manifest, folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read and check the manifest of a checkpoint folder, or raise CheckpointError."""
    file = folder / MANIFEST_FILE
    if not file.is_file():
        raise CheckpointError(
            f"a checkpoint folder with {MANIFEST_FILE}",
            f"{folder} ({'no such folder' if not folder.is_dir() else 'no manifest in it'})",
            "Give the folder that scripts/pretrain.py wrote (runs/<name>/checkpoint).",
        )
    try:
        manifest = json.loads(file.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError("valid JSON", f"{error} in {file}", "Copy it again.") from error
    expected: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "schema_version": schema.SCHEMA_VERSION,
        "features": list(schema.FEATURE_NAMES),
    }
    if not isinstance(manifest, dict) or "architecture" not in manifest:
        raise CheckpointError("a world model's manifest", f"{file}", "Give another folder.")
    for key, value in expected.items():
        if manifest.get(key) != value:
            raise CheckpointError(
                f"{key} {value}",
                f"{manifest.get(key)} in {file}",
                "Train the model again with this version.",
            )
    return manifest


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
