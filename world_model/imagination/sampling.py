"""Drawing rows from heads in MLX; the NumPy twin is `human_wm_env/model/heads.py`."""

from __future__ import annotations

import mlx.core as mx

from human_wm_env.model.heads import MIN_SCALE, HeadLayout, mixture_columns
from human_wm_env.person import schema


def choose(logits: mx.array, uniform: mx.array) -> mx.array:
    """Draw categories by inverting the cumulative distribution, int32 (slots,)."""
    weights = mx.exp(logits - logits.max(axis=1, keepdims=True))
    cumulative = mx.cumsum(weights, axis=1)
    below = cumulative <= (uniform * cumulative[:, -1])[:, None]
    return mx.minimum(below.sum(axis=1), logits.shape[1] - 1)


def sample_mixture(
    parameters: mx.array, components: int, temperature: float, normal: mx.array, uniform: mx.array
) -> mx.array:
    """Draw scaled values from mixtures of Gaussians, (slots,); 0 gives the mean."""
    logits, means, raw = (parameters[:, part] for part in mixture_columns(slice(0, 0), components))
    if temperature == 0.0:
        return (mx.softmax(logits, axis=1) * means).sum(axis=1)
    if components == 1:
        mean, own = means[:, 0], raw[:, 0]
    else:
        picked = choose(logits / temperature, uniform)[:, None]
        mean = mx.take_along_axis(means, picked, axis=1)[:, 0]
        own = mx.take_along_axis(raw, picked, axis=1)[:, 0]
    scale = mx.logaddexp(own, mx.array(0.0)) + MIN_SCALE
    return mean + temperature * scale * normal


def sample_columns(
    layout: HeadLayout,
    parameters: mx.array,
    chain: mx.array,
    temperature: float,
    normal: mx.array,
    uniform: mx.array,
    known: mx.array | None = None,
) -> dict[int, mx.array]:
    """Draw the features of a row along the chain.

    Args:
        layout: of the head.
        parameters: (slots, layout.width), before the chain.
        chain: (chain_width, width), masked; or one per slot, (slots, chain_width, width).
        temperature: tau.
        normal: (slots, features), one column per feature.
        uniform: (slots, features), likewise.
        known: (slots, features), 1 where a feature tells those after it in the chain; None
            means everywhere. A feature that does not is drawn all the same.

    Returns:
        Raw values by feature, (slots,) each; categories as int32.
    """
    columns: dict[int, mx.array] = {}
    of_mask = chain[..., layout.encoded_width :, :]
    if known is None:
        shifted = parameters + of_mask.sum(axis=-2)
    elif of_mask.ndim == 2:
        shifted = parameters + known @ of_mask
    else:
        shifted = parameters + (known[..., None] * of_mask).sum(axis=-2)
    for place, index in enumerate(layout.order):
        feature, part = schema.FEATURES[index], layout.parameters[index]
        weights = chain[..., layout.encoded[index], :]
        if isinstance(feature, schema.Continuous):
            value = sample_mixture(
                shifted[:, part],
                layout.components,
                temperature,
                normal[:, place],
                uniform[:, place],
            )
            raw = mx.clip(value * feature.scale + feature.centre, feature.low, feature.high)
            columns[index] = raw
            scaled = (raw - feature.centre) / feature.scale
            # The chain's mask is zero up to and including the feature's own parameters.
            added = scaled[:, None] * weights[..., 0, :]
        else:
            logits = shifted[:, part]
            picked = (
                logits.argmax(axis=1)
                if temperature == 0.0
                else choose(logits / temperature, uniform[:, place])
            )
            columns[index] = picked
            if weights.ndim == 2:
                added = weights[picked]
            else:
                added = mx.take_along_axis(weights, picked[:, None, None], axis=1)[:, 0]
        shifted = shifted + (added if known is None else known[:, place : place + 1] * added)
    return columns
