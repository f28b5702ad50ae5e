"""Sizes of the nets; stored in every checkpoint's manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from human_wm_env.errors import ConfigError, did_you_mean
from human_wm_env.response.parameters import STATES
from human_wm_env.settings import whole_number

LARGEST_SIZE = 4096
FILM, RESPONSE = "film", "response"
TRANSITIONS = (FILM, RESPONSE)


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
        transition: "film", an ensemble of nets modulated by z_a and z_c, or "response", a
            hierarchical regression of the states whose posterior is exact
            (`human_wm_env/response`); then latent_a is 2, an intercept for each state, latent_c
            is the rank of the regression, and nets infer z_b alone.
        response_rate_channels, response_mood_channels: learned combinations of a day's actions
            that the heart rate, and the mood, depend on.
        response_taus: time constants of the regression's memory.
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
    transition: str = FILM
    response_rate_channels: int = 6
    response_mood_channels: int = 6
    response_taus: int = 6

    def __post_init__(self) -> None:
        if not isinstance(self.memory, bool):
            raise ConfigError("memory=true or false", repr(self.memory), "Choose one of them.")
        for name in self.__dataclass_fields__:
            if name in ("memory", "transition"):
                continue
            size = whole_number(getattr(self, name), name)
            if size < 1:
                raise ConfigError(f"{name} >= 1", f"{size}", "Sizes are positive.")
            if size > LARGEST_SIZE:
                raise ConfigError(f"{name} <= {LARGEST_SIZE}", f"{size}", "Take smaller nets.")
        if self.transition not in TRANSITIONS:
            raise ConfigError(
                f"a transition out of {', '.join(TRANSITIONS)}",
                repr(self.transition),
                did_you_mean(self.transition, TRANSITIONS),
            )
        if self.has_response and self.latent_a != len(STATES):
            raise ConfigError(
                f"latent_a={len(STATES)} with transition={RESPONSE}, an intercept for each state",
                f"latent_a={self.latent_a}",
                f"Set model.latent_a={len(STATES)}, or model.transition={FILM}.",
            )

    @classmethod
    def of_manifest(cls, sizes: Mapping[str, Any]) -> Architecture:
        """Return the architecture that a manifest names.

        Before there was a number for each state, one `response_channels` was that of both.
        """
        found = {**sizes}
        both = found.pop("response_channels", None)
        if both is not None:
            found |= {"response_rate_channels": both, "response_mood_channels": both}
        return cls(**found)

    @property
    def response_channels(self) -> tuple[int, int]:
        """Channels of a response, of the heart rate and of the mood."""
        return self.response_rate_channels, self.response_mood_channels

    @property
    def has_response(self) -> bool:
        """Whether states follow the regression instead of nets."""
        return self.transition == RESPONSE

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

    @property
    def net_blocks(self) -> dict[str, slice]:
        """Where each block that nets infer stands among the latents of the nets."""
        return {"b": slice(0, self.latent_b)} if self.has_response else self.blocks

    @property
    def net_width(self) -> int:
        """Dimensions of the latents of the nets: what the encoder infers."""
        return self.latent_b if self.has_response else self.latent_width
