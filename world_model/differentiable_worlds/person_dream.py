"""The dream of people whose days agents decide, as a world that gradients flow through."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx

from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.person_context import PosteriorMeans
from human_wm_env.random_streams import Stream
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.starts import PersonStart
from world_model.differentiable_worlds.dream_days import DreamDays, PersonDreamState
from world_model.differentiable_worlds.step import Step
from world_model.imagination.decoding import decode_action


class PersonDream:
    """Steps what the environment steps, `DreamWorld` and its reward, in MLX; see `DreamDays`.

    Args:
        env: of a dream that agents are followed in.
        context: of the observations; None where they tell nothing of the person.

    Raises:
        ConfigError: people do not always follow, or the context is encoded again every day.
    """

    def __init__(self, env: VectorEnv, context: PosteriorMeans | None = None) -> None:
        world = env.world
        assert isinstance(world, DreamWorld)
        if world.adherence < 1.0:
            raise ConfigError(
                "adherence 1 where gradients flow through the days",
                f"{world.adherence}",
                "Train where people follow; judge the agent in the other world.",
            )
        self._days = DreamDays(world, env.reward.weights, env.reward.pessimism, context)

    def reset(
        self, starts: Sequence[PersonStart], streams: Sequence[Stream]
    ) -> tuple[PersonDreamState, mx.array]:
        """Begin an episode per start; see `World.reset`."""
        first = self._days.reset(starts, streams)
        return first, self._observe(first)

    def step(
        self, state: PersonDreamState, amounts: mx.array, picks: Sequence[mx.array]
    ) -> Step[PersonDreamState]:
        """Let people live a day that is decided.

        Args:
            state: before the day.
            amounts: (slots, 5) in [-1, 1]: sleep, steps, calories, distance, minutes.
            picks: one-hot workout and location, (slots, 7) and (slots, 5).
        """
        after, reward = self._days.decided(state, decode_action(amounts, tuple(picks)))
        return Step(after, self._observe(after), reward, mx.ones_like(reward))

    def _observe(self, state: PersonDreamState) -> mx.array:
        return mx.concatenate(list(self._days.observe(state)), axis=1)
