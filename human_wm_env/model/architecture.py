"""Sizes of the nets; stored in every checkpoint's manifest."""

from __future__ import annotations

from dataclasses import dataclass

from human_wm_env.errors import ConfigError


@dataclass(frozen=True)
class Architecture:
    """Sizes of the world model.

    Attributes:
        latent_a, latent_b, latent_c: dimensions of who the person is at rest, how they
            behave, and how their body responds.
        policy_hidden: width of the policy net's two hidden layers.
        transition_hidden: width of each ensemble member's two hidden layers.
        members: size of the transition ensemble; its disagreement is the uncertainty.
        components: Gaussian components of each continuous action feature.
        state_components: Gaussian components of each continuous state feature.
        memory: give both nets the slow quantities; False is the Markov form.
        row_width: width of the encoder's embedding of one day.
        gru_hidden: width of each direction of the encoder's GRU, which reads weeks.
        pooling_heads: attention heads that pool the days.
        encoder_hidden: width of the encoder's last hidden layer.
        decoder_hidden: width of the decoder's GRU.
    """

    latent_a: int = 16
    latent_b: int = 32
    latent_c: int = 32
    policy_hidden: int = 128
    transition_hidden: int = 64
    members: int = 5
    components: int = 3
    state_components: int = 1
    memory: bool = True
    row_width: int = 64
    gru_hidden: int = 32
    pooling_heads: int = 4
    encoder_hidden: int = 128
    decoder_hidden: int = 64

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if name != "memory" and value < 1:
                raise ConfigError(f"{name} >= 1", f"{value}", "Sizes are positive.")

    @property
    def latent_width(self) -> int:
        """Dimensions of all three blocks together."""
        return self.latent_a + self.latent_b + self.latent_c

    @property
    def blocks(self) -> dict[str, slice]:
        """Where each block stands in a latent vector."""
        cut = self.latent_a + self.latent_b
        return {
            "a": slice(0, self.latent_a),
            "b": slice(self.latent_a, cut),
            "c": slice(cut, cut + self.latent_c),
        }
