"""The ablation that must lose: V as it was trained, and an M that has learned nothing."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx

from human_wm_env.vector_dream.checkpoint import (
    VectorCheckpoint,
    load_vector_checkpoint,
    save_vector_checkpoint,
)
from world_model.vector.train import untrained_weights

LEARNED = ("memory.", "next.", "outcome.")


def write_untrained(folder: Path, checkpoint: VectorCheckpoint, seed: int) -> VectorCheckpoint:
    """Write a checkpoint whose M is drawn anew; scales and starts stay.

    Args:
        folder: of the checkpoint.
        checkpoint: the trained one.
        seed: of the weights.

    Returns:
        The checkpoint, as read back.
    """
    mx.random.seed(seed)
    drawn = untrained_weights(checkpoint.architecture)
    learned = {name: value for name, value in drawn.items() if name.startswith(LEARNED)}
    save_vector_checkpoint(
        folder,
        task=checkpoint.task,
        architecture=checkpoint.architecture,
        weights=checkpoint.weights | learned,
        starts=checkpoint.starts,
        terminates=checkpoint.terminates,
        details={"untrained": True, "seed": seed},
    )
    return load_vector_checkpoint(folder)
