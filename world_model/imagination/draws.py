"""Drawing the encoded features of a row from a head's parameters, in MLX.

The NumPy twin of `HardDraw` is `human_wm_env/runtime/sampling.py`. A draw carries its own
noise: the imagined day (`step`) calls one for the actions, and one for the states.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import mlx.core as mx

from human_wm_env.model.heads import MIN_SCALE, HeadLayout, mixture_columns
from human_wm_env.person import schema
from world_model.nets.point_predictions import point_predictions

#: encoded features, (slots, width of the feature) each, by index
Columns = dict[int, mx.array]


class Draw(Protocol):
    """Draws the features of one head."""

    def __call__(
        self,
        layout: HeadLayout,
        parameters: mx.array,
        chain: mx.array,
        observed: mx.array | None = None,
    ) -> Columns:
        """Return the encoded features of the head.

        Args:
            layout: of the head.
            parameters: (members, slots, layout.width), before the chain.
            chain: (members, chain_width, layout.width), masked.
            observed: (slots, features), 1 where a feature moves those after it in the chain;
                None means everywhere. One that does not is drawn all the same.
        """
        ...


class MeanDraw:
    """No draw: the expectation of each feature, averaged over the members, without the chain."""

    def __call__(
        self,
        layout: HeadLayout,
        parameters: mx.array,
        chain: mx.array,
        observed: mx.array | None = None,
    ) -> Columns:
        """Return means of continuous features and probabilities of categories."""
        points = point_predictions(layout, parameters).mean(axis=0)
        return {index: points[:, part] for index, part in layout.encoded.items()}


@dataclass(frozen=True)
class ChainedDraw(ABC):
    """Draws one feature after the other; what is drawn shifts the parameters of those after it.

    Abstract: a subclass says how a single feature is drawn.

    Attributes:
        normal: (slots, features), standard normal noise.
        uniform: (slots, features), noise in [0, 1).
        member: int (slots,), whose parameters each slot draws from; None: the first member's.
    """

    normal: mx.array
    uniform: mx.array
    member: mx.array | None = None

    @abstractmethod
    def category(self, logits: mx.array, uniform: mx.array) -> mx.array:
        """Draw one-hot categories, (slots, categories); `uniform` is (slots, 1)."""

    @abstractmethod
    def mixture(
        self, parameters: mx.array, components: int, normal: mx.array, uniform: mx.array
    ) -> mx.array:
        """Draw scaled values from mixtures of Gaussians, (slots, 1), as is the noise."""

    def of_member(self, parameters: mx.array, chain: mx.array) -> tuple[mx.array, mx.array]:
        """Return what each slot draws from: parameters (slots, width), and the chain.

        The chain is (chain_width, width) where all slots share it, else one per slot.
        """
        if self.member is None or len(parameters) == 1:
            return parameters[0], chain[0]
        own = mx.take_along_axis(parameters, self.member[None, :, None], axis=0)[0]
        return own, chain[self.member]

    def __call__(
        self,
        layout: HeadLayout,
        parameters: mx.array,
        chain: mx.array,
        observed: mx.array | None = None,
    ) -> Columns:
        """Draw along the chain; see `Draw`."""
        shifted, chain = self.of_member(parameters, chain)
        of_mask = chain[..., layout.encoded_width :, :]
        if observed is None:
            shifted = shifted + of_mask.sum(axis=-2)
        else:
            shifted = _add_product(shifted, observed, of_mask)
        drawn: Columns = {}
        for place, index in enumerate(layout.order):
            feature, own = schema.FEATURES[index], shifted[:, layout.parameters[index]]
            at = slice(place, place + 1)
            if isinstance(feature, schema.Continuous):
                normal, uniform = self.normal[:, at], self.uniform[:, at]
                value = self.mixture(own, layout.components, normal, uniform)
                bounds = (feature.low, feature.high)
                low, high = ((bound - feature.centre) / feature.scale for bound in bounds)
                drawn[index] = mx.clip(value, low, high)
            else:
                drawn[index] = self.category(own, self.uniform[:, at])
            if place + 1 < len(layout.order):
                moving = drawn[index] if observed is None else drawn[index] * observed[:, at]
                shifted = _add_product(shifted, moving, chain[..., layout.encoded[index], :])
        return drawn


@dataclass(frozen=True)
class HardDraw(ChainedDraw):
    """Draws as the environment does, by inverting cumulative distributions; no gradients.

    Attributes:
        temperature: tau. 0 takes means and likeliest categories, of the members' average.
    """

    temperature: float = 1.0

    def of_member(self, parameters: mx.array, chain: mx.array) -> tuple[mx.array, mx.array]:
        """Return what each slot draws from; at temperature 0 the members' average."""
        if self.temperature == 0.0:
            return parameters.mean(axis=0), chain.mean(axis=0)
        return super().of_member(parameters, chain)

    def category(self, logits: mx.array, uniform: mx.array) -> mx.array:
        """Draw one-hot categories; the likeliest at temperature 0."""
        if self.temperature == 0.0:
            return one_hot(logits.argmax(axis=1), logits.shape[1])
        return one_hot(self._picked(logits, uniform), logits.shape[1])

    def mixture(
        self, parameters: mx.array, components: int, normal: mx.array, uniform: mx.array
    ) -> mx.array:
        """Draw a component, then its Gaussian; the mean of all at temperature 0."""
        logits, mean, raw = _mixture_parts(parameters, components)
        if self.temperature == 0.0:
            return (mx.softmax(logits, axis=1) * mean).sum(axis=1, keepdims=True)
        if components > 1:
            picked = self._picked(logits, uniform)[:, None]
            mean = mx.take_along_axis(mean, picked, axis=1)
            raw = mx.take_along_axis(raw, picked, axis=1)
        return mean + self.temperature * _scale(raw) * normal

    def _picked(self, logits: mx.array, uniform: mx.array) -> mx.array:
        highest = logits.max(axis=1, keepdims=True)
        return inverse_cdf(mx.exp((logits - highest) / self.temperature), uniform)


