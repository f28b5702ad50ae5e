"""From an environment to its steps in MLX."""

from __future__ import annotations

from typing import Any

from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.nudge.world import NudgeWorld
from human_wm_env.person_context import VectorPersonContext
from human_wm_env.vector_dream.world import VectorDreamWorld
from human_wm_env.worlds.dream import DreamWorld
from world_model.differentiable_worlds.nudged_dream import NudgedDream
from world_model.differentiable_worlds.person_dream import PersonDream
from world_model.differentiable_worlds.vector_dream import VectorDream


def differentiable(env: Any) -> PersonDream | NudgedDream | VectorDream:
    """Return what steps an environment so that gradients flow through its steps.

    Args:
        env: a vector environment; it is read, never stepped.

    Raises:
        ConfigError: it is no dream, or one with settings that no gradient can flow through.
    """
    inner = env.unwrapped
    world = inner.world if isinstance(inner, VectorEnv) else None
    context = env.posterior if isinstance(env, VectorPersonContext) else None
    if isinstance(world, DreamWorld):
        return PersonDream(inner, context)
    if isinstance(world, NudgeWorld) and isinstance(world.people, DreamWorld):
        return NudgedDream(inner, context)
    if isinstance(world, VectorDreamWorld):
        return VectorDream(inner)
    raise ConfigError(
        "a dream: HumanWM-v0, HumanWMNudge-v0 or WorldModelDream-v0",
        type(inner if world is None else world).__name__,
        "Only learned worlds have gradients; judge the agent in the others.",
    )
