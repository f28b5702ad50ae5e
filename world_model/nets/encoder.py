"""The encoder: second moments, and a bidirectional GRU with masked attention pooling (MLX).

The moments carry habits and responses (`human_wm_env/model/moments.py` says why). The
second reading embeds each day, pools the days, and runs the GRU, which is for what
changes over time, over the means of weeks: a seventh of the steps, for training and for
every reset of an environment.
"""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from human_wm_env.model.architecture import Architecture
from human_wm_env.model.inputs import ENCODER_WIDTH
from human_wm_env.model.moments import FEATURE_WIDTH, PAIR_COUNT
from human_wm_env.person import schema
from human_wm_env.runtime.encoder import LOG_VARIANCE_HIGH, LOG_VARIANCE_LOW
from world_model.nets.gru import BiGRU


class RowNet(nn.Module):
    """Embeds one day."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(ENCODER_WIDTH, 2 * width)
        self.second = nn.Linear(2 * width, width)

    def __call__(self, days: mx.array) -> mx.array:
        """Return (..., width) from (..., ENCODER_WIDTH)."""
        return mx.maximum(self.second(mx.maximum(self.first(days), 0.0)), 0.0)


class MomentNet(nn.Module):
    """Reads the second moments of a history; `mean` and `sd` are the population's, fixed."""

    def __init__(self, hidden: int, latents: int) -> None:
        super().__init__()
        self.first = nn.Linear(FEATURE_WIDTH, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 2 * latents)
        self.linear = nn.Linear(FEATURE_WIDTH, 2 * latents, bias=False)
        # The linear path has 1500 inputs: small at first, or it starts far out.
        self.linear.weight = 0.3 * self.linear.weight
        self.mean = mx.zeros((PAIR_COUNT,))
        self.sd = mx.ones((PAIR_COUNT,))
        self.freeze(keys=["mean", "sd"], recurse=False)

    def __call__(self, features: mx.array) -> mx.array:
        """Return (people, 2 * latents) from `moments.features`."""
        hidden = mx.maximum(self.first(features), 0.0)
        hidden = mx.maximum(self.second(hidden), 0.0)
        return self.out(hidden) + self.linear(features)


class Encoder(nn.Module):
    """q(z | masked history); the NumPy twin is `human_wm_env/runtime/encoder.py`."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        day, week = architecture.row_width, 2 * architecture.gru_hidden
        heads = architecture.pooling_heads
        hidden, latents = architecture.encoder_hidden, architecture.net_width
        self.moments = MomentNet(2 * hidden, latents)
        self.row = RowNet(day)
        self.gru = BiGRU(day + 1, architecture.gru_hidden)
        self.day_attention = nn.Linear(day, heads, bias=False)
        self.week_attention = nn.Linear(week, heads, bias=False)
        self.first = nn.Linear((heads + 1) * (day + week), hidden)
        self.second = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 2 * latents)
        # A correction: nothing at first, so that the moments can be learned alone.
        self.out.weight = mx.zeros_like(self.out.weight)
        self.out.bias = mx.zeros_like(self.out.bias)

    def __call__(
        self,
        features: mx.array,
        inputs: mx.array,
        observed: mx.array,
        valid: mx.array | None = None,
    ) -> tuple[mx.array, mx.array]:
        """Return mean and log variance, (people, latents) each.

        Args:
            features: (people, moments.FEATURE_WIDTH).
            inputs: (people, days, ENCODER_WIDTH).
            observed: bool (people, days, 10).
            valid: bool (people, days), False on padding; None means everywhere.
        """
        return split(self.moments(features) + self._read_days(inputs, observed, valid))

    def from_moments(self, features: mx.array) -> tuple[mx.array, mx.array]:
        """Return mean and log variance by the moments alone."""
        return split(self.moments(features))

    def _read_days(self, inputs: mx.array, observed: mx.array, valid: mx.array | None) -> mx.array:
        seen = observed.any(axis=-1)
        if valid is not None:
            seen = seen & valid
        weight = seen[..., None].astype(mx.float32)
        days = self.row(inputs)
        weeks, week_seen, week_valid = self._weeks(days, weight, valid)
        states = self.gru(weeks, week_valid)
        summary = mx.concatenate(
            [
                _pool(days, self.day_attention(days), weight),
                _pool(states, self.week_attention(states), week_seen),
            ],
            axis=1,
        )
        hidden = mx.maximum(self.first(summary), 0.0)
        return self.out(mx.maximum(self.second(hidden), 0.0))

    @staticmethod
    def _weeks(
        days: mx.array, weight: mx.array, valid: mx.array | None
    ) -> tuple[mx.array, mx.array, mx.array | None]:
        """Return each week's mean embedding and share of days seen; 1 where any was seen."""
        people, length, width = days.shape
        week = schema.DAYS_PER_WEEK
        missing = -length % week
        padded = mx.pad(days * weight, [(0, 0), (0, missing), (0, 0)])
        total = padded.reshape(people, -1, week, width).sum(axis=2)
        seen = mx.pad(weight, [(0, 0), (0, missing), (0, 0)]).reshape(people, -1, week, 1)
        count = seen.sum(axis=2)
        weeks = mx.concatenate([total / mx.maximum(count, 1.0), count / week], axis=-1)
        if valid is not None:
            whole = mx.pad(valid, [(0, 0), (0, missing)]).reshape(people, -1, week)
            valid = whole.any(axis=2)
        return weeks, (count > 0).astype(mx.float32), valid


def split(out: mx.array) -> tuple[mx.array, mx.array]:
    """Return mean and bounded log variance of a net's output."""
    mean, log_variance = mx.split(out, 2, axis=1)
    return mean, mx.clip(log_variance, LOG_VARIANCE_LOW, LOG_VARIANCE_HIGH)


def _pool(features: mx.array, scores: mx.array, weight: mx.array) -> mx.array:
    """Return attention-weighted means and the plain mean over what was seen.

    Args:
        features: (people, steps, width).
        scores: (people, steps, heads).
        weight: (people, steps, 1), 1 where something was observed.
    """
    masked = mx.where(weight > 0, scores, -1e9)
    attention = mx.exp(masked - masked.max(axis=1, keepdims=True)) * weight
    attention = attention / (attention.sum(axis=1, keepdims=True) + 1e-9)
    pooled = attention.transpose(0, 2, 1) @ features
    mean = (features * weight).sum(axis=1) / mx.maximum(weight.sum(axis=1), 1.0)
    return mx.concatenate([pooled.reshape(len(pooled), -1), mean], axis=1)
