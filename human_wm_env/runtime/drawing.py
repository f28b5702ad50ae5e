"""Sampling from the nets' outputs, in compiled loops; their layout is in `heads`."""

from __future__ import annotations

import numpy as np

from human_wm_env import schema
from human_wm_env.compiled import compiled
from human_wm_env.runtime.heads import MIN_SCALE, HeadLayout

_FEATURES = np.array(
    [
        (each.centre, each.scale, each.low, each.high)
        if isinstance(each, schema.Continuous)
        else (0.0, 1.0, 0.0, 0.0)
        for each in schema.FEATURES
    ],
    dtype=np.float32,
)


def sample_mixture(
    parameters: np.ndarray,
    components: int,
    temperature: float,
    normal: np.ndarray,
    uniform: np.ndarray,
) -> np.ndarray:
    """Draw from a mixture of Gaussians.

    Args:
        parameters: float32 (slots, 3 * components): logits, means, raw scales.
        components: number of Gaussians.
        temperature: 0 gives the mixture's mean; it scales the Gaussians and flattens
            the choice between them (Ha & Schmidhuber 2018).
        normal: float (slots,), standard normal noise.
        uniform: float (slots,), noise in [0, 1).

    Returns:
        float32 (slots,), scaled values.
    """
    drawn = np.empty(len(parameters), dtype=np.float32)
    _mixtures(parameters, components, temperature, normal, uniform, MIN_SCALE, drawn)
    return drawn


def sample_category(logits: np.ndarray, temperature: float, uniform: np.ndarray) -> np.ndarray:
    """Draw categories, int (slots,); temperature 0 gives the most likely one.

    Args:
        logits: float32 (slots, categories).
        temperature: divides the log-odds.
        uniform: float (slots,), noise in [0, 1).
    """
    drawn = np.empty(len(logits), dtype=np.intp)
    _categories(logits, temperature, uniform, drawn)
    return drawn


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
        temperature: see `sample_mixture`.
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
        _FEATURES,
        layout.components,
        temperature,
        normal.T,
        uniform.T,
        MIN_SCALE,
        rows,
    )
    return rows.T


