"""Drawing the encoded features of a row from a head's parameters, in MLX.

The NumPy twin of `HardDraw` is `human_wm_env/runtime/sampling.py`. A draw carries its own
noise: the imagined day (`step`) calls one for the actions, and one for the states.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx

from human_wm_env.model.heads import MIN_SCALE, HeadLayout
from human_wm_env.person import schema
from world_model.nets.distributions import point_predictions

#: encoded features, (slots, width of the feature) each, by index
Columns = dict[int, mx.array]
#: From a layout, parameters before the chain (members, slots, width), the masked chain (members,
#: chain_width, width) and (slots, features), 1 where a feature moves those after it in the chain
#: (None: everywhere), to the encoded features. One that moves nothing is drawn all the same.
Draw = Callable[[HeadLayout, mx.array, mx.array, mx.array | None], Columns]


def draw_mean(
    layout: HeadLayout, parameters: mx.array, _chain: mx.array, _observed: mx.array | None
) -> Columns:
    """Return expectations instead of draws, averaged over the members, without the chain."""
    points = point_predictions(layout, parameters).mean(axis=0)
    return {index: points[:, part] for index, part in layout.encoded.items()}


def disagreement(layout: HeadLayout, parameters: mx.array) -> mx.array:
    """Return how much the members of an ensemble disagree about a day, (slots,).

    The mean over the features of standard deviations over the members: of what they expect of a
    number, and of the shares of a category (averaged over the categories).

    Args:
        layout: of the head.
        parameters: before the chain, (members, slots, width).
    """
    points = point_predictions(layout, parameters)
    spread = mx.sqrt(mx.var(points, axis=0) + 1e-12)  # with a gradient where all agree
    apart = [spread[:, part].mean(axis=1) for part in layout.encoded.values()]
    return mx.stack(apart, axis=0).mean(axis=0)


@dataclass(frozen=True)
class ChainedDraw(ABC):
    """Draws one feature after the other; each shifts the parameters of those after it.

    Abstract: a subclass says how a single feature is drawn.

    Attributes:
        normal: (slots, features), standard normal noise.
        uniform: (slots, features), noise in [0, 1).
        member: int (slots,), whose parameters each slot draws from; None: the members' average.
        temperature: tau, of all noise.
    """

    normal: mx.array
    uniform: mx.array
    member: mx.array | None = None
    temperature: float = 1.0

    @abstractmethod
    def category(self, logits: mx.array, uniform: mx.array) -> mx.array:
        """Draw one-hot categories, (slots, categories); `uniform` is (slots, 1)."""

    @abstractmethod
    def mixture(self, own: mx.array, normal: mx.array, uniform: mx.array) -> mx.array:
        """Draw scaled values, (slots, 1), from a mixture's parameters (slots, 3 * components)."""

    def __call__(
        self,
        layout: HeadLayout,
        parameters: mx.array,
        chain: mx.array,
        observed: mx.array | None = None,
    ) -> Columns:
        """Draw along the chain; see `Draw`."""
        if self.member is None:
            shifted, chain = parameters.mean(axis=0), chain.mean(axis=0)
        else:
            shifted = mx.take_along_axis(parameters, self.member[None, :, None], axis=0)[0]
            chain = chain[self.member]
        of_mask = chain[..., layout.encoded_width :, :]
        if observed is None:
            shifted = shifted + of_mask.sum(axis=-2)
        else:
            shifted = _add_product(shifted, observed, of_mask)
        drawn: Columns = {}
        for place, index in enumerate(layout.order):
            feature, own = schema.FEATURES[index], shifted[:, layout.parameters[index]]
            normal, uniform = (noise[:, place : place + 1] for noise in (self.normal, self.uniform))
            if isinstance(feature, schema.Continuous):
                bounds = (feature.low, feature.high)
                low, high = ((bound - feature.centre) / feature.scale for bound in bounds)
                drawn[index] = moving = mx.clip(self.mixture(own, normal, uniform), low, high)
            else:
                drawn[index] = moving = self.category(own, uniform)
            if index != layout.order[-1]:
                if observed is not None:
                    moving = moving * observed[:, place : place + 1]
                shifted = _add_product(shifted, moving, chain[..., layout.encoded[index], :])
        return drawn


