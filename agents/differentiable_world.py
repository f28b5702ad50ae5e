"""What back-propagation asks of a world: its steps in MLX, so that gradients flow through them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from agents.env_config import Vector
from human_wm_env.random_streams import Stream

if TYPE_CHECKING:
    import mlx.core as mx


class DifferentiableStep(Protocol):
    """What a step brings, batch-first."""

    @property
    def state(self) -> Any:
        """The world's next state."""
        ...

    @property
    def observation(self) -> mx.array:
        """As the environment shows it, float32 (slots, width)."""
        ...

    @property
    def reward(self) -> mx.array:
        """Weighted, less pessimism, (slots,)."""
        ...

    @property
    def goes_on(self) -> mx.array:
        """1 where the episode does not end with this step, or how likely it goes on, (slots,)."""
        ...


class DifferentiableWorld(Protocol):
    """A world in MLX: on equal starts, streams and actions it does what the environment does."""

    def reset(self, starts: Sequence[Any], streams: Sequence[Stream]) -> tuple[Any, mx.array]:
        """Begin an episode per start; returns the state and the observation, (slots, width)."""
        ...

    def step(self, state: Any, amounts: mx.array, picks: Sequence[mx.array]) -> DifferentiableStep:
        """Step every slot.

        Args:
            state: before the step.
            amounts: (slots, amounts) in [-1, 1], the entries of an action that pick nothing.
            picks: (slots, categories) of each entry that picks one, one-hot or, for gradients
                alone, shares that add up to 1.
        """
        ...


#: from an environment to its steps in MLX
MakeDifferentiable = Callable[[Vector], DifferentiableWorld]
