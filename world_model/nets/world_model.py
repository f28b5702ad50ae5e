"""The world model: encoder, decoder, policy, and transition nets or a response, together."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn

from human_wm_env.model import inputs
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.layouts import action_layout, decoder_layout, state_layout
from human_wm_env.response.parameters import ResponseParameters
from world_model.nets.encoder import Encoder
from world_model.nets.film import FilmEnsemble
from world_model.nets.gru import BiGRU
from world_model.nets.missingness import Missingness


class WorldModel(nn.Module):
    """All that one checkpoint holds.

    Args:
        architecture: sizes.
        seed: of the initial weights.

    Attributes:
        transition: nets that states follow; absent with a response.
        response: the regression that states follow instead, None until it is trained; it is not
            learned by gradients of a net, and is no parameter of the module.
    """

    transition: FilmEnsemble
    response: ResponseParameters | None

    def __init__(self, architecture: Architecture, seed: int = 0) -> None:
        super().__init__()
        # mlx.nn's own layers draw from the global generator: seed it here, once.
        mx.random.seed(seed)
        policy_key, transition_key = mx.random.split(mx.random.key(seed), 2)
        self._architecture = architecture
        self.encoder = Encoder(architecture)
        self.decoder = Decoder(architecture)
        self.policy = policy_net(architecture, policy_key)
        self.response = None
        if not architecture.has_response:
            self.transition = transition_net(architecture, transition_key)
        self.missingness = Missingness()

    @property
    def architecture(self) -> Architecture:
        """Sizes of the nets."""
        return self._architecture

    @property
    def trained_response(self) -> ResponseParameters:
        """The response of a model that states follow one of."""
        assert self.response is not None, "the stage of the response comes before all others"
        return self.response


class Decoder(nn.Module):
    """What the latents alone say about a person's days, given weekday and weather: a GRU."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        hidden = architecture.decoder_hidden
        context = inputs.WEEKDAY_WIDTH + len(inputs.WEATHER_COLUMNS)
        self.gru = BiGRU(architecture.net_width + context, hidden)
        self.out = nn.Linear(2 * hidden, decoder_layout(architecture).width)

    def __call__(self, latents: mx.array, context: mx.array) -> mx.array:
        """Return parameters (people, days, layout.width).

        Args:
            latents: (people, net_width).
            context: (people, days, 6), weekday and weather.
        """
        people, days, _ = context.shape
        spread = mx.broadcast_to(latents[:, None], (people, days, latents.shape[1]))
        return self.out(self.gru(mx.concatenate([spread, context], axis=-1)))


def policy_net(architecture: Architecture, key: mx.array) -> FilmEnsemble:
    """Return an untrained pi(a_t | row t-1, memory, weekday_t, weather_t; z_b), one member."""
    return FilmEnsemble(
        inputs.POLICY_WIDTH,
        architecture.latent_b,
        architecture.policy_hidden,
        action_layout(architecture),
        1,
        0,
        key,
    )


def transition_net(architecture: Architecture, key: mx.array) -> FilmEnsemble:
    """Return an untrained tau(s_t | s_t-1, memory, a_t, weekday_t, weather_t; z_c, z_a).

    An ensemble over heart rate and mood. z_c modulates the hidden layers. z_a only shifts the
    outputs, linearly: it can be the person's intercept, on days that follow an observed state
    and on days that do not (without yesterday's heart rate the best guess is nearer to the
    baseline), and nothing else. Given to the hidden layers it would take over the responses
    and drain z_c (measured: 13 to 4 nats); behind a stop_gradient it would hold the average
    day, in which baseline and habitual response are confounded (R2 of the true mood baseline
    .69).
    """
    return FilmEnsemble(
        inputs.TRANSITION_WIDTH,
        architecture.latent_c,
        architecture.transition_hidden,
        state_layout(architecture),
        architecture.members,
        architecture.latent_a * (1 + len(inputs.STATE_ORDER)),
        key,
    )


def baseline_offsets(latent_a: mx.array, transition_inputs: mx.array) -> mx.array:
    """Return z_a, and z_a again for each state of the day before that is not known.

    Args:
        latent_a: (people, latent_a).
        transition_inputs: (people, days, TRANSITION_WIDTH), which hold yesterday's mask.

    Returns:
        (people, days, latent_a * 3).
    """
    people, days, _ = transition_inputs.shape
    spread = mx.broadcast_to(latent_a[:, None], (people, days, latent_a.shape[1]))
    unknown = 1.0 - transition_inputs[..., inputs.STATE_MASK_PART]
    parts = [spread] + [spread * unknown[..., i : i + 1] for i in range(unknown.shape[-1])]
    return mx.concatenate(parts, axis=-1)
