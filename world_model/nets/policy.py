"""The policy net: pi(a_t | row t-1, memory, weekday_t, weather_t; z_b)."""

from __future__ import annotations

import mlx.core as mx

from human_wm_env.model.architecture import Architecture
from human_wm_env.model.inputs import POLICY_WIDTH
from human_wm_env.model.layouts import action_layout
from world_model.nets.film import FilmEnsemble


def policy_net(architecture: Architecture, key: mx.array) -> FilmEnsemble:
    """Return an untrained policy net: one member over the seven action features."""
    return FilmEnsemble(
        POLICY_WIDTH,
        architecture.latent_b,
        architecture.policy_hidden,
        action_layout(architecture),
        1,
        0,
        key,
    )
