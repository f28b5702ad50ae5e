"""Sampling from the nets' outputs, in compiled loops; their layout is in `heads`.

Actions are drawn from the policy's head, states from the ensemble: its predictive distribution is
the mixture over the members, of which one is drawn for each slot and day; at temperature 0 they
are averaged.
"""

from __future__ import annotations

import numpy as np

from human_wm_env.compiled import compiled, inlined
from human_wm_env.model.heads import MIN_SCALE, HeadLayout
from human_wm_env.person import schema

# exp(x) = 2^n exp(r) with |r| <= log(2) / 2, and a polynomial for exp(r): Cephes' expf (Moshier
# 1989). log(2) is taken off in two parts, of which the first times n is exact.
_LEAST, _MOST = np.float32(-87.0), np.float32(88.0)
_PER_LOG2 = np.float32(1.44269504)
_LOG2_HIGH, _LOG2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_C7, _C6, _C5 = (
    np.float32(1.9875691500e-4),
    np.float32(1.3981999507e-3),
    np.float32(8.3334519073e-3),
)
_C4, _C3, _C2 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(0.5)
_HALF, _ONE = np.float32(0.5), np.float32(1.0)
_EXPONENT_BIAS, _EXPONENT_AT = np.int32(127), np.int32(23)


def sample_row(
    layout: HeadLayout,
    parameters: np.ndarray,
    chain: np.ndarray,
    temperature: float,
    normal: np.ndarray,
    uniform: np.ndarray,
) -> np.ndarray:
    """Draw the features of one row along the chain.

    Args:
        layout: of the head.
        parameters: float32 (slots, layout.width), before the chain.
        chain: float32 (chain_width, width), masked weights.
        temperature: 0 gives a mixture's mean and the most likely category; it scales the
            Gaussians and flattens the choice between them (Ha & Schmidhuber 2018).
        normal: float32 (slots, features), one column per feature.
        uniform: float32 (slots, features), likewise.

    Returns:
        float32 (slots, 10), raw rows; only the features of the layout are set, continuous
        ones clipped to the schema's bounds.
    """
    rows = np.zeros((schema.FEATURE_COUNT, len(parameters)), dtype=np.float32)
    _rows(
        parameters.T,
        chain,
        chain[layout.encoded_width :].sum(axis=0),
        layout.plan,
        layout.components,
        temperature,
        (normal.T, uniform.T),
        rows,
    )
    return rows.T


# Loops; `buffer` is where a loop keeps its intermediate results of one slot. ------------


@compiled
def _label(
    logits: np.ndarray,
    first: int,
    count: int,
    temperature: float,
    uniform: float,
    buffer: np.ndarray,
) -> int:
    """Draw one category from log-odds."""
    if temperature == 0.0:
        best = first
        for row in range(first + 1, first + count):
            if logits[row] > logits[best]:
                best = row
        return best - first
    # Without branches: which category is drawn is what a processor cannot guess.
    highest = logits[first]
    for row in range(first + 1, first + count):
        highest = max(highest, logits[row])
    per_tau, total = np.float32(1.0 / temperature), np.float32(0.0)
    for place in range(count):
        buffer[place] = np.exp((logits[first + place] - highest) * per_tau)
        total += buffer[place]
    point, below, drawn = uniform * total, np.float32(0.0), 0
    for place in range(count - 1):
        below += buffer[place]
        drawn += below <= point
    return drawn


@compiled
def expected(column: np.ndarray, first: int, components: int) -> np.float32:
    """Return the mean of a mixture."""
    if components == 1:
        return column[first + 1]
    highest = column[first]
    for place in range(components):
        highest = max(highest, column[first + place])
    total, weighted = np.float32(0.0), np.float32(0.0)
    for place in range(first, first + components):
        weight = np.exp(column[place] - highest)
        total += weight
        weighted += weight * column[place + components]
    return weighted / total


@inlined
def mixture(
    column: np.ndarray,
    first: int,
    components: int,
    temperature: float,
    normal: float,
    uniform: float,
    buffer: np.ndarray,
) -> np.float32:
    """Draw one number from a mixture: logits, means, raw scales."""
    means = first + components
    picked = 0
    if components > 1:
        if temperature == 0.0:
            return expected(column, first, components)
        picked = _label(column, first, components, temperature, uniform, buffer)
    mean, raw = column[means + picked], column[means + components + picked]
    # Softplus, and a floor.
    scale = np.log(np.float32(1.0) + np.exp(-abs(raw))) + max(raw, np.float32(0.0))
    scale += np.float32(MIN_SCALE)
    return mean + np.float32(temperature) * scale * np.float32(normal)


