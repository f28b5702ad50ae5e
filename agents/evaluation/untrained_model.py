"""The ablation that must lose: a world model with the same nets, and nothing learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from human_wm_env.model.checkpoint import save_checkpoint
from human_wm_env.runtime.world_model import load_world_model

# What describes the data or the structure, and is not learned by the nets.
_KEPT = ("encoder.moments.mean", "encoder.moments.sd", "transition.reference")
# Of a response, this alone is; the rest are scales, noise and what is usual.
_RESPONSE, _OF_RESPONSE = "response.", ("channels.", "mean.", "loadings.")


def write_untrained_model(folder: Path, *, like: str | None = None, seed: int = 0) -> Path:
    """Write a checkpoint whose weights are drawn anew, as before a training.

    Args:
        folder: of the checkpoint.
        like: checkpoint whose architecture and fixed statistics it has; None is the bundled one.
        seed: of the weights.

    Source: ctallec/world-models found an untrained dream near-optimal on CarRacing.
    """
    checkpoint = load_world_model(like).checkpoint
    rng = np.random.default_rng(seed)
    weights = {}
    for name, array in checkpoint.weights.items():
        of_response = name.startswith(_RESPONSE)
        described = of_response and not name.removeprefix(_RESPONSE).startswith(_OF_RESPONSE)
        if name.startswith(_KEPT) or "missingness" in name or described:
            weights[name] = array
        elif array.ndim < 2 or name.endswith("bias"):
            weights[name] = np.zeros_like(array)
        else:
            # (out, in) as MLX has it, or (members, in, out): the spread is alike.
            fan_in = array.shape[-1] if name.endswith(".weight") else array.shape[-2]
            weights[name] = rng.normal(0.0, fan_in**-0.5, array.shape).astype(np.float32)
    save_checkpoint(
        folder,
        architecture=checkpoint.architecture,
        weights=weights,
        weather_transitions=checkpoint.weather_transitions,
        details={"untrained": True, "seed": seed},
    )
    return folder