@dataclass(frozen=True)
class HardDraw(ChainedDraw):
    """Draws as the environment does, by inverting cumulative distributions; no gradients.

    A temperature of 0 takes means and likeliest categories.
    """

    def category(self, logits: mx.array, uniform: mx.array) -> mx.array:
        """Draw one-hot categories; the likeliest at temperature 0."""
        return one_hot(self._picked(logits, uniform), logits.shape[1])

    def mixture(self, own: mx.array, normal: mx.array, uniform: mx.array) -> mx.array:
        """Draw a component, then its Gaussian; the mean of all at temperature 0."""
        logits, means, raw = mx.split(own, 3, axis=1)
        if self.temperature == 0.0:
            return (mx.softmax(logits, axis=1) * means).sum(axis=1, keepdims=True)
        if logits.shape[1] > 1:
            picked = self._picked(logits, uniform)[:, None]
            means = mx.take_along_axis(means, picked, axis=1)
            raw = mx.take_along_axis(raw, picked, axis=1)
        return means + self.temperature * _scale(raw) * normal

    def _picked(self, logits: mx.array, uniform: mx.array) -> mx.array:
        logits = mx.stop_gradient(logits)  # an index has none
        if self.temperature == 0.0:
            return logits.argmax(axis=1)
        highest = logits.max(axis=1, keepdims=True)
        return inverse_cdf(mx.exp((logits - highest) / self.temperature), uniform)


@dataclass(frozen=True)
class StraightThroughDraw(ChainedDraw):
    """Draws with gradients: those of a one-hot category are those of its probabilities.

    Its temperature is above 0.

    Source: Bengio, Léonard & Courville 2013.
    """

    def category(self, logits: mx.array, uniform: mx.array) -> mx.array:
        """Draw one-hot categories whose gradient is that of the probabilities."""
        soft = mx.softmax(logits / self.temperature, axis=1)
        hard = one_hot(inverse_cdf(soft, uniform), logits.shape[1])
        return hard + soft - mx.stop_gradient(soft)

    def mixture(self, own: mx.array, normal: mx.array, uniform: mx.array) -> mx.array:
        """Draw from every Gaussian, then pick a component straight through."""
        logits, means, raw = mx.split(own, 3, axis=1)
        values = means + self.temperature * _scale(raw) * normal
        return (self.category(logits, uniform) * values).sum(axis=1, keepdims=True)


def inverse_cdf(weights: mx.array, uniform: mx.array) -> mx.array:
    """Draw categories by inverting the cumulative distribution, int (slots,).

    Args:
        weights: (slots, categories), not negative, of any sum.
        uniform: (slots, 1), noise in [0, 1).
    """
    cumulative = mx.cumsum(weights, axis=1)
    below = cumulative <= uniform * cumulative[:, -1:]
    return mx.minimum(below.sum(axis=1), weights.shape[1] - 1)


def one_hot(categories: mx.array, count: int) -> mx.array:
    """Return float32 (slots, count) from int (slots,)."""
    return (categories[:, None] == mx.arange(count)).astype(mx.float32)


def _scale(raw: mx.array) -> mx.array:
    return mx.logaddexp(raw, mx.array(0.0)) + MIN_SCALE


def _add_product(shifted: mx.array, rows: mx.array, weights: mx.array) -> mx.array:
    """Return shifted + rows @ weights, where the weights may be one matrix per slot."""
    if weights.ndim == 2:
        return mx.addmm(shifted, rows, weights)
    return shifted + (rows[..., None] * weights).sum(axis=-2)
