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
    """

    shift: np.ndarray
    gain: np.ndarray
    offset: np.ndarray


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
        members, inputs, hidden = weights[f"{prefix}.inputs"].shape
        latents = weights[f"{prefix}.latents"]
        return cls(
            inputs=_flat(weights[f"{prefix}.inputs"]),
            input_bias=weights[f"{prefix}.input_bias"].reshape(-1),
            latents=_flat(latents),
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
        )
        if offsets is None or self.offset is None or self.reference is None:
            return plain
        added = (offsets @ self.offset).reshape(slots, self.members, width)
        return replace(plain, offset=bias + added - self._at_reference(plain))

    def _at_reference(self, modulation: Modulation) -> np.ndarray:
        """Return what the latents change about the reference day, (slots, members, outputs)."""
        assert self.reference is not None
        slots = len(modulation.shift)
        own = self(np.broadcast_to(self.reference, (slots, len(self.reference))), modulation)
        nobody = self.modulation(np.zeros((1, len(self.latents)), dtype=np.float32))
        return (own - self(self.reference[None], nobody)).transpose(1, 0, 2)

    def __call__(self, inputs: np.ndarray, modulation: Modulation) -> np.ndarray:
        """Return the outputs of every member, before the chain.

        Args:
            inputs: float32 (slots, inputs).
            modulation: from `modulation`.

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
        return second @ self.head + modulation.offset.transpose(1, 0, 2)


def _flat(weights: np.ndarray) -> np.ndarray:
    """(members, inputs, outputs) to (inputs, members * outputs)."""
    members, inputs, outputs = weights.shape
    return np.ascontiguousarray(weights.transpose(1, 0, 2).reshape(inputs, members * outputs))
