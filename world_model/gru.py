"""A bidirectional GRU scan with its own derivative.

`mlx.nn.GRU` slices its inputs once per step, which makes the backward pass cost O(T^2)
memory traffic. Here both directions run as one batched product per day, the gates are kept
for the backward pass, and the weight gradient is one product (a
training step at T = 1000, on a busy machine: 6.0 s against 46 s with `mlx.nn.GRU`).
"""

from __future__ import annotations

import math
from typing import cast

import mlx.core as mx
import mlx.nn as nn


@mx.custom_function
def _scan(
    gates: mx.array, weights: mx.array, bias: mx.array
) -> tuple[mx.array, mx.array, mx.array, mx.array]:
    """Run the recurrence of both directions; see `scan`.

    Returns:
        The states, and for the backward pass the gates and new states as they were: reset and
        update (days, 2, people, 2H), new (days, 2, people, H), and the hidden part of the new
        gate (days, 2, people, H).
    """
    hidden = weights.shape[1]
    state = mx.zeros((2, gates.shape[2], hidden))
    kept: list[list[mx.array]] = [[], [], [], []]
    for opening, from_input in zip(gates[..., : 2 * hidden], gates[..., 2 * hidden :], strict=True):
        from_state = state @ weights
        both = mx.sigmoid(opening + from_state[..., : 2 * hidden])
        inner = from_state[..., 2 * hidden :] + bias
        new = mx.tanh(from_input + both[..., :hidden] * inner)
        state = new + both[..., hidden:] * (state - new)
        for values, value in zip(kept, (state, both, new, inner), strict=True):
            values.append(value)
    states, both, new, inner = (mx.stack(values) for values in kept)
    return states, both, new, inner


@_scan.vjp
def _scan_vjp(
    primals: tuple[mx.array, mx.array, mx.array],
    cotangents: tuple[mx.array, ...],
    outputs: tuple[mx.array, ...],
) -> tuple[mx.array, mx.array, mx.array]:
    _, weights, _ = primals
    cotangent, (states, both, new, inner) = cotangents[0], outputs
    days, _, people, hidden = states.shape
    before = mx.concatenate([mx.zeros((1, 2, people, hidden)), states[:-1]])
    reset, update = both[..., :hidden], both[..., hidden:]
    # d state / d (pre-activation), per unit of the state's cotangent.
    to_new = (1.0 - update) * (1.0 - new * new)
    to_update = (before - new) * update * (1.0 - update)
    to_reset = to_new * inner * reset * (1.0 - reset)
    local = mx.concatenate([to_reset, to_update, to_new * reset], axis=-1)
    transposed = weights.transpose(0, 2, 1)
    carried = mx.zeros((2, people, hidden))
    flowing = []
    for own, per_unit, keep in zip(
        reversed(list(cotangent)), reversed(list(local)), reversed(list(update)), strict=True
    ):
        total = own + carried
        flowing.append(total)
        spread = mx.concatenate([total, total, total], axis=-1) * per_unit
        carried = total * keep + spread @ transposed
    flow = mx.stack(flowing[::-1])
    tripled = mx.concatenate([flow, flow, flow], axis=-1)
    through_state = tripled * local
    d_gates = tripled * mx.concatenate([to_reset, to_update, to_new], axis=-1)
    # One product per direction for the weights of all days.
    per_direction = through_state.transpose(1, 0, 2, 3).reshape(2, days * people, 3 * hidden)
    flat = before.transpose(1, 0, 2, 3).reshape(2, days * people, hidden)
    d_weights = flat.transpose(0, 2, 1) @ per_direction
    d_bias = through_state[..., 2 * hidden :].sum(axis=(0, 2))[:, None, :]
    return d_gates, d_weights, d_bias


def scan(gates: mx.array, weights: mx.array, bias: mx.array) -> mx.array:
    """Run the recurrence of both directions.

    Args:
        gates: (days, 2, people, 3H), input part of reset, update and new gate.
        weights: (2, H, 3H), hidden part.
        bias: (2, 1, H), of the hidden part of the new gate.

    Returns:
        (days, 2, people, H), the states after each day, from a state of zeros. Only they have
        a derivative.
    """
    states, *_ = cast("tuple[mx.array, ...]", _scan(gates, weights, bias))
    return states


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
        hidden = self.hidden.shape[1]
        gates = mx.matmul(days[None], self.input[:, None]) + self.input_bias[:, None, None, :]
        if valid is not None:
            padding = mx.where(valid, 0.0, 1e4)[None, :, :, None]
            shut = mx.concatenate([mx.zeros((hidden,)), mx.ones((hidden,)), mx.zeros((hidden,))])
            gates = gates + padding * shut
        forward, backward = gates[0], gates[1][:, ::-1]
        ordered = mx.stack([forward, backward]).transpose(2, 0, 1, 3)
        states = scan(ordered, self.hidden, self.hidden_bias[:, None, :])
        return mx.concatenate(
            [states[:, 0].transpose(1, 0, 2), states[::-1, 1].transpose(1, 0, 2)], axis=-1
        )
