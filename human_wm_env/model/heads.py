"""Distributions over several features of a row: the layout of their parameters.

A continuous feature is a mixture of Gaussians on the scaled value, a category a
softmax. The features of one row are a chain: each feature's parameters are shifted by
a linear function of the features before it in the row, so that steps and distance of
one day belong together. `runtime.sampling` samples from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from human_wm_env.person import schema

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

    @cached_property
    def plan(self) -> np.ndarray:
        """What a sampler needs of each feature, in chain order, int (features, 5).

        Feature, first and last + 1 of its parameters, its first encoded column, and the number
        of its categories, 0 for a continuous one.
        """
        rows = []
        for index in self.order:
            feature, part = schema.FEATURES[index], self.parameters[index]
            categories = 0 if isinstance(feature, schema.Continuous) else feature.width
            first = self.encoded[index].start
            rows.append((index, part.start, part.stop, first, categories))
        return np.array(rows)


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
    scale: np.ndarray = np.logaddexp(0.0, raw) + MIN_SCALE
    return scale
