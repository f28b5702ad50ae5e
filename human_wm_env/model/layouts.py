"""Which distribution heads the nets have."""

from __future__ import annotations

from human_wm_env.model.architecture import Architecture
from human_wm_env.model.heads import HeadLayout
from human_wm_env.model.inputs import ACTION_ORDER, STATE_ORDER


def action_layout(architecture: Architecture) -> HeadLayout:
    """Return the head of the policy net."""
    return HeadLayout(ACTION_ORDER, architecture.components)


def state_layout(architecture: Architecture) -> HeadLayout:
    """Return the head of the transition net."""
    return HeadLayout(STATE_ORDER, architecture.state_components)


def decoder_layout(architecture: Architecture) -> HeadLayout:
    """Return the head of the decoder: all actions and states, unchained in use."""
    return HeadLayout(ACTION_ORDER + STATE_ORDER, architecture.components)
