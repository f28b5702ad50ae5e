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
from human_wm_env.people.choices import choose

MIN_SCALE = 0.01  # of the schema's scale; keeps likelihoods of repeated values finite


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
    return np.logaddexp(0.0, raw) + np.float32(MIN_SCALE)


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
    logits, means, raw = (parameters[:, part] for part in mixture_columns(slice(0, 0), components))
    if components == 1:
        mean = means[:, 0]
        if temperature == 0.0:
            return mean
        return mean + np.float32(temperature) * scale_of(raw[:, 0]) * normal
    if temperature == 0.0:
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (weights * means).sum(axis=1) / weights.sum(axis=1)
    picked = choose(logits / np.float32(temperature), uniform)
    slots = np.arange(len(picked))
    scale = scale_of(raw[slots, picked])
    return means[slots, picked] + np.float32(temperature) * scale * normal


def sample_category(logits: np.ndarray, temperature: float, uniform: np.ndarray) -> np.ndarray:
    """Draw categories, int (slots,); temperature 0 gives the most likely one."""
    if temperature == 0.0:
        return logits.argmax(axis=1)
    return choose(logits / np.float32(temperature), uniform)


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
    rows = np.zeros((len(parameters), schema.FEATURE_COUNT), dtype=np.float32)
    shifted = parameters.copy()
    # The mask inputs of the chain are all 1: nothing is hidden from the model in a dream.
    shifted += chain[layout.encoded_width :].sum(axis=0)
    for place, index in enumerate(layout.order):
        feature, part = schema.FEATURES[index], layout.parameters[index]
        weights = chain[layout.encoded[index], part.stop :]
        if isinstance(feature, schema.Continuous):
            value = sample_mixture(
                shifted[:, part],
                layout.components,
                temperature,
                normal[:, place],
                uniform[:, place],
            )
            raw = np.clip(value * feature.scale + feature.centre, feature.low, feature.high)
            rows[:, index] = raw
            if weights.size:
                scaled = (raw - feature.centre) / feature.scale
                shifted[:, part.stop :] += scaled[:, None].astype(np.float32) * weights
        else:
            picked = sample_category(shifted[:, part], temperature, uniform[:, place])
            rows[:, index] = picked
            if weights.size:
                shifted[:, part.stop :] += weights[picked]
    return rows