def sample_states(
    layout: HeadLayout,
    members: np.ndarray,
    mood_shift: np.ndarray,
    temperature: float,
    normal: np.ndarray,
    uniform: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw heart rate and mood of a day, and say how much the ensemble disagrees.

    A member is drawn for each slot; at temperature 0 the members are averaged. The disagreement
    is the mean of two standard deviations over the members: that of the expected heart rate
    (in scales) and that of the mood probabilities (averaged over the moods).

    Args:
        layout: of the states.
        members: float32 (members, slots, outputs).
        mood_shift: float32 (2, moods, members), what the heart rate does to the mood's logits:
            per scale, and by being known.
        temperature: tau of the dream.
        normal: float32 (slots, 2).
        uniform: float32 (slots, 3): member, then one per feature.

    Returns:
        Heart rate in bpm, float32 (slots,), mood, int (slots,), and the disagreement,
        float32 (slots,).
    """
    slots = members.shape[1]
    rate, mood = np.empty(slots, dtype=np.float32), np.empty(slots, dtype=np.intp)
    disagreement = np.empty(slots, dtype=np.float32)
    _states(
        members.transpose(0, 2, 1),
        layout.plan,
        layout.components,
        mood_shift,
        _FEATURES,
        temperature,
        normal.T,
        uniform.T,
        MIN_SCALE,
        rate,
        mood,
        disagreement,
    )
    return rate, mood, disagreement


# Loops; `room` is where a loop keeps what it works out for one slot. -------------------


@compiled
def _label(
    logits: np.ndarray,
    first: int,
    count: int,
    temperature: float,
    uniform: float,
    room: np.ndarray,
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
        room[place] = np.exp((logits[first + place] - highest) * per_tau)
        total += room[place]
    point, below, drawn = uniform * total, np.float32(0.0), 0
    for place in range(count - 1):
        below += room[place]
        drawn += below <= point
    return drawn


@compiled
def _mixture(
    column: np.ndarray,
    first: int,
    components: int,
    temperature: float,
    normal: float,
    uniform: float,
    least_scale: float,
    room: np.ndarray,
) -> np.float32:
    """Draw one number from a mixture: logits, means, raw scales."""
    means = first + components
    picked = 0
    if components > 1:
        if temperature == 0.0:
            return _expected(column, first, components)
        picked = _label(column, first, components, temperature, uniform, room)
    mean, raw = column[means + picked], column[means + components + picked]
    # Softplus, and a floor.
    scale = np.log(np.float32(1.0) + np.exp(-abs(raw))) + max(raw, np.float32(0.0))
    scale += np.float32(least_scale)
    return mean + np.float32(temperature) * scale * np.float32(normal)


@compiled
def _expected(column: np.ndarray, first: int, components: int) -> np.float32:
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


@compiled
def _mixtures(
    parameters: np.ndarray,
    components: int,
    temperature: float,
    normal: np.ndarray,
    uniform: np.ndarray,
    least_scale: float,
    drawn: np.ndarray,
) -> None:
    width = parameters.shape[1]
    column, room = np.empty(width, dtype=np.float32), np.empty(width, dtype=np.float32)
    for slot in range(len(drawn)):
        for place in range(width):
            column[place] = parameters[slot, place]
        drawn[slot] = _mixture(
            column, 0, components, temperature, normal[slot], uniform[slot], least_scale, room
        )


@compiled
def _categories(
    logits: np.ndarray, temperature: float, uniform: np.ndarray, drawn: np.ndarray
) -> None:
    count = logits.shape[1]
    column, room = np.empty(count, dtype=np.float32), np.empty(count, dtype=np.float32)
    for slot in range(len(drawn)):
        for place in range(count):
            column[place] = logits[slot, place]
        drawn[slot] = _label(column, 0, count, temperature, uniform[slot], room)


@compiled
def _rows(
    parameters: np.ndarray,
    chain: np.ndarray,
    known: np.ndarray,
    plan: np.ndarray,
    features: np.ndarray,
    components: int,
    temperature: float,
    normal: np.ndarray,
    uniform: np.ndarray,
    least_scale: float,
    rows: np.ndarray,
) -> None:
    width = parameters.shape[0]
    column, room = np.empty(width, dtype=np.float32), np.empty(width, dtype=np.float32)
    for slot in range(rows.shape[1]):
        for place in range(width):
            # The mask inputs of the chain are all 1: nothing is hidden from the model in a dream.
            column[place] = parameters[place, slot] + known[place]
        for place in range(len(plan)):
            index, first, last = plan[place, 0], plan[place, 1], plan[place, 2]
            encoded, categories = plan[place, 3], plan[place, 4]
            noise = uniform[place, slot]
            if categories > 0:
                picked = _label(column, first, categories, temperature, noise, room)
                rows[index, slot] = picked
                for later in range(last, width):
                    column[later] += chain[encoded + picked, later]
                continue
            centre, scale = features[index, 0], features[index, 1]
            low, high = features[index, 2], features[index, 3]
            value = _mixture(
                column,
                first,
                components,
                temperature,
                normal[place, slot],
                noise,
                least_scale,
                room,
            )
            value = min(max(value * scale + centre, low), high)
            rows[index, slot] = value
            scaled = (value - centre) / scale
            for later in range(last, width):
                column[later] += scaled * chain[encoded, later]


@compiled
def _disagree(
    members: np.ndarray, components: int, first_mood: int, moods: int, disagreement: np.ndarray
) -> None:
    """Work out how much the members disagree; slots innermost, so that a processor takes eight."""
    count, outputs, slots = members.shape
    # What the members expect: the heart rate, then the shares of the moods.
    told = np.empty((count, 1 + moods, slots), dtype=np.float32)
    column = np.empty(outputs, dtype=np.float32)
    highest, total = np.empty(slots, dtype=np.float32), np.empty(slots, dtype=np.float32)
    for member in range(count):
        for slot in range(slots):
            if components == 1:
                told[member, 0, slot] = members[member, 1, slot]
            else:
                for place in range(outputs):
                    column[place] = members[member, place, slot]
                told[member, 0, slot] = _expected(column, 0, components)
            highest[slot] = members[member, first_mood, slot]
            total[slot] = 0.0
        for place in range(first_mood + 1, first_mood + moods):
            for slot in range(slots):
                highest[slot] = max(highest[slot], members[member, place, slot])
        for place in range(moods):
            for slot in range(slots):
                weight = np.exp(members[member, first_mood + place, slot] - highest[slot])
                told[member, 1 + place, slot] = weight
                total[slot] += weight
        for place in range(moods):
            for slot in range(slots):
                told[member, 1 + place, slot] /= total[slot]
    share = np.float32(1.0 / count)
    for slot in range(slots):
        disagreement[slot] = 0.0
    for place in range(1 + moods):
        weigh = np.float32(0.5) if place == 0 else np.float32(0.5 / moods)
        for slot in range(slots):
            mean, square = np.float32(0.0), np.float32(0.0)
            for member in range(count):
                mean += share * told[member, place, slot]
            for member in range(count):
                apart = told[member, place, slot] - mean
                square += apart * apart
            disagreement[slot] += weigh * np.sqrt(share * square)


@compiled
def _states(
    members: np.ndarray,
    plan: np.ndarray,
    components: int,
    mood_shift: np.ndarray,
    features: np.ndarray,
    temperature: float,
    normal: np.ndarray,
    uniform: np.ndarray,
    least_scale: float,
    rate: np.ndarray,
    mood: np.ndarray,
    disagreement: np.ndarray,
) -> None:
    count, outputs, slots = members.shape
    heart, first_mood, moods = plan[0, 0], plan[1, 1], plan[1, 4]
    centre, scale = features[heart, 0], features[heart, 1]
    low, high = features[heart, 2], features[heart, 3]
    column, room = np.empty(outputs, dtype=np.float32), np.empty(outputs, dtype=np.float32)
    slope, shift = np.empty(moods, dtype=np.float32), np.empty(moods, dtype=np.float32)
    share = np.float32(1.0 / count)
    _disagree(members, components, first_mood, moods, disagreement)
    for slot in range(slots):
        # 1 is not drawn, but what is just below it may be rounded up.
        first = min(int(uniform[0, slot] * np.float32(count)), count - 1)
        last, weight = first + 1, np.float32(1.0)
        if temperature == 0.0:
            first, last, weight = 0, count, share
        for place in range(outputs):
            column[place] = 0.0
            for member in range(first, last):
                column[place] += weight * members[member, place, slot]
        for place in range(moods):
            slope[place] = shift[place] = 0.0
            for member in range(first, last):
                slope[place] += weight * mood_shift[0, place, member]
                shift[place] += weight * mood_shift[1, place, member]
        value = _mixture(
            column, 0, components, temperature, normal[0, slot], uniform[1, slot], least_scale, room
        )
        value = min(max(value * scale + centre, low), high)
        rate[slot] = value
        scaled = (value - centre) / scale
        for place in range(moods):
            column[first_mood + place] += scaled * slope[place] + shift[place]
        mood[slot] = _label(column, first_mood, moods, temperature, uniform[2, slot], room)
