"""An ensemble of small nets whose first layer is modulated by latents (MLX).

The NumPy twin, with the reasons, is `human_wm_env/runtime/film.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import mlx.core as mx
import mlx.nn as nn

from human_wm_env.model.heads import HeadLayout


class FilmEnsemble(nn.Module):
    """`members` nets of two hidden layers, modulated by latents, with a chained head.

    Args:
        inputs: width of the inputs.
        latents: width of the latents.
        hidden: width of each member's hidden layers.
        layout: of the distribution that the head parametrises.
        members: size of the ensemble.
        offsets: width of what only shifts the outputs; 0 for none. With them,
            what the modulating latents do is measured from a reference day, on which it
            is nothing: an intercept can only come from the offsets.
        key: MLX random key of the initial weights.
    """

    def __init__(
        self,
        inputs: int,
        latents: int,
        hidden: int,
        layout: HeadLayout,
        members: int,
        offsets: int,
        key: mx.array,
    ) -> None:
        super().__init__()
        keys = mx.random.split(key, 4)

        def uniform(shape: tuple[int, ...], fan_in: int, which: int) -> mx.array:
            bound = 1.0 / math.sqrt(fan_in)
            return mx.random.uniform(-bound, bound, shape, key=keys[which])

        self.inputs = uniform((members, inputs, hidden), inputs, 0)
        self.input_bias = mx.zeros((members, hidden))
        self.latents = uniform((members, latents, 2 * hidden), latents, 1)
        self.hidden = uniform((members, hidden, hidden), hidden, 2)
        self.hidden_bias = mx.zeros((members, hidden))
        self.head = uniform((members, hidden, layout.width), hidden, 3)
        self.head_bias = mx.zeros((members, layout.width))
        self.chain = mx.zeros((members, layout.chain_width, layout.width))
        if offsets:
            self.offset = mx.zeros((members, offsets, layout.width))
            self.reference = mx.zeros((inputs,))
            self.freeze(keys=["reference"])
        self._chain_mask = mx.array(layout.chain_mask)

    def __call__(
        self,
        inputs: mx.array,
        latents: mx.array,
        row: mx.array | None = None,
        offsets: mx.array | None = None,
    ) -> mx.array:
        """Return the parameters of every member, with the chain teacher-forced.

        Args:
            inputs: (people, days, inputs).
            latents: (people, latents), constant over the days.
            row: (people, days, chain_width), encoded features of the row and their mask;
                None: nothing is observed of it.
            offsets: (people, days, offsets), what only shifts the outputs.

        Returns:
            (members, people * days, layout.width).
        """
        people, days, width = inputs.shape
        members, hidden = self.input_bias.shape
        flat = inputs.reshape(people * days, width)
        first = mx.matmul(flat, self.inputs).reshape(members, people, days, hidden)
        shift, gain = self.modulation(latents)
        first = mx.maximum(first + shift[:, :, None], 0.0) * gain[:, :, None]
        second = self.second_layer(first.reshape(members, people * days, hidden))
        out = mx.matmul(second, self.head)
        if offsets is None:
            out = out + self.head_bias[:, None, :]
        else:
            by_person = self.head_bias[:, None, :] - self.at_reference(latents)
            shifted = out.reshape(members, people, days, -1) + by_person[:, :, None, :]
            out = shifted.reshape(members, people * days, -1)
            out = out + _of_all_members(offsets.reshape(people * days, -1), self.offset)
        if row is None:
            return out
        return out + _of_all_members(row.reshape(people * days, -1), self.masked_chain)

    def modulated(
        self, latents: mx.array, offsets: mx.array | None = None
    ) -> Callable[[mx.array, mx.array], mx.array]:
        """Return the nets of some slots, for stepping them day after day.

        Args:
            latents: (slots, latents).
            offsets: (slots, width), what shifts the outputs on every day, and again for each
                state of the day before that is not known.

        Returns:
            A function of a day's inputs (slots, inputs), and 1 where a state of the day before
            is not known (slots, states), to parameters before the chain (members, slots, outputs).
        """
        shift, gain = self.modulation(latents)
        head, constant = self.head.transpose(0, 2, 1), self.head_bias[:, None]
        by_state: list[mx.array] = []
        if offsets is not None:
            parts = mx.split(self.offset, self.offset.shape[1] // offsets.shape[1], axis=1)
            always, *by_state = (mx.matmul(offsets, part) for part in parts)
            constant = constant + always - self.at_reference(latents)

        def parameters(inputs: mx.array, unknown: mx.array) -> mx.array:
            first = mx.maximum(mx.matmul(inputs, self.inputs) + shift, 0.0) * gain
            # So few outputs are four times as fast as rows than as columns of the product.
            second = self.second_layer(first).transpose(0, 2, 1)
            out = mx.matmul(head, second).transpose(0, 2, 1) + constant
            for column, added in enumerate(by_state):
                out = out + unknown[None, :, column : column + 1] * added
            return out

        return parameters

    @property
    def masked_chain(self) -> mx.array:
        """Weights of the chain, (members, chain_width, outputs), zero where masked."""
        return self.chain * self._chain_mask

    def modulation(self, latents: mx.array) -> tuple[mx.array, mx.array]:
        """Return the first layer's shift and gain, (members, people, hidden) each."""
        hidden = self.input_bias.shape[1]
        both = mx.matmul(latents, self.latents)
        # What is constant over the days is added up first: a pass over them is what costs.
        return both[..., :hidden] + self.input_bias[:, None], 1.0 + both[..., hidden:]

    def second_layer(self, first: mx.array) -> mx.array:
        """Return the second hidden layer, (members, n, hidden), from the first."""
        return mx.maximum(mx.matmul(first, self.hidden) + self.hidden_bias[:, None], 0.0)

    def at_reference(self, latents: mx.array) -> mx.array:
        """Return what the latents change about the reference day, (members, people, outputs)."""
        people = latents.shape[0]
        none = mx.zeros((1, latents.shape[1]))
        shift, gain = self.modulation(mx.concatenate([latents, none]))
        first = mx.maximum(mx.matmul(self.reference[None], self.inputs) + shift, 0.0) * gain
        out = mx.matmul(self.second_layer(first), self.head)
        return out[:, :people] - out[:, people:]


def _of_all_members(rows: mx.array, weights: mx.array) -> mx.array:
    """Return rows @ weights of each member as one product: for few outputs each it is faster.

    Args:
        rows: (n, inputs), the same for all members.
        weights: (members, inputs, outputs).

    Returns:
        (members, n, outputs).
    """
    members, inputs, _ = weights.shape
    together = mx.matmul(rows, weights.transpose(1, 0, 2).reshape(inputs, -1))
    return together.reshape(len(rows), members, -1).transpose(1, 0, 2)
