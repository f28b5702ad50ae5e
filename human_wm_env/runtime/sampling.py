"""Sampling from the nets' outputs, in compiled loops; their layout is in `heads`."""

from __future__ import annotations

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.model.heads import MIN_SCALE, HeadLayout
from human_wm_env.person import schema


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


@compiled
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
