"""An ensemble of small nets whose first layer is modulated by a person's latents.

Feature-wise linear modulation (Perez et al. 2018): the latents shift and gate the first
hidden layer, so that they can act as a person's own regression coefficients. Their
product with the weights is constant over an episode and is computed once, at reset.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.errors import DataError
from human_wm_env.runtime.modulation import Modulation, slots_first, slots_last

# Up to here BLAS, which is asked for each member's product, takes longer than loops.
_FEW = 4
# From here on sorting pays: each member computes its own slots only.
_MANY = 100


@dataclass
class _Layers:
    """Hidden layers of a batch, slots last."""

    first: np.ndarray
    second: np.ndarray


class LayerBuffers(threading.local):
    """Buffers of the hidden layers, kept between steps; each thread has its own."""

    most_sizes = 4

    def __init__(self) -> None:
        self._buffers: dict[int, _Layers] = {}

    def __deepcopy__(self, memo: dict[int, object]) -> LayerBuffers:
        """Return an empty one: it holds nothing that lasts."""
        return LayerBuffers()

    def __reduce__(self) -> tuple[type[LayerBuffers], tuple[()]]:
        """Pickle as an empty one."""
        return LayerBuffers, ()

    def of(self, slots: int, members: int, width: int) -> _Layers:
        """Return the buffers for so many slots, (members, width, slots) each."""
        found = self._buffers.get(slots)
        if found is None:
            if len(self._buffers) >= self.most_sizes:
                self._buffers.clear()
            shape = (members, width, slots)
            found = _Layers(np.empty(shape, np.float32), np.empty(shape, np.float32))
            self._buffers[slots] = found
        return found


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
        buffers: of the hidden layers.
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
    buffers: LayerBuffers = field(default_factory=LayerBuffers, repr=False, compare=False)

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
        slots, width = len(latents), self.head.shape[2]
        parts = (self.latents.T @ latents.T).reshape(self.members, 2, -1, slots)
        offset = np.repeat(self.head_bias.transpose(0, 2, 1), slots, axis=2)
        plain = Modulation(
            shift=slots_first(parts[:, 0] + self.input_bias.reshape(self.members, -1, 1)),
            gain=slots_first(1.0 + parts[:, 1]),
            offset=slots_first(offset),
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
            offset=slots_last(plain.offset + added[:, :, 0] - self._at_reference(plain)),
            blind=np.ascontiguousarray(added[:, :, 1:]),
        )

    def _at_reference(self, modulation: Modulation) -> np.ndarray:
        """Return what the latents change about the reference day, (slots, members, outputs)."""
        assert self.reference is not None
        slots = len(modulation.gain)
        own = self(np.repeat(self.reference[:, None], slots, axis=1).T, modulation)
        no_latents = self.modulation(np.zeros((1, len(self.latents)), dtype=np.float32))
        return (own - self(self.reference[None], no_latents)).transpose(1, 0, 2)

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

        Raises:
            DataError: inputs of another width, or another number of slots than the modulation's.
        """
        return self.in_columns(inputs, modulation, blind).transpose(0, 2, 1)

    def in_columns(
        self,
        inputs: np.ndarray,
        modulation: Modulation,
        blind: np.ndarray | None = None,
        drawn: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the same outputs as they lie in memory, float32 (members, outputs, slots).

        Args:
            inputs: see `__call__`, as the next two.
            modulation: likewise.
            blind: likewise.
            drawn: int (slots,), the only member of each slot whose outputs are needed; those
                of the others may be any numbers. None computes all.
        """
        slots = len(inputs)
        if inputs.shape[1] != len(self.inputs) or len(modulation.gain) != slots:
            raise DataError(  # compiled loops check no bounds
                f"inputs of width {len(self.inputs)} and a modulation of as many slots",
                f"inputs of shape {inputs.shape} and a modulation of {len(modulation.gain)}",
                "Make both for the same people, with this net.",
            )
        if slots <= _FEW:
            columns = run_few(
                inputs.T,
                self.inputs,
                modulation.shift.transpose(1, 2, 0),
                modulation.gain.transpose(1, 2, 0),
                self.hidden,
                self.hidden_bias,
                self.head,
                modulation.offset.transpose(1, 2, 0),
            )
        else:
            columns = np.zeros((self.members, self.head.shape[2], slots), dtype=np.float32)
            if drawn is None or slots < _MANY:
                self._run_many(inputs, modulation, columns)
            else:
                self._run_drawn(inputs, modulation, drawn, columns)
        if blind is not None and blind.any():
            columns += np.einsum("ns,nmso->mon", blind.astype(np.float32), modulation.blind)
        return columns

    def _run_many(self, inputs: np.ndarray, modulation: Modulation, columns: np.ndarray) -> None:
        """Write the outputs, (members, outputs, slots); BLAS does the products."""
        slots = len(inputs)
        layers = self.buffers.of(slots, self.members, self.hidden.shape[1])
        first, second = layers.first, layers.second
        # Slots last in memory: what comes next reads a column for all slots.
        np.matmul(self.inputs.T, inputs.T, out=first.reshape(-1, slots))
        modulate(first, modulation.shift.transpose(1, 2, 0), modulation.gain.transpose(1, 2, 0))
        np.matmul(self.hidden.transpose(0, 2, 1), first, out=second)
        put_out(second, self.hidden_bias, self.head, modulation.offset.transpose(1, 2, 0), columns)

    def _run_drawn(
        self, inputs: np.ndarray, modulation: Modulation, drawn: np.ndarray, columns: np.ndarray
    ) -> None:
        """Write the outputs of the drawn members only: each takes its own slots."""
        order = np.argsort(drawn, kind="stable")
        member = drawn[order].astype(np.intp)
        ends = np.searchsorted(member, np.arange(self.members + 1))
        sorted_inputs = inputs.T[:, order]
        weights = self.inputs.T.reshape(self.members, -1, inputs.shape[1])
        first = np.empty((weights.shape[1], len(order)), dtype=np.float32)
        second = np.empty_like(first)
        parts = [slice(begin, end) for begin, end in pairwise(ends)]
        for own, part in zip(weights, parts, strict=True):
            np.matmul(own, sorted_inputs[:, part], out=first[:, part])
        shift, gain = modulation.shift.transpose(1, 2, 0), modulation.gain.transpose(1, 2, 0)
        modulate_drawn(first, shift, gain, member, order)
        for own, part in zip(self.hidden, parts, strict=True):
            np.matmul(own.T, first[:, part], out=second[:, part])
        offset = modulation.offset.transpose(1, 2, 0)
        put_out_drawn(second, self.hidden_bias, self.head, offset, ends, order, columns)


def _flat(weights: np.ndarray) -> np.ndarray:
    """(members, inputs, outputs) to (inputs, members * outputs)."""
    members, inputs, outputs = weights.shape
    return np.ascontiguousarray(weights.transpose(1, 0, 2).reshape(inputs, members * outputs))


@compiled
def run_few(
    inputs: np.ndarray,
    input_weights: np.ndarray,
    shift: np.ndarray,
    gain: np.ndarray,
    hidden: np.ndarray,
    hidden_bias: np.ndarray,
    head: np.ndarray,
    offset: np.ndarray,
) -> np.ndarray:
    """Take a few slots through all layers, one by one, and leave zeros out: half of all units."""
    members, width, outputs = head.shape
    out = np.empty((members, outputs, inputs.shape[1]), dtype=np.float32)
    first = np.empty(members * width, dtype=np.float32)
    second = np.empty(width, dtype=np.float32)
    nothing = np.float32(0.0)
    for slot in range(out.shape[2]):
        for unit in range(len(first)):
            first[unit] = nothing
        for entry in range(inputs.shape[0]):
            own = inputs[entry, slot]
            if own != nothing:
                for unit in range(len(first)):
                    first[unit] += own * input_weights[entry, unit]
        for member in range(members):
            for unit in range(width):
                second[unit] = hidden_bias[member, 0, unit]
            for below in range(width):
                own = first[member * width + below] + shift[member, below, slot]
                if own > nothing:
                    own *= gain[member, below, slot]
                    for unit in range(width):
                        second[unit] += own * hidden[member, below, unit]
            for output in range(outputs):
                out[member, output, slot] = offset[member, output, slot]
            for unit in range(width):
                own = second[unit]
                if own > nothing:
                    for output in range(outputs):
                        out[member, output, slot] += own * head[member, unit, output]
    return out


@compiled
def modulate(layer: np.ndarray, shift: np.ndarray, gain: np.ndarray) -> None:
    """Shift, rectify and multiply a layer, in one pass; (members, hidden, slots) each."""
    members, hidden, slots = layer.shape
    for member in range(members):
        for unit in range(hidden):
            for slot in range(slots):
                own = max(layer[member, unit, slot] + shift[member, unit, slot], np.float32(0.0))
                layer[member, unit, slot] = own * gain[member, unit, slot]


@compiled
def modulate_drawn(
    layer: np.ndarray, shift: np.ndarray, gain: np.ndarray, member: np.ndarray, order: np.ndarray
) -> None:
    """Modulate the drawn members' layer, (hidden, slots), its slots sorted by their member."""
    for unit in range(layer.shape[0]):
        for place in range(layer.shape[1]):
            which, slot = member[place], order[place]
            own = max(layer[unit, place] + shift[which, unit, slot], np.float32(0.0))
            layer[unit, place] = own * gain[which, unit, slot]


@compiled
def put_out_drawn(
    layer: np.ndarray,
    bias: np.ndarray,
    head: np.ndarray,
    offset: np.ndarray,
    ends: np.ndarray,
    order: np.ndarray,
    out: np.ndarray,
) -> None:
    """Take the drawn members' second layer, sorted as in `modulate_drawn`, to the outputs."""
    hidden, slots = layer.shape
    outputs = out.shape[1]
    summed = np.empty((outputs, slots), dtype=np.float32)
    active = np.empty(slots, dtype=np.float32)
    for member in range(len(ends) - 1):
        begin, end = ends[member], ends[member + 1]
        for output in range(outputs):
            for place in range(begin, end):
                summed[output, place] = offset[member, output, order[place]]
        for unit in range(hidden):
            added = bias[member, 0, unit]
            for place in range(begin, end):
                active[place] = max(layer[unit, place] + added, np.float32(0.0))
            for output in range(outputs):
                weight = head[member, unit, output]
                for place in range(begin, end):
                    summed[output, place] += weight * active[place]
        for output in range(outputs):
            for place in range(begin, end):
                out[member, output, order[place]] = summed[output, place]


_UNITS_AT_ONCE = 4  # fewer walks over the outputs


@compiled
def put_out(
    layer: np.ndarray, bias: np.ndarray, head: np.ndarray, offset: np.ndarray, out: np.ndarray
) -> None:
    """Rectify the second layer and take it to the outputs, (members, outputs, slots).

    With a handful of outputs this is faster than BLAS, and needs no second look at the layer.
    """
    members, hidden, slots = layer.shape
    rows = np.zeros((_UNITS_AT_ONCE, slots), dtype=np.float32)
    nothing = np.float32(0.0)
    for member in range(members):
        for output in range(out.shape[1]):
            for slot in range(slots):
                out[member, output, slot] = offset[member, output, slot]
        for first in range(0, hidden, _UNITS_AT_ONCE):
            count = min(_UNITS_AT_ONCE, hidden - first)
            for unit in range(count):
                added = bias[member, 0, first + unit]
                for slot in range(slots):
                    rows[unit, slot] = max(layer[member, first + unit, slot] + added, nothing)
            for output in range(out.shape[1]):
                one = head[member, first, output]
                two = head[member, first + 1, output] if count > 1 else nothing
                three = head[member, first + 2, output] if count > 2 else nothing
                four = head[member, first + 3, output] if count > 3 else nothing
                for slot in range(slots):
                    out[member, output, slot] += (
                        one * rows[0, slot]
                        + two * rows[1, slot]
                        + three * rows[2, slot]
                        + four * rows[3, slot]
                    )
