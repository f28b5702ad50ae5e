"""Environments in MLX for agents that learn by their gradients.

The import of `world_model` gives MLX its fast products of matrices (`nets/fast_blas.py`), which
has to come before any other import of MLX: without it an update takes three times as long.
"""

from __future__ import annotations

import world_model
from agents.differentiable_world import DifferentiableWorld
from agents.env_config import Vector
from human_wm_env.extras import extras_named


@extras_named("train")
def differentiable(env: Vector) -> DifferentiableWorld:
    """Return what steps an environment in MLX; see `world_model.differentiable`.

    Raises:
        MissingExtraError: MLX is not installed.
    """
    # The name imports MLX, which other trainings do not need.
    made: DifferentiableWorld = world_model.differentiable(env)
    return made
