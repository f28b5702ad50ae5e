"""Point predictions of a head: means of continuous features, probabilities of categories."""

from __future__ import annotations

import mlx.core as mx

from human_wm_env import schema
from human_wm_env.runtime.heads import HeadLayout, mixture_columns


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