@compiled
def _rows(
    parameters: np.ndarray,
    chain: np.ndarray,
    known: np.ndarray,
    plan: np.ndarray,
    components: int,
    temperature: float,
    noise: tuple[np.ndarray, np.ndarray],
    rows: np.ndarray,
) -> None:
    normal, uniform = noise
    width = parameters.shape[0]
    column, buffer = np.empty(width, dtype=np.float32), np.empty(width, dtype=np.float32)
    for slot in range(rows.shape[1]):
        for place in range(width):
            # The mask inputs of the chain are all 1: nothing is hidden from the model in a dream.
            column[place] = parameters[place, slot] + known[place]
        for place in range(len(plan)):
            index, first, last = plan[place, 0], plan[place, 1], plan[place, 2]
            encoded, categories = plan[place, 3], plan[place, 4]
            if categories > 0:
                picked = _label(
                    column, first, categories, temperature, uniform[place, slot], buffer
                )
                rows[index, slot] = picked
                for later in range(last, width):
                    column[later] += chain[encoded + picked, later]
                continue
            centre, scale = schema.CENTRES[index], schema.SCALES[index]
            value = mixture(
                column,
                first,
                components,
                temperature,
                normal[place, slot],
                uniform[place, slot],
                buffer,
            )
            value = min(max(value * scale + centre, schema.LOWS[index]), schema.HIGHS[index])
            rows[index, slot] = value
            scaled = (value - centre) / scale
            for later in range(last, width):
                column[later] += scaled * chain[encoded, later]


@compiled
def exponentials(values: np.ndarray) -> None:
    """Replace each value by its exponential, to 1e-7 of it: eight at once, side by side.

    Args:
        values: float32 (n,); beyond -87 and 88, whose exponentials float32 can hold, those are
            taken.
    """
    bits = np.empty(len(values), dtype=np.int32)
    for place in range(len(values)):
        value = min(max(values[place], _LEAST), _MOST)
        whole = np.floor(value * _PER_LOG2 + _HALF)
        rest = value - whole * _LOG2_HIGH - whole * _LOG2_LOW
        series = ((((_C7 * rest + _C6) * rest + _C5) * rest + _C4) * rest + _C3) * rest + _C2
        values[place] = series * rest * rest + rest + _ONE
        bits[place] = (np.int32(whole) + _EXPONENT_BIAS) << _EXPONENT_AT
    powers = bits.view(np.float32)  # 2^n
    for place in range(len(values)):
        values[place] *= powers[place]


@compiled
def _average(members: np.ndarray) -> np.ndarray:
    """Return the mean over the first axis, which stays; float32 (members, m, n)."""
    count, rows, columns = members.shape
    mean = np.zeros((1, rows, columns), dtype=np.float32)
    for member in range(count):
        for row in range(rows):
            for column in range(columns):
                mean[0, row, column] += members[member, row, column]
    for row in range(rows):
        for column in range(columns):
            mean[0, row, column] /= np.float32(count)
    return mean


@compiled
def take_highest_off(logits: np.ndarray) -> None:
    """Make the highest of the logits of each slot 0; (categories, slots)."""
    count, slots = logits.shape
    highest = logits[0].copy()
    for place in range(1, count):
        for slot in range(slots):
            highest[slot] = max(highest[slot], logits[place, slot])
    for place in range(count):
        for slot in range(slots):
            logits[place, slot] -= highest[slot]


@compiled
def divide_by_sum(weights: np.ndarray) -> None:
    """Make the weights of each slot sum to 1; (categories, slots)."""
    count, slots = weights.shape
    total = np.zeros(slots, dtype=np.float32)
    for place in range(count):
        for slot in range(slots):
            total[slot] += weights[place, slot]
    for slot in range(slots):
        total[slot] = np.float32(1.0) / total[slot]
    for place in range(count):
        for slot in range(slots):
            weights[place, slot] *= total[slot]


