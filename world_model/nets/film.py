"""An ensemble of small nets whose first layer is modulated by latents (MLX).

The NumPy twin, with the reasons, is `human_wm_env/runtime/film.py`.
"""

from __future__ import annotations

import math

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
            is nothing: an intercept can only be told by the offsets.
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
        self, inputs: mx.array, latents: mx.array, row: mx.array, offsets: mx.array | None = None
    ) -> mx.array:
        """Return the parameters of every member, with the chain teacher-forced.

        Args:
            inputs: (people, days, inputs).
            latents: (people, latents), constant over the days.
            row: (people, days, chain_width), encoded features of the row and their mask.
            offsets: (people, days, offsets), what only shifts the outputs.

        Returns:
            (members, people * days, layout.width).
        """
        people, days, width = inputs.shape
        members, hidden = self.input_bias.shape
        flat = inputs.reshape(people * days, width)
        first = mx.matmul(flat, self.inputs).reshape(members, people, days, hidden)
        modulation = mx.matmul(latents, self.latents)[:, :, None, :]
        # What is constant over the days is added up first: a pass over them is what costs.
        shift = modulation[..., :hidden] + self.input_bias[:, None, None, :]
        first = mx.maximum(first + shift, 0.0) * (1.0 + modulation[..., hidden:])
        second = mx.matmul(first.reshape(members, people * days, hidden), self.hidden)
        second = mx.maximum(second + self.hidden_bias[:, None, :], 0.0)
        out = mx.matmul(second, self.head)
        if offsets is None:
            out = out + self.head_bias[:, None, :]
        else:
            by_person = self.head_bias[:, None, :] - self.at_reference(latents)
            shifted = out.reshape(members, people, days, -1) + by_person[:, :, None, :]
            out = shifted.reshape(members, people * days, -1)
            out = out + _of_all_members(offsets.reshape(people * days, -1), self.offset)
        chained = row.reshape(people * days, -1)
        return out + _of_all_members(chained, self.chain * self._chain_mask)

    def at_reference(self, latents: mx.array) -> mx.array:
        """Return what the latents change about the reference day, (members, people, outputs)."""
        people = latents.shape[0]
        nobody = mx.zeros((1, latents.shape[1]))
        modulation = mx.matmul(mx.concatenate([latents, nobody]), self.latents)
        hidden = self.input_bias.shape[1]
        first = mx.matmul(self.reference[None], self.inputs) + self.input_bias[:, None, :]
        first = mx.maximum(first + modulation[..., :hidden], 0.0)
        first = first * (1.0 + modulation[..., hidden:])
        second = mx.maximum(mx.matmul(first, self.hidden) + self.hidden_bias[:, None, :], 0.0)
        out = mx.matmul(second, self.head)
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
