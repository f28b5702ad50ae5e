"""The world model: encoder, decoder, policy and transition nets together."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from human_wm_env.model.architecture import Architecture
from world_model.nets.decoder import Decoder
from world_model.nets.encoder import Encoder
from world_model.nets.missingness import Missingness
from world_model.nets.policy import policy_net
from world_model.nets.transition import transition_net


class WorldModel(nn.Module):
    """All nets of one checkpoint.

    Args:
        architecture: sizes.
        seed: of the initial weights.
    """

    def __init__(self, architecture: Architecture, seed: int = 0) -> None:
        super().__init__()
        # mlx.nn's own layers draw from the global generator: seed it here, once.
        mx.random.seed(seed)
        policy_key, transition_key = mx.random.split(mx.random.key(seed), 2)
        self._architecture = architecture
        self.encoder = Encoder(architecture)
        self.decoder = Decoder(architecture)
        self.policy = policy_net(architecture, policy_key)
        self.transition = transition_net(architecture, transition_key)
        self.missingness = Missingness()

    @property
    def architecture(self) -> Architecture:
        """Sizes of the nets."""
        return self._architecture
