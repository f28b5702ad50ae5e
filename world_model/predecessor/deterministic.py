"""Deterministic nets, as the predecessor's were: heads without noise, and their rollouts."""

from __future__ import annotations

import mlx.core as mx
import numpy as np

from human_wm_env.model import inputs, memory
from human_wm_env.model.heads import HeadLayout, mixture_columns
from human_wm_env.model.layouts import action_layout, state_layout
from human_wm_env.person import schema
from world_model.imagination.draws import draw_mean
from world_model.imagination.step import DayBefore, DayStep, recalled
from world_model.nets.distributions import point_predictions
from world_model.nets.film import FilmEnsemble
from world_model.nets.world_model import WorldModel, baseline_offsets

BASELINE_SHARE = 0.1  # of z_a's mean: how the predecessor's rollout used it
_CERTAIN = 1e4  # as a logit or, negative, a raw scale: no gradient comes through
_SHARPER = 1e4
_ACTIONS_AND_STATES = mx.array(np.concatenate([inputs.ACTION_COLUMNS, inputs.STATE_COLUMNS]))
# The last of the transition net's inputs: where memory, weekday and weather end.
_CONTEXT = np.cumsum([memory.WIDTH, inputs.WEEKDAY_WIDTH, len(inputs.WEATHER_COLUMNS)]).tolist()


def remove_noise(model: WorldModel) -> None:
    """Take away all noise but that of categories, and all of z_a but its mean.

    Scales stay at their floor and mixtures at their first Gaussian, whatever is learned
    later; features of a row are not chained; z_a shifts each continuous state by a tenth
    of its mean.
    """
    for net, layout in _heads(model):
        learned = np.ones(layout.width, dtype=np.float32)
        fixed = np.zeros(layout.width, dtype=np.float32)
        for logits, _, scales in _mixtures(layout):
            learned[logits] = learned[scales] = 0.0
            fixed[logits.start], fixed[scales] = _CERTAIN, -_CERTAIN
        net.head = net.head * learned
        net.head_bias = net.head_bias * learned + fixed
        net.chain = mx.zeros_like(net.chain)
        net.freeze(keys=["chain"], recurse=False)
    width = model.architecture.latent_a
    offset = np.zeros(model.transition.offset.shape, dtype=np.float32)
    for _, means, _ in _mixtures(state_layout(model.architecture)):
        offset[:, :width, means] = BASELINE_SHARE / width
    model.transition.offset = mx.array(offset)
    model.transition.freeze(keys=["offset"], recurse=False)


def sharpen(model: WorldModel) -> None:
    """Take the noise of categories away too: the most likely one is always drawn."""
    for net, layout in _heads(model):
        gain = np.full(layout.width, _SHARPER, dtype=np.float32)
        for parts in _mixtures(layout):
            for part in parts:
                gain[part] = 1.0
        net.head, net.head_bias = net.head * gain, net.head_bias * gain


def _heads(model: WorldModel) -> tuple[tuple[FilmEnsemble, HeadLayout], ...]:
    policy, transition = action_layout(model.architecture), state_layout(model.architecture)
    return (model.policy, policy), (model.transition, transition)


def _mixtures(layout: HeadLayout) -> list[tuple[slice, slice, slice]]:
    return [
        mixture_columns(layout.parameters[index], layout.components)
        for index in layout.order
        if isinstance(schema.FEATURES[index], schema.Continuous)
    ]


def one_day_ahead(
    model: WorldModel, latents: mx.array, policy_inputs: mx.array, transition_inputs: mx.array
) -> tuple[mx.array, mx.array]:
    """Return expected encoded actions and states of logged days, (people, days, columns) each.

    Args:
        model: nets without noise.
        latents: (people, latents).
        policy_inputs: (people, days, POLICY_WIDTH).
        transition_inputs: (people, days, TRANSITION_WIDTH).
    """
    a, b, c = (latents[:, part] for part in model.architecture.blocks.values())
    offsets = baseline_offsets(a, transition_inputs)
    parameters = (
        model.policy(policy_inputs, b),
        model.transition(transition_inputs, c, offsets=offsets),
    )
    actions, states = (
        point_predictions(layout, of_net).mean(axis=0).reshape(*policy_inputs.shape[:2], -1)
        for (_, layout), of_net in zip(_heads(model), parameters, strict=True)
    )
    return actions, states


def rollout(
    model: WorldModel, latents: mx.array, policy_inputs: mx.array, transition_inputs: mx.array
) -> mx.array:
    """Let the nets follow themselves, differentiably; categories stay probabilities.

    Weekday, weather and memory of each day are the log's own.

    Args:
        model: nets without noise.
        latents: (people, branches, latents).
        policy_inputs: (people, days, POLICY_WIDTH), of logged days; of their rows only the first
            is used, that of the day before.
        transition_inputs: (people, days, TRANSITION_WIDTH), likewise.

    Returns:
        (people, branches, days, columns): encoded actions, then states.
    """
    people, branches, width = latents.shape
    step = DayStep(model, latents.reshape(people * branches, width))
    first = mx.repeat(policy_inputs[:, 0], branches, axis=0)
    row, seen, _ = mx.split(first, [schema.ROW_WIDTH, schema.ROW_WIDTH + len(schema.FEATURES)], 1)
    contexts = mx.repeat(transition_inputs[..., -_CONTEXT[-1] :], branches, axis=0)
    imagined = []
    for day in range(policy_inputs.shape[1]):
        remembered, weekday, weather = mx.split(contexts[:, day], _CONTEXT[:-1], axis=1)
        # Every imagined cell counts as known, an unlogged weather too.
        observed = seen if day == 0 else mx.ones_like(seen)
        before = DayBefore(row, observed, *recalled(remembered))
        row, _ = step(before, weekday, weather, draw_mean, draw_mean)
        imagined.append(row[:, _ACTIONS_AND_STATES])
    return mx.stack(imagined, axis=1).reshape(people, branches, len(imagined), -1)
