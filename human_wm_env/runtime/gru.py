"""A GRU, bidirectional or forward: with its derivative for training, and compiled for a few people.

`Recurrence` is NumPy, block of days by block of days. Within a day each gate of each
direction is one piece of memory: NumPy is three times as fast on those. Products with weights
that need no state are done for a block of days, while it is in the cache: the gates of whole
logs never are in memory. For a handful of people most of that would be NumPy's calls: `read`
does without.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from human_wm_env.compiled import compiled

BLOCK_DAYS = 32
SHUT = np.float32(1e4)  # an update gate of exactly 1 carries the state
_ONE = np.float32(1.0)
_RESET, _UPDATE, _NEW = range(3)
_OPENING = slice(0, 2)  # reset and update


def read(
    days: np.ndarray,
    to_gates: np.ndarray,
    bias: np.ndarray,
    hidden: np.ndarray,
    hidden_bias: np.ndarray,
    valid: np.ndarray,
) -> np.ndarray:
    """Return what `Recurrence(...).forward()` does, (people, days, 2H), person by person."""
    people, length, _ = days.shape
    width = hidden.shape[1]
    result = np.empty((people, length, 2 * width), dtype=np.float32)
    for way, backward in enumerate((False, True)):
        of_input = days @ to_gates[way]
        of_input += bias[way]
        own = slice(way * width, (way + 1) * width)
        _read(of_input, hidden[way], hidden_bias[way], valid, backward, result[..., own])
    return result


@compiled
def _read(
    of_input: np.ndarray,
    hidden: np.ndarray,
    hidden_bias: np.ndarray,
    valid: np.ndarray,
    backward: bool,
    result: np.ndarray,
) -> None:
    people, length, gates = of_input.shape
    width = len(hidden)
    one = np.float32(1.0)
    state, inner = np.empty(width, dtype=np.float32), np.empty(gates, dtype=np.float32)
    for person in range(people):
        for unit in range(width):
            state[unit] = 0.0
        for passed in range(length):
            day = length - 1 - passed if backward else passed
            if valid[person, day]:
                for gate in range(gates):
                    inner[gate] = 0.0
                for row in range(width):
                    for gate in range(gates):
                        inner[gate] += state[row] * hidden[row, gate]
                for unit in range(width):
                    reset = one / (one + np.exp(-(of_input[person, day, unit] + inner[unit])))
                    at = width + unit
                    update = one / (one + np.exp(-(of_input[person, day, at] + inner[at])))
                    at += width
                    inner[at] = reset * (inner[at] + hidden_bias[unit])
                    new = np.tanh(of_input[person, day, at] + inner[at])
                    state[unit] = new + update * (state[unit] - new)
            for unit in range(width):
                result[person, day, unit] = state[unit]


class Recurrence:
    """One pass over the days, and what its derivative needs.

    Args:
        days: float32 (people, days, inputs).
        to_gates: float32 (ways, inputs, 3H), input part of reset, update and new gate. Two ways
            are both directions, one is the forward direction alone.
        bias: float32 (ways, 3H), likewise.
        hidden: float32 (ways, H, 3H), hidden part of the gates.
        hidden_bias: float32 (ways, H), of the hidden part of the new gate.
        valid: bool (people, days), False on padding, which carries the state; or None.
    """

    def __init__(
        self,
        days: np.ndarray,
        to_gates: np.ndarray,
        bias: np.ndarray,
        hidden: np.ndarray,
        hidden_bias: np.ndarray,
        valid: np.ndarray | None = None,
    ) -> None:
        people, length, _ = days.shape
        self._days, self._valid = days, valid
        self._to_gates, self._bias = _by_gate(to_gates), _by_gate(bias[:, None])
        self._hidden, self._hidden_bias = _by_gate(hidden), hidden_bias[:, None]
        self._ways = len(to_gates)
        self._shape = (self._ways, people, hidden.shape[1])
        # The state before the first day stands in front.
        self._states = np.zeros((self._ways, 1 + length, *self._shape[1:]), dtype=np.float32)
        self._new = np.empty((length, *self._shape), dtype=np.float32)
        # Reset and update gate, and what the reset gate is multiplied with.
        self._kept = np.empty((length, 3, *self._shape), dtype=np.float32)

    def forward(self) -> np.ndarray:
        """Return forward (and backward) states after each day, (people, days, ways * H).

        Source: Cho et al. 2014, with the reset gate after the product, as in cuDNN.
        """
        people, length, _ = self._days.shape
        width = self._shape[2]
        # A gate is 1 / (1 + exp(-x)): the sign is in the weights.
        signs = np.array([-1.0, -1.0, 1.0], dtype=np.float32)[:, None, None, None]
        to_gates, bias, hidden = (
            signs * part for part in (self._to_gates, self._bias, self._hidden)
        )
        hidden_bias = np.repeat(self._hidden_bias, people, axis=1)
        states = self._states
        with np.errstate(over="ignore"):  # an infinite exp is a gate of 0
            for block in self._blocks():
                of_input = np.matmul(_rows(_cut(_ways(self._days, self._ways), block)), to_gates)
                of_input += bias
                of_input = of_input.reshape(3, self._ways, -1, people, width)
                if self._valid is not None:
                    padding = ~_cut(_ways(self._valid, self._ways), block)[..., None]
                    of_input[_UPDATE] -= SHUT * padding
                for day in range(block.start, block.stop):
                    today = of_input[:, :, day - block.start]
                    before, new, kept = states[:, day], self._new[day], self._kept[day]
                    np.matmul(before, hidden, out=kept)
                    both, inner = kept[_OPENING], kept[_NEW]
                    both += today[_OPENING]
                    np.exp(both, out=both)
                    both += _ONE
                    np.reciprocal(both, out=both)
                    inner += hidden_bias
                    np.multiply(both[_RESET], inner, out=new)
                    new += today[_NEW]
                    np.tanh(new, out=new)
                    after = np.subtract(before, new, out=states[:, day + 1])
                    after *= both[_UPDATE]
                    after += new
        result = np.empty((people, length, self._ways * width), dtype=np.float32)
        for way, own in zip(_halves(result, self._ways), states[:, 1:], strict=True):
            way[:] = own.swapaxes(0, 1)
        return result

    def backward(self, cotangent: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the derivatives by the days and the weights, in the order of the arguments.

        Args:
            cotangent: float32 (people, days, ways * H), of the states.
        """
        people = self._shape[1]
        d_days = np.zeros_like(self._days)
        d_to_gates, d_bias = np.zeros_like(self._to_gates), np.zeros_like(self._bias)
        d_hidden, d_hidden_bias = np.zeros_like(self._hidden), np.zeros_like(self._hidden_bias)
        from_gates = np.ascontiguousarray(self._to_gates.swapaxes(2, 3))
        carried = np.zeros(self._shape, dtype=np.float32)
        for block in reversed(list(self._blocks())):
            own = _cut(_halves(cotangent, self._ways), block)
            d_gates, d_inner, carried = self._through_days(block, own, carried)
            seen = _rows(_cut(_ways(self._days, self._ways), block)).swapaxes(1, 2)
            d_to_gates += np.matmul(seen, d_gates)
            d_bias += d_gates.sum(axis=2, keepdims=True)
            before = _rows(self._states[:, block]).swapaxes(1, 2)
            d_hidden[_OPENING] += np.matmul(before, d_gates[_OPENING])
            d_hidden[_NEW] += np.matmul(before, d_inner)
            d_hidden_bias += d_inner.sum(axis=1, keepdims=True)
            d_seen = np.matmul(d_gates, from_gates).sum(axis=0)
            for way, part in zip(_ways(d_days, self._ways), d_seen, strict=True):
                way[:, block] += part.reshape(-1, people, part.shape[1]).swapaxes(0, 1)
        return (
            d_days,
            _side_by_side(d_to_gates),
            _side_by_side(d_bias)[:, 0],
            _side_by_side(d_hidden),
            d_hidden_bias[:, 0],
        )

    def _through_days(
        self, block: slice, own: np.ndarray, carried: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Go back through the days of a block.

        Args:
            block: the days.
            own: float32 (ways, days, people, H), cotangent of their states.
            carried: float32 (ways, people, H), what later days say of the last state.

        Returns:
            Derivatives by the gates, (3, ways, days * people, H), and by what the reset gate is
            multiplied with, (ways, days * people, H); and what to carry on.
        """
        width = self._shape[2]
        d_gates = np.empty((3, *own.shape), dtype=np.float32)
        d_inner = np.empty_like(own)
        transposed = np.ascontiguousarray(self._hidden.swapaxes(2, 3))
        through = np.empty((3, *self._shape), dtype=np.float32)
        total, kept_on, scratch = (np.empty(self._shape, dtype=np.float32) for _ in range(3))
        carried = carried.copy()
        for day in reversed(range(block.start, block.stop)):
            at = day - block.start
            (reset, update, inner), new = self._kept[day], self._new[day]
            d_reset, d_update, d_new = d_gates[:, :, at]
            np.add(own[:, at], carried, out=total)
            np.multiply(total, update, out=kept_on)
            # state = new + update * (before - new); a gate's derivative is gate * (1 - gate).
            np.subtract(self._states[:, day], new, out=scratch)
            scratch *= kept_on
            np.multiply(scratch, update, out=d_update)
            np.subtract(scratch, d_update, out=d_update)
            total -= kept_on
            np.multiply(new, new, out=scratch)
            scratch *= total
            np.subtract(total, scratch, out=d_new)
            by_inner = np.multiply(d_new, reset, out=d_inner[:, at])
            np.multiply(by_inner, inner, out=scratch)
            np.multiply(scratch, reset, out=d_reset)
            np.subtract(scratch, d_reset, out=d_reset)
            np.matmul(d_gates[_OPENING, :, at], transposed[_OPENING], out=through[_OPENING])
            np.matmul(by_inner, transposed[_NEW], out=through[_NEW])
            np.add.reduce(through, axis=0, out=carried)
            carried += kept_on
        return d_gates.reshape(3, self._ways, -1, width), _rows(d_inner), carried

    def _blocks(self) -> Iterator[slice]:
        length = len(self._new)
        for first in range(0, length, BLOCK_DAYS):
            yield slice(first, min(first + BLOCK_DAYS, length))


def _ways(array: np.ndarray, count: int) -> tuple[np.ndarray, ...]:
    """Return (people, days, ...) in the order of each direction."""
    return (array, array[:, ::-1])[:count]


def _halves(states: np.ndarray, count: int) -> tuple[np.ndarray, ...]:
    """Return each direction's part of (people, days, ways * H), in its own order of days."""
    width = states.shape[2] // count
    return (states[..., :width], states[:, ::-1, width:])[:count]


def _cut(ways: tuple[np.ndarray, ...], block: slice) -> np.ndarray:
    """Return a block of days, (ways, days, people, ...)."""
    return np.stack([way[:, block].swapaxes(0, 1) for way in ways])


def _rows(array: np.ndarray) -> np.ndarray:
    """(ways, days, people, width) to (ways, days * people, width)."""
    return array.reshape(len(array), -1, array.shape[-1])


def _by_gate(array: np.ndarray) -> np.ndarray:
    """(ways, rows, 3H) to (3, ways, rows, H)."""
    directions, rows, width = array.shape
    gates = array.reshape(directions, rows, 3, width // 3)
    return np.ascontiguousarray(gates.transpose(2, 0, 1, 3))


def _side_by_side(array: np.ndarray) -> np.ndarray:
    """(3, ways, rows, H) to (ways, rows, 3H)."""
    gates, directions, rows, width = array.shape
    return array.transpose(1, 2, 0, 3).reshape(directions, rows, gates * width)
