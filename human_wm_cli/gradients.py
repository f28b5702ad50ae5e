"""Environments in MLX for agents that learn by their gradients."""

from __future__ import annotations

from agents.differentiable_world import DifferentiableWorld
from agents.env_config import Vector
from human_wm_env.extras import extras_named


@extras_named("train")
def differentiable(env: Vector) -> DifferentiableWorld:
    """Return what steps an environment in MLX; see `world_model.differentiable`.

    Raises:
        MissingExtraError: MLX is not installed.
    """
    from world_model import differentiable as made  # with MLX, which no other training needs

    return made(env)