@dataclass(frozen=True)
class StraightThroughDraw(ChainedDraw):
    """Draws with gradients: those of a one-hot category are those of its probabilities.

    Source: Bengio, Léonard & Courville 2013.
    """

    def category(self, logits: mx.array, uniform: mx.array) -> mx.array:
        """Draw one-hot categories whose gradient is that of the probabilities."""
        soft = mx.softmax(logits, axis=1)
        hard = one_hot(inverse_cdf(soft, uniform), logits.shape[1])
        return hard + soft - mx.stop_gradient(soft)

    def mixture(
        self, parameters: mx.array, components: int, normal: mx.array, uniform: mx.array
    ) -> mx.array:
        """Draw a component straight through, among values of all Gaussians."""
        logits, means, raw = _mixture_parts(parameters, components)
        values = means + _scale(raw) * normal
        return (self.category(logits, uniform) * values).sum(axis=1, keepdims=True)


def inverse_cdf(weights: mx.array, uniform: mx.array) -> mx.array:
    """Draw categories by inverting the cumulative distribution, int (slots,).

    Args:
        weights: (slots, categories), positive, of any sum.
        uniform: (slots, 1), noise in [0, 1).
    """
    cumulative = mx.cumsum(weights, axis=1)
    below = cumulative <= uniform * cumulative[:, -1:]
    return mx.minimum(below.sum(axis=1), weights.shape[1] - 1)


def one_hot(categories: mx.array, count: int) -> mx.array:
    """Return float32 (slots, count) from int (slots,)."""
    return (categories[:, None] == mx.arange(count)).astype(mx.float32)


def _mixture_parts(parameters: mx.array, components: int) -> tuple[mx.array, mx.array, mx.array]:
    """Return logits, means and raw scales, (slots, components) each."""
    logits, means, raw = mixture_columns(slice(0, 0), components)
    return parameters[:, logits], parameters[:, means], parameters[:, raw]


def _scale(raw: mx.array) -> mx.array:
    return mx.logaddexp(raw, mx.array(0.0)) + MIN_SCALE


def _add_product(shifted: mx.array, rows: mx.array, weights: mx.array) -> mx.array:
    """Return shifted + rows @ weights, where the weights may be one matrix per slot."""
    if weights.ndim == 2:
        return mx.addmm(shifted, rows, weights)
    return shifted + (rows[..., None] * weights).sum(axis=-2)
