"""The decoder: a GRU from the latents and the context back to actions and states."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from human_wm_env.model.architecture import Architecture
from human_wm_env.model.inputs import WEATHER_COLUMNS, WEEKDAY_WIDTH
from human_wm_env.model.layouts import decoder_layout
from world_model.nets.gru import BiGRU


class Decoder(nn.Module):
    """What the latents alone say about a person's days, given weekday and weather."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        hidden = architecture.decoder_hidden
        context = WEEKDAY_WIDTH + len(WEATHER_COLUMNS)
        self.gru = BiGRU(architecture.latent_width + context, hidden)
        self.out = nn.Linear(2 * hidden, decoder_layout(architecture).width)

    def __call__(self, latents: mx.array, context: mx.array) -> mx.array:
        """Return parameters (people, days, layout.width).

        Args:
            latents: (people, latents).
            context: (people, days, 6), weekday and weather.
        """
        people, days, _ = context.shape
        spread = mx.broadcast_to(latents[:, None], (people, days, latents.shape[1]))
        return self.out(self.gru(mx.concatenate([spread, context], axis=-1)))
