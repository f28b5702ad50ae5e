"""An ensemble of small nets whose first layer is modulated by a person's latents.

Feature-wise linear modulation (Perez et al. 2018): the latents shift and gate the first
hidden layer, so that they can act as a person's own regression coefficients. Their
product with the weights is constant over an episode and is computed once, at reset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Modulation:
    """A person's part in the nets, batch-first, biases included.

    Attributes:
        shift: float32 (slots, members, hidden), added before the first activation.
        gain: float32 (slots, members, hidden), multiplied after it.
        offset: float32 (slots, members, outputs), added to the outputs.
        blind: float32 (slots, members, states, outputs), added for each state of the day
            before that is not known; no states where there are no offsets.
    """

    shift: np.ndarray
    gain: np.ndarray
    offset: np.ndarray
    blind: np.ndarray


@dataclass(frozen=True)
class FilmWeights:
    """Weights of `members` nets; every array is float32.

    Attributes:
        inputs: (inputs, members * hidden); input_bias: (members * hidden,).
        latents: (latents, members * 2 * hidden), shift and gate of each member.
        hidden: (members, hidden, hidden); hidden_bias: (members, 1, hidden).
        head: (members, hidden, outputs); head_bias: (members, 1, outputs).
        chain: (members, chain_width, outputs), masked.
        offset: (offsets, members * outputs), latents that only shift the outputs, or None.
        reference: (inputs,), the day on which the other latents change nothing, or None.
    """

    inputs: np.ndarray
    input_bias: np.ndarray
    latents: np.ndarray
    hidden: np.ndarray
    hidden_bias: np.ndarray
    head: np.ndarray
    head_bias: np.ndarray
    chain: np.ndarray
    offset: np.ndarray | None
    reference: np.ndarray | None

    @classmethod
    def from_weights(
        cls, weights: Mapping[str, np.ndarray], prefix: str, chain_mask: np.ndarray
    ) -> FilmWeights:
        """Read a net out of the checkpoint's flat dictionary."""
        return cls(
            inputs=_flat(weights[f"{prefix}.inputs"]),
            input_bias=weights[f"{prefix}.input_bias"].reshape(-1),
            latents=_flat(weights[f"{prefix}.latents"]),
            hidden=weights[f"{prefix}.hidden"],
            hidden_bias=weights[f"{prefix}.hidden_bias"][:, None, :],
            head=weights[f"{prefix}.head"],
            head_bias=weights[f"{prefix}.head_bias"][:, None, :],
            chain=weights[f"{prefix}.chain"] * chain_mask,
            offset=_flat(weights[f"{prefix}.offset"]) if f"{prefix}.offset" in weights else None,
            reference=weights.get(f"{prefix}.reference"),
        )

    @property
    def members(self) -> int:
        """Size of the ensemble."""
        return len(self.hidden)

    def modulation(self, latents: np.ndarray, offsets: np.ndarray | None = None) -> Modulation:
        """Return what a person's latents do to the nets; constant over an episode.

        Args:
            latents: float32 (slots, latents), for the first hidden layer.
            offsets: float32 (slots, offsets), for the outputs.
        """
        slots = len(latents)
        parts = (latents @ self.latents).reshape(slots, self.members, 2, -1)
        width = self.head.shape[2]
        bias = np.broadcast_to(self.head_bias[:, 0], (slots, self.members, width))
        plain = Modulation(
            shift=parts[:, :, 0] + self.input_bias.reshape(self.members, -1),
            gain=1.0 + parts[:, :, 1],
            offset=bias,
            blind=np.zeros((slots, self.members, 0, width), dtype=np.float32),
        )
        if offsets is None or self.offset is None or self.reference is None:
            return plain
        # The offset's weights stand in blocks: always, then one block per unknown state.
        blocks = self.offset.reshape(-1, offsets.shape[1], self.members * width)
        added = np.stack([offsets @ block for block in blocks], axis=1)
        added = added.reshape(slots, len(blocks), self.members, width).transpose(0, 2, 1, 3)
        return replace(
            plain,
            offset=bias + added[:, :, 0] - self._at_reference(plain),
            blind=np.ascontiguousarray(added[:, :, 1:]),
        )

    def _at_reference(self, modulation: Modulation) -> np.ndarray:
        """Return what the latents change about the reference day, (slots, members, outputs)."""
        assert self.reference is not None
        slots = len(modulation.shift)
        own = self(np.broadcast_to(self.reference, (slots, len(self.reference))), modulation)
        nobody = self.modulation(np.zeros((1, len(self.latents)), dtype=np.float32))
        return (own - self(self.reference[None], nobody)).transpose(1, 0, 2)

    def __call__(
        self, inputs: np.ndarray, modulation: Modulation, blind: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the outputs of every member, before the chain.

        Args:
            inputs: float32 (slots, inputs).
            modulation: from `modulation`.
            blind: bool (slots, states), where a state of the day before is not known.

        Returns:
            float32 (members, slots, outputs).
        """
        slots = len(inputs)
        first = (inputs @ self.inputs).reshape(slots, self.members, -1)
        first += modulation.shift
        np.maximum(first, 0.0, out=first)
        first *= modulation.gain
        second = first.transpose(1, 0, 2) @ self.hidden + self.hidden_bias
        np.maximum(second, 0.0, out=second)
        out = second @ self.head
        out += modulation.offset.transpose(1, 0, 2)
        if blind is not None and blind.any():
            out += np.einsum("ns,nmso->mno", blind.astype(np.float32), modulation.blind)
        return out


def _flat(weights: np.ndarray) -> np.ndarray:
    """(members, inputs, outputs) to (inputs, members * outputs)."""
    members, inputs, outputs = weights.shape
    return np.ascontiguousarray(weights.transpose(1, 0, 2).reshape(inputs, members * outputs))
