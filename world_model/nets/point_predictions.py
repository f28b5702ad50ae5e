"""Point predictions of a head: means of continuous features, probabilities of categories."""

from __future__ import annotations

import mlx.core as mx

from human_wm_env.model.heads import HeadLayout, mixture_columns
from human_wm_env.person import schema


def point_predictions(layout: HeadLayout, parameters: mx.array) -> mx.array:
    """Return the expected encoded row, (..., layout.encoded_width).

    Args:
        layout: of the head.
        parameters: (..., layout.width).
    """
    parts = []
    for index in layout.order:
        own = parameters[..., layout.parameters[index]]
        if isinstance(schema.FEATURES[index], schema.Continuous):
            logits, means, _ = (
                own[..., part] for part in mixture_columns(slice(0, 0), layout.components)
            )
            weights = mx.softmax(logits, axis=-1)
            parts.append((weights * means).sum(axis=-1, keepdims=True))
        else:
            parts.append(mx.softmax(own, axis=-1))
    return mx.concatenate(parts, axis=-1)


def encoded_mask(layout: HeadLayout, observed: mx.array) -> mx.array:
    """Return the mask of every encoded column, (..., layout.encoded_width).

    Args:
        layout: of the head.
        observed: (..., features), the mask of every feature, in the layout's order.
    """
    widths = [schema.FEATURES[index].width for index in layout.order]
    parts = [mx.repeat(observed[..., i : i + 1], width, axis=-1) for i, width in enumerate(widths)]
    return mx.concatenate(parts, axis=-1)
