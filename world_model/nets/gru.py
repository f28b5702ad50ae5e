"""A bidirectional GRU whose scan has its own derivative.

`mlx.nn.GRU` slices its inputs once per step, which makes the backward pass cost O(T^2)
memory traffic. And on a CPU MLX takes 16-25 ns for each exp, tanh or sigmoid, and some 10 us
for each small call, where NumPy takes 1-3 ns and 1 us: the scan therefore runs in NumPy
(`human_wm_env/runtime/gru.py`), on the memory of MLX's arrays.
"""

from __future__ import annotations

import math
from typing import cast

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from human_wm_env.runtime.gru import Recurrence


def scan(
    days: mx.array,
    to_gates: mx.array,
    bias: mx.array,
    hidden: mx.array,
    hidden_bias: mx.array,
    valid: mx.array | None = None,
) -> mx.array:
    """Run both directions over the days; see `Recurrence` for the arguments.

    The arguments are worked out at once, not lazily: this is not for `mx.compile`.

    Returns:
        (people, days, 2H), forward and backward states, from states of zeros; (people, days, H)
        where the weights are of one direction.
    """
    mask = None if valid is None else _as_numpy(valid)
    passes: list[Recurrence] = []

    # A function of this call's own: what the backward pass needs waits in `passes`, and never
    # has to become MLX arrays.
    @mx.custom_function
    def states_of(*arrays: mx.array) -> mx.array:
        days, to_gates, bias, hidden, hidden_bias = (_as_numpy(array) for array in arrays)
        passes.append(Recurrence(days, to_gates, bias, hidden, hidden_bias, mask))
        return mx.array(passes[-1].forward())

    @states_of.vjp
    def derivatives(
        _primals: tuple[mx.array, ...], cotangent: mx.array, _states: mx.array
    ) -> tuple[mx.array, ...]:
        return tuple(mx.array(part) for part in passes[-1].backward(_as_numpy(cotangent)))

    return cast("mx.array", states_of(days, to_gates, bias, hidden, hidden_bias))


def _as_numpy(array: mx.array) -> np.ndarray:
    """Return the values of an array, worked out now, without a copy."""
    return np.array(array, copy=False)


class BiGRU(nn.Module):
    """Bidirectional GRU, batch-first, with padding at the end.

    Args:
        inputs: width of each day's input.
        hidden: width of each direction.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        bound = 1.0 / math.sqrt(hidden)

        def uniform(*shape: int) -> mx.array:
            return mx.random.uniform(-bound, bound, shape)

        self.input = uniform(2, inputs, 3 * hidden)
        self.input_bias = uniform(2, 3 * hidden)
        self.hidden = uniform(2, hidden, 3 * hidden)
        self.hidden_bias = uniform(2, hidden)

    def __call__(self, days: mx.array, valid: mx.array | None = None) -> mx.array:
        """Return forward and backward states, (people, days, 2H).

        Args:
            days: (people, days, inputs).
            valid: bool (people, days), False on padding, which carries the state; None
                means everywhere.
        """
        return scan(days, self.input, self.input_bias, self.hidden, self.hidden_bias, valid)
