"""From a trained model in MLX to the runtime's checkpoint, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_unflatten

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import CheckpointError
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.checkpoint import BUNDLED, Checkpoint, load_checkpoint, save_checkpoint
from human_wm_env.person import schema
from human_wm_env.person.weather import transitions_of
from human_wm_env.response.arrays import PREFIX, from_arrays, to_arrays
from world_model.nets.world_model import WorldModel
from world_model.training.trainer import flat_arrays


def flat_weights(model: WorldModel) -> dict[str, np.ndarray]:
    """Return all parameters, and those of a response, as a flat dictionary of float32 arrays."""
    nets = {
        name: np.array(value, dtype=np.float32) for name, value in flat_arrays(model.parameters())
    }
    return nets if model.response is None else nets | to_arrays(model.response)


def weather_transitions(dataset: LogDataset, users: np.ndarray) -> np.ndarray:
    """Return the weather chain of some people's days, float32 (4, 4)."""
    return transitions_of(
        (rows[..., schema.WEATHER], observed[..., schema.WEATHER])
        for _, rows, observed in dataset.parts(users)
    )


def export(
    model: WorldModel, dataset: LogDataset, users: np.ndarray, folder: Path, details: dict[str, Any]
) -> None:
    """Write a checkpoint folder that the NumPy runtime can step.

    Args:
        model: trained nets.
        dataset: the logs that it was trained on.
        users: int (people,), whose weather the chain is fitted to.
        folder: to be written.
        details: JSON-able facts for the manifest.
    """
    save_checkpoint(
        folder,
        architecture=model.architecture,
        weights=flat_weights(model),
        weather_transitions=weather_transitions(dataset, users),
        details=details,
    )


def restore(checkpoint: Checkpoint | Path | str) -> WorldModel:
    """Return the model of a checkpoint in MLX, with its response if it has one.

    Raises:
        CheckpointError: it cannot be read.
    """
    loaded = checkpoint if isinstance(checkpoint, Checkpoint) else load_checkpoint(checkpoint)
    model = WorldModel(loaded.architecture)
    nets = [(n, mx.array(v)) for n, v in loaded.weights.items() if not n.startswith(PREFIX)]
    model.update(tree_unflatten(nets))
    if loaded.architecture.has_response:
        model.response = from_arrays(loaded.weights)
    mx.eval(model.parameters())
    return model


def load_start(folder: Path | str, architecture: Architecture) -> Checkpoint:
    """Return a checkpoint for training to begin with.

    Args:
        folder: of the checkpoint; "bundled" is that of the package.
        architecture: of the model that is to be trained.

    Raises:
        CheckpointError: it cannot be read, or is of another architecture.
    """
    checkpoint = load_checkpoint(BUNDLED if folder == "bundled" else folder)
    wanted, found = asdict(architecture), asdict(checkpoint.architecture)
    other = [name for name, value in wanted.items() if found[name] != value]
    if other:
        raise CheckpointError(
            f"a start of this architecture, {_sizes(wanted, other)}",
            f"{_sizes(found, other)} in {checkpoint.folder}",
            f"Set {' '.join(f'model.{name}={found[name]}' for name in other)}, or start from none.",
        )
    return checkpoint


def _sizes(sizes: dict[str, Any], names: list[str]) -> str:
    return ", ".join(f"{name} {sizes[name]}" for name in names)
