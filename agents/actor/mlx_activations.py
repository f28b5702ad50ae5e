"""Activations in MLX, by the names of `agents.actor.net.ACTIVATIONS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import mlx.core as mx


@mx.custom_function
def softsign(x: mx.array) -> mx.array:
    """Return x / (1 + |x|)."""
    return x / (1.0 + mx.abs(x))


@softsign.vjp
def _softsign_vjp(x: mx.array, cotangent: mx.array, y: mx.array) -> mx.array:
    # The derivative is (1 - |y|)^2: three operations, where MLX would find ten.
    return cotangent * (1.0 - mx.abs(y)).square()


ACTIVATIONS = cast(
    "dict[str, Callable[[mx.array], mx.array]]", {"tanh": mx.tanh, "softsign": softsign}
)
