"""Features that the logs never hold must not disturb what is imagined.

Weather is nowhere in LifeSnaps: its input weights are whatever they began as, random or
another population's, and no gradient ever reached them. An imagined day has weather all the
same. So its contribution to the nets is zeroed; it is still drawn, from an
untrained head, and means nothing.
"""

from __future__ import annotations

import mlx.core as mx
import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.model import inputs, memory
from human_wm_env.model.heads import HeadLayout
from human_wm_env.model.layouts import action_layout, state_layout
from human_wm_env.person import schema
from world_model.nets.film import FilmEnsemble
from world_model.nets.world_model import WorldModel


def never_observed(dataset: LogDataset, users: np.ndarray) -> tuple[int, ...]:
    """Return the features of which some people, int (people,), have no observed cell."""
    ever = np.zeros(schema.FEATURE_COUNT, dtype=bool)
    for _, _, observed in dataset.parts(users):
        ever |= observed.any(axis=(0, 1))
        if ever.all():
            break
    return tuple(np.flatnonzero(~ever).tolist())


def mute_features(model: WorldModel, features: tuple[int, ...]) -> None:
    """Zero what features that the logs never hold contribute to the nets, in place.

    Before training, because the reference day has everything; no gradient moves a weight whose
    input is never there. After training once more, for what a state that is never known
    adds to the day after: it was learned on every day, and stays on every day.

    Args:
        model: its policy and transition nets are changed.
        features: indices, from `never_observed`.
    """
    if not features:
        return
    policy, transition = _inputs_of(features)
    _zero_weights(model.policy, policy, action_layout(model.architecture), features)
    if model.architecture.has_response:  # what was never known moved none of its coefficients
        return
    _zero_weights(model.transition, transition, state_layout(model.architecture), features)
    offset = np.array(model.transition.offset)
    width = model.architecture.latent_a
    for place, index in enumerate(inputs.STATE_ORDER):
        if index in features:
            own = slice(width * (1 + place), width * (2 + place))
            offset[:, :width] += offset[:, own]
            offset[:, own] = 0.0
    model.transition.offset = mx.array(offset)


def _inputs_of(features: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return which inputs of the policy and of the transition net depend on some features."""
    row = np.zeros(schema.ROW_WIDTH, dtype=bool)
    seen = np.zeros(schema.FEATURE_COUNT, dtype=bool)
    for index in features:
        row[schema.ROW_SLICES[index]] = True
        seen[index] = True
    signals = seen[list(memory.SIGNAL_FEATURES)]
    remembered = np.tile(signals, memory.WIDTH // memory.SIGNALS)
    weekday = np.zeros(inputs.WEEKDAY_WIDTH, dtype=bool)
    weather = row[inputs.WEATHER_COLUMNS]
    policy = inputs.policy_inputs(row, seen, remembered, weekday, weather)
    transition = inputs.transition_inputs(row, seen, row, seen, remembered, weekday, weather)
    return policy > 0.0, transition > 0.0


def _zero_weights(
    net: FilmEnsemble, columns: np.ndarray, layout: HeadLayout, features: tuple[int, ...]
) -> None:
    weights, chain = np.array(net.inputs), np.array(net.chain)
    weights[:, columns] = 0.0
    for place, index in enumerate(layout.order):
        if index in features:
            chain[:, layout.encoded[index]] = 0.0
            chain[:, layout.encoded_width + place] = 0.0
    net.inputs, net.chain = mx.array(weights), mx.array(chain)
