"""Log-likelihoods of the features of a row, in nats, in MLX."""

from __future__ import annotations

import math

import mlx.core as mx
import mlx.nn as nn

from human_wm_env import schema
from human_wm_env.runtime.heads import MIN_SCALE, HeadLayout, mixture_columns

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)


def mixture_log_likelihood(parameters: mx.array, value: mx.array, components: int) -> mx.array:
    """Return log densities of scaled values under mixtures of Gaussians.

    Args:
        parameters: (..., 3 * components): logits, means, raw scales.
        value: (...), scaled.
        components: number of Gaussians.
    """
    logits, means, raw = (
        parameters[..., part] for part in mixture_columns(slice(0, 0), components)
    )
    scale = mx.logaddexp(raw, mx.array(0.0)) + MIN_SCALE
    distance = (value[..., None] - means) / scale
    each = -0.5 * distance * distance - mx.log(scale) - _HALF_LOG_TWO_PI
    if components == 1:
        return each[..., 0]
    return mx.logsumexp(each + nn.log_softmax(logits, axis=-1), axis=-1)


def row_log_likelihood(
    layout: HeadLayout, parameters: mx.array, row: mx.array, observed: mx.array
) -> mx.array:
    """Return the log-likelihood of each observed cell; 0 where masked.

    Args:
        layout: of the head.
        parameters: (..., layout.width).
        row: (..., layout.encoded_width), encoded features in chain order.
        observed: (..., features), 1 where observed.

    Returns:
        (..., features), nats per cell, categories included.
    """
    cells = []
    for place, index in enumerate(layout.order):
        own, value = parameters[..., layout.parameters[index]], row[..., layout.encoded[index]]
        if isinstance(schema.FEATURES[index], schema.Continuous):
            cell = mixture_log_likelihood(own, value[..., 0], layout.components)
        else:
            cell = (nn.log_softmax(own, axis=-1) * value).sum(axis=-1)
        cells.append(cell * observed[..., place])
    return mx.stack(cells, axis=-1)