@inlined
def _draw_categories(
    logits: np.ndarray, temperature: float, uniform: np.ndarray, drawn: np.ndarray
) -> None:
    """Draw a category of each slot from logits, (categories, slots), which are overwritten."""
    categories, slots = logits.shape
    if temperature > 0.0:
        per_tau = np.float32(1.0 / temperature)
        for place in range(categories):
            for slot in range(slots):
                logits[place, slot] *= per_tau
    take_highest_off(logits)
    for slot in range(slots):
        drawn[slot] = 0
    if temperature == 0.0:
        for slot in range(slots):
            while logits[drawn[slot], slot] < np.float32(0.0):
                drawn[slot] += 1
        return
    exponentials(logits.reshape(-1))
    divide_by_sum(logits)
    # Without branches: which category is drawn is what a processor cannot guess.
    below = np.zeros(slots, dtype=np.float32)
    for place in range(categories - 1):
        for slot in range(slots):
            below[slot] += logits[place, slot]
            drawn[slot] += below[slot] <= uniform[slot]


@inlined
def _own_parameters(
    members: np.ndarray,
    chain: np.ndarray,
    member: np.ndarray,
    encoded: np.ndarray,
    first: int,
    own: np.ndarray,
) -> None:
    """Write the parameters of a state by the drawn members, (parameters, slots).

    Args:
        members: see `respond_loop`, as the next one.
        chain: likewise.
        member: int (slots,), drawn.
        encoded: float32 (k, slots), the states before it in the chain.
        first: of its parameters among the outputs.
        own: float32 (parameters, slots), to be written.
    """
    before, known = len(encoded), chain.shape[1] - 1
    for place in range(len(own)):
        for slot in range(len(member)):
            own[place, slot] = members[member[slot], first + place, slot]
    if before == 0:
        return
    for place in range(len(own)):
        for row in range(before):
            for slot in range(len(member)):
                own[place, slot] += encoded[row, slot] * chain[member[slot], row, first + place]
        for slot in range(len(member)):
            own[place, slot] += chain[member[slot], known, first + place]


@inlined
def respond_loop(
    members: np.ndarray,
    chain: np.ndarray,
    plan: np.ndarray,
    temperature: float,
    normal: np.ndarray,
    uniform: np.ndarray,
    row: np.ndarray,
) -> None:
    """Draw the states of a day, each given those before it in the chain.

    Args:
        members: float32 (members, outputs, slots).
        chain: float32 (members, encoded states + 1, outputs), what the states before one in the
            chain add to its parameters, and at last what their being known adds.
        plan: of the states' HeadLayout.
        temperature: tau of the dream.
        normal: float32 (at least states, slots).
        uniform: float32 (at least 1 + states, slots): member, then one for each state.
        row: float32 (10, slots), raw; the states are written.
    """
    if temperature == 0.0:
        members, chain = _average(members), _average(chain)
    count, outputs, slots = members.shape
    # Each array allocated takes as long as ten slots: there are few.
    of_slot, of_state = np.empty((2, slots), np.intp), np.empty((2, outputs), np.float32)
    member, drawn, column, buffer = of_slot[0], of_slot[1], of_state[0], of_state[1]
    parameters = np.empty((outputs, slots), dtype=np.float32)
    encoded = np.zeros((chain.shape[1], slots), dtype=np.float32)
    for slot in range(slots):
        # 1 is not drawn, but what is just below it may be rounded up.
        member[slot] = min(int(uniform[0, slot] * np.float32(count)), count - 1)
    for state in range(len(plan)):
        index, first, last = plan[state, 0], plan[state, 1], plan[state, 2]
        at, categories = plan[state, 3], plan[state, 4]
        own = parameters[first:last]
        _own_parameters(members, chain, member, encoded[:at], first, own)
        if categories > 0:
            _draw_categories(own, temperature, uniform[1 + state], drawn)
            for slot in range(slots):
                row[index, slot] = drawn[slot]
                encoded[at + drawn[slot], slot] = 1.0
            continue
        centre, scale = schema.CENTRES[index], schema.SCALES[index]
        low, high = schema.LOWS[index], schema.HIGHS[index]
        for slot in range(slots):
            for place in range(last - first):
                column[place] = own[place, slot]
            value = mixture(
                column,
                0,
                (last - first) // 3,
                temperature,
                normal[state, slot],
                uniform[1 + state, slot],
                buffer,
            )
            value = min(max(value * scale + centre, low), high)
            row[index, slot] = value
            encoded[at, slot] = (value - centre) / scale
