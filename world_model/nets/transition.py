"""The transition net: tau(s_t | s_t-1, memory, a_t, weekday_t, weather_t; z_c, z_a)."""

from __future__ import annotations

import mlx.core as mx

from human_wm_env.model.architecture import Architecture
from human_wm_env.model.inputs import STATE_MASK_PART, STATE_ORDER, TRANSITION_WIDTH
from human_wm_env.model.layouts import state_layout
from world_model.nets.film import FilmEnsemble


def transition_net(architecture: Architecture, key: mx.array) -> FilmEnsemble:
    """Return an untrained ensemble over heart rate and mood.

    z_c modulates the hidden layers. z_a only shifts the outputs, linearly: it can be the
    person's intercept, on days that follow an observed state and on days that do not
    (without yesterday's heart rate the best guess is nearer to the baseline), and nothing
    else. Given to the hidden layers it would take over
    the responses and drain z_c (measured: 13 to 4 nats); behind a stop_gradient it would
    hold the average day, in which baseline and habitual response are confounded
    (R2 of the true mood baseline .69).
    """
    return FilmEnsemble(
        TRANSITION_WIDTH,
        architecture.latent_c,
        architecture.transition_hidden,
        state_layout(architecture),
        architecture.members,
        architecture.latent_a * (1 + len(STATE_ORDER)),
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
    blind = 1.0 - transition_inputs[..., STATE_MASK_PART]
    parts = [spread] + [spread * blind[..., i : i + 1] for i in range(blind.shape[-1])]
    return mx.concatenate(parts, axis=-1)
