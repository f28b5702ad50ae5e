"""Distributions over several features of a row: layout of the parameters, and sampling.

A continuous feature is a mixture of Gaussians on the scaled value, a category a
softmax. The features of one row are a chain: each feature's parameters are shifted by
a linear function of the features before it in the row, so that steps and distance of
one day belong together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from human_wm_env import schema

MIN_SCALE = 0.01  # of the schema's scale; keeps likelihoods of repeated values finite
_ZERO, _ONE, _MIN_SCALE = (np.array(number, dtype=np.float32) for number in (0.0, 1.0, MIN_SCALE))
# Each row sums the categories up to its own: quicker than np.add.accumulate.
_UP_TO = {
    count: np.tril(np.ones((count, count), dtype=np.float32))
    for count in {schema.FEATURES[index].width for index in schema.CATEGORICAL_FEATURES}
}


@dataclass(frozen=True)
class HeadLayout:
    """Where the parameters of each feature stand.

    Attributes:
        order: feature indices, in chain order.
        components: Gaussian components of each continuous feature.
    """

    order: tuple[int, ...]
    components: int

    @cached_property
    def parameters(self) -> dict[int, slice]:
        """Parameter columns of each feature: 3 per component, or one logit per category."""
        slices: dict[int, slice] = {}
        start = 0
        for index in self.order:
            feature = schema.FEATURES[index]
            is_continuous = isinstance(feature, schema.Continuous)
            width = 3 * self.components if is_continuous else feature.width
            slices[index] = slice(start, start + width)
            start += width
        return slices

    @cached_property
    def width(self) -> int:
        """Number of parameters."""
        return max(part.stop for part in self.parameters.values())

    @cached_property
    def encoded(self) -> dict[int, slice]:
        """Encoded columns of each feature, in chain order."""
        return schema.encoded_slices(self.order)

    @cached_property
    def encoded_width(self) -> int:
        """Width of the encoded features."""
        return max(part.stop for part in self.encoded.values())

    @cached_property
    def chain_width(self) -> int:
        """Inputs of the chain: the encoded features and their mask."""
        return self.encoded_width + len(self.order)

    @cached_property
    def chain_mask(self) -> np.ndarray:
        """1 where a chain input may shift a parameter, float32 (chain_width, width)."""
        mask = np.zeros((self.chain_width, self.width), dtype=np.float32)
        for place, index in enumerate(self.order):
            for later in self.order[place + 1 :]:
                mask[self.encoded[index], self.parameters[later]] = 1.0
                mask[self.encoded_width + place, self.parameters[later]] = 1.0
        return mask


def mixture_columns(part: slice, components: int) -> tuple[slice, slice, slice]:
    """Return the columns of logits, means and raw scales of one continuous feature."""
    start = part.start
    return (
        slice(start, start + components),
        slice(start + components, start + 2 * components),
        slice(start + 2 * components, start + 3 * components),
    )


def scale_of(raw: np.ndarray) -> np.ndarray:
    """Return positive scales from raw ones: softplus plus a floor."""
    # Neither logaddexp nor log1p, which work number by number; what log1p would add to the
    # scale is far below the floor's rounding.
    scale = np.exp(-np.abs(raw))
    scale += _ONE
    np.log(scale, out=scale)
    scale += np.maximum(raw, _ZERO)
    scale += _MIN_SCALE
    return scale


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
    columns = parameters.T
    logits, means, raw = (columns[part] for part in mixture_columns(slice(0, 0), components))
    if components == 1:
        mean = means[0]
        if temperature == 0.0:
            return mean
        spread = scale_of(raw[0])
        spread *= normal
        if temperature != 1.0:
            spread *= np.float32(temperature)
        spread += mean
        return spread
    if temperature == 0.0:
        weights = np.exp(logits - logits.max(axis=0))
        return (weights * means).sum(axis=0) / weights.sum(axis=0)
    picked = sample_label(logits, temperature, uniform)
    slots = np.arange(len(picked))
    scale = scale_of(raw[picked, slots])
    return means[picked, slots] + np.float32(temperature) * scale * normal


def sample_category(logits: np.ndarray, temperature: float, uniform: np.ndarray) -> np.ndarray:
    """Draw categories, int (slots,); temperature 0 gives the most likely one."""
    return sample_label(logits.T, temperature, uniform)


def sample_label(logits: np.ndarray, temperature: float, uniform: np.ndarray) -> np.ndarray:
    """Draw categories from log-odds in columns, (categories, slots); see `sample_category`."""
    if temperature == 0.0:
        return logits.argmax(axis=0)
    if temperature != 1.0:
        logits = logits / np.float32(temperature)
    weights = logits - np.maximum.reduce(logits, axis=0)
    np.exp(weights, out=weights)
    up_to = _UP_TO.get(len(weights))
    cumulative = np.add.accumulate(weights, axis=0) if up_to is None else up_to @ weights
    below = cumulative[:-1] <= uniform * cumulative[-1]
    drawn: np.ndarray = np.add.reduce(below.view(np.int8), axis=0, dtype=np.intp)
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
    # Column by column in memory: what is written here are slices of features, for all slots.
    rows = np.zeros((schema.FEATURE_COUNT, len(parameters)), dtype=np.float32)
    # The mask inputs of the chain are all 1: nothing is hidden from the model in a dream.
    known = chain[layout.encoded_width :].sum(axis=0)
    shifted = parameters.T + known[:, None]
    for place, index in enumerate(layout.order):
        feature, part = schema.FEATURES[index], layout.parameters[index]
        weights = chain[layout.encoded[index], part.stop :]
        later = shifted[part.stop :]
        if isinstance(feature, schema.Continuous):
            raw = sample_mixture(
                shifted[part].T,
                layout.components,
                temperature,
                normal[:, place],
                uniform[:, place],
            )
            raw = raw * feature.scale + feature.centre
            rows[index] = np.minimum(np.maximum(raw, feature.low), feature.high)
            if weights.size:
                scaled = (rows[index] - feature.centre) / feature.scale
                later += scaled * weights[0][:, None]
        else:
            picked = sample_label(shifted[part], temperature, uniform[:, place])
            rows[index] = picked
            if weights.size:
                later += np.ascontiguousarray(weights.T).take(picked, axis=1)
    return rows.T
