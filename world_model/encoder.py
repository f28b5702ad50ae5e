"""The encoder: embedded days, a bidirectional GRU, masked attention pooling (MLX).

The embedding of each day sees the states, the actions and the memory of that day side
by side, so that it can form their products: a response is a regression coefficient,
and pooled products are its sufficient statistics.
"""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from human_wm_env.runtime.architecture import Architecture
from human_wm_env.runtime.encoder import LOG_VARIANCE_HIGH, LOG_VARIANCE_LOW, SUMMARY_WIDTH
from human_wm_env.runtime.inputs import ENCODER_WIDTH
from world_model.gru import BiGRU


class RowNet(nn.Module):
    """Embeds one day."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(ENCODER_WIDTH, 2 * width)
        self.second = nn.Linear(2 * width, width)

    def __call__(self, days: mx.array) -> mx.array:
        """Return (..., width) from (..., ENCODER_WIDTH)."""
        return mx.maximum(self.second(mx.maximum(self.first(days), 0.0)), 0.0)


class Encoder(nn.Module):
    """q(z | masked history); the NumPy twin is `human_wm_env/runtime/encoder.py`."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        width = architecture.row_width + 2 * architecture.gru_hidden
        summary = (architecture.pooling_heads + 1) * width + SUMMARY_WIDTH
        hidden, latents = architecture.encoder_hidden, architecture.latent_width
        self.row = RowNet(architecture.row_width)
        self.gru = BiGRU(architecture.row_width, architecture.gru_hidden)
        self.attention = nn.Linear(width, architecture.pooling_heads, bias=False)
        self.first = nn.Linear(summary, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 2 * latents)

    def __call__(
        self, inputs: mx.array, observed: mx.array, valid: mx.array | None = None
    ) -> tuple[mx.array, mx.array]:
        """Return mean and log variance, (people, latents) each.

        Args:
            inputs: (people, days, ENCODER_WIDTH).
            observed: bool (people, days, 10).
            valid: bool (people, days), False on padding; None means everywhere.
        """
        days = self.row(inputs)
        features = mx.concatenate([days, self.gru(days, valid)], axis=-1)
        seen = observed.any(axis=-1)
        if valid is not None:
            seen = seen & valid
        weight = seen[..., None].astype(mx.float32)
        scores = mx.where(seen[..., None], self.attention(features), -1e9)
        attention = mx.exp(scores - scores.max(axis=1, keepdims=True)) * weight
        attention = attention / (attention.sum(axis=1, keepdims=True) + 1e-9)
        pooled = attention.transpose(0, 2, 1) @ features
        count = weight.sum(axis=1)
        summary = mx.concatenate(
            [
                pooled.reshape(len(pooled), -1),
                (features * weight).sum(axis=1) / mx.maximum(count, 1.0),
                mx.log1p(count) / 7.0,
                observed.astype(mx.float32).sum(axis=1) / mx.maximum(count, 1.0),
            ],
            axis=1,
        )
        hidden = mx.maximum(self.first(summary), 0.0)
        out = self.out(mx.maximum(self.second(hidden), 0.0))
        mean, log_variance = mx.split(out, 2, axis=1)
        return mean, mx.clip(log_variance, LOG_VARIANCE_LOW, LOG_VARIANCE_HIGH)
