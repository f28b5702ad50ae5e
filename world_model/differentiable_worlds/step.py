"""What a step of a differentiable world brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import mlx.core as mx

StateT = TypeVar("StateT")


@dataclass(frozen=True)
class Step(Generic[StateT]):
    """See `agents.differentiable_world.DifferentiableStep`; `goes_on` is of the episode."""

    state: StateT
    observation: mx.array
    reward: mx.array
    goes_on: mx.array
