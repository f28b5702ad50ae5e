"""The transition net: tau(s_t | s_t-1, memory, a_t, weekday_t, weather_t; z_c, z_a)."""

from __future__ import annotations

import mlx.core as mx

from human_wm_env.runtime.architecture import Architecture
from human_wm_env.runtime.inputs import TRANSITION_WIDTH
from human_wm_env.runtime.layouts import state_layout
from world_model.film import FilmEnsemble


def transition_net(architecture: Architecture, key: mx.array) -> FilmEnsemble:
    """Return an untrained ensemble over heart rate and mood.

    z_c modulates the hidden layers. z_a only shifts the outputs, linearly: it can be the
    person's intercept and nothing else. Given to the hidden layers it would take over
    the responses and drain z_c (NOTES: 13 to 4 nats); behind a stop_gradient it would
    hold the average day, in which baseline and habitual response are confounded
    (R2 of the true mood baseline .69).
    """
    return FilmEnsemble(
        TRANSITION_WIDTH,
        architecture.latent_c,
        architecture.transition_hidden,
        state_layout(architecture),
        architecture.members,
        architecture.latent_a,
        key,
    )

