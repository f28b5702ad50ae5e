"""Imagined days that gradients flow through: the trajectories behind the rollout loss.

Bulk imagination (`imagine`) draws categories as numbers; here they are one-hot vectors with
a straight-through gradient (Bengio et al. 2013), and the picked component of a mixture
likewise. Imagined days are not moved onto the feasible set: they are compared with logs.
"""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from human_wm_env.model import inputs, memory
from human_wm_env.model.branches import crossed_indices
from human_wm_env.model.heads import MIN_SCALE, HeadLayout, mixture_columns
from human_wm_env.model.layouts import action_layout, state_layout
from human_wm_env.person import schema
from world_model.data.encoded_logs import EncodedLogs
from world_model.losses.energy_score import energy_score
from world_model.nets.transition import baseline_offsets
from world_model.nets.world_model import WorldModel

# Logged moods are the better ones (`missingness`): a score of logged cells would make the
# imagined ones as good. The conditional likelihood teaches the mood instead.
SCORED = tuple(i for i in range(schema.FEATURE_COUNT) if i not in (schema.MOOD, schema.WEATHER))
_SCORED_COLUMNS = np.concatenate(
    [np.arange(schema.ROW_WIDTH)[schema.ROW_SLICES[i]] for i in SCORED]
)
_IS_WEATHER = mx.array(np.arange(schema.FEATURE_COUNT) == schema.WEATHER)
_SCORED_FEATURE = np.repeat(SCORED, [schema.FEATURES[i].width for i in SCORED])


@dataclass(frozen=True)
class RolloutStarts:
    """Where imagined trajectories begin, and what was logged instead; (people, ...).

    Attributes:
        row, observed: encoded eve (people, ROW_WIDTH) and its mask (people, 10).
        remembered: memory's features at the first wake-up, (people, memory.WIDTH).
        weekday: (people, days, 2); weather: (people, days, 4), as logged, zero if masked.
        truth, seen: scored columns of the logged days, (people, days * columns), and mask.
    """

    row: mx.array
    observed: mx.array
    remembered: mx.array
    weekday: mx.array
    weather: mx.array
    truth: mx.array
    seen: mx.array


def rollout_starts(logs: EncodedLogs, people: np.ndarray, days: np.ndarray) -> RolloutStarts:
    """Cut starts out of the logs.

    Args:
        logs: encoded logs.
        people: int (n,), positions in `logs`.
        days: int (n, length), consecutive days to be imagined.
    """
    who, first = people[:, None], days[:, 0]
    today = days + 1
    rows, observed = logs.rows[who, today], logs.observed[who, today]
    flat = (len(people), -1)
    return RolloutStarts(
        row=mx.array(logs.rows[people, first]),
        observed=mx.array(logs.observed[people, first].astype(np.float32)),
        remembered=mx.array(logs.remembered[people, first + 1]),
        weekday=mx.array(logs.weekday[who, today]),
        weather=mx.array(rows[..., inputs.WEATHER_COLUMNS]),
        truth=mx.array(rows[..., _SCORED_COLUMNS].reshape(flat)),
        seen=mx.array(observed[..., _SCORED_FEATURE].reshape(flat).astype(np.float32)),
    )


def rollout_loss(
    model: WorldModel,
    mean: mx.array,
    log_variance: mx.array,
    starts: RolloutStarts,
    draws: int,
    rng: np.random.Generator,
) -> mx.array:
    """Return the mean energy score of factorial futures against what was logged, a scalar.

    Args:
        model: the nets.
        mean: of the people's posteriors, (people, latents).
        log_variance: likewise.
        starts: where the futures begin.
        draws: of each block; draws**3 futures a person.
        rng: source of noise.
    """
    people, width = mean.shape
    picks, blocks = crossed_indices(draws=draws), model.architecture.blocks
    noise = mx.array(rng.standard_normal((people, draws, width), dtype=np.float32))
    crossed = [noise[:, mx.array(picks[block])][..., part] for block, part in blocks.items()]
    sd = mx.exp(0.5 * log_variance)[:, None]
    latents = mean[:, None] + sd * mx.concatenate(crossed, axis=-1)
    futures = roll_out(model, latents.reshape(-1, width), starts, draws**3, rng)
    futures = futures[..., mx.array(_SCORED_COLUMNS)].reshape(people, draws**3, -1)
    return energy_score(futures, starts.truth, starts.seen, draws).mean()


def roll_out(
    model: WorldModel,
    latents: mx.array,
    starts: RolloutStarts,
    branches: int,
    rng: np.random.Generator,
) -> mx.array:
    """Imagine encoded days, (people * branches, days, ROW_WIDTH), with gradients.

    Args:
        model: the nets.
        latents: (people * branches, latents).
        starts: where to begin.
        branches: futures of each person.
        rng: source of noise.
    """
    architecture = model.architecture
    blocks = architecture.blocks
    slots, days = len(latents), starts.weekday.shape[1]

    def each(array: mx.array) -> mx.array:
        return mx.repeat(array, branches, axis=0)

    row, seen, remembered = each(starts.row), each(starts.observed), each(starts.remembered)
    total, weight = _recalled(remembered)
    actions, states = action_layout(architecture), state_layout(architecture)
    no_actions = mx.zeros((slots, 1, actions.chain_width))
    no_states = mx.zeros((slots, 1, states.chain_width))
    action_chain = model.policy.chain[0] * mx.array(actions.chain_mask)
    state_chain = model.transition.chain * mx.array(states.chain_mask)
    imagined = []
    for day in range(days):
        context = [each(starts.weekday[:, day]), each(starts.weather[:, day])]
        x = mx.concatenate([row, seen, remembered[:, memory.POLICY_PART], *context], axis=1)
        parameters = model.policy(x[:, None], latents[:, blocks["b"]], no_actions)[0]
        acted = _draw(actions, parameters, action_chain, rng)
        x = mx.concatenate(
            [
                row[:, mx.array(inputs.STATE_COLUMNS)],
                seen[:, mx.array(inputs.STATE_ORDER)],
                mx.concatenate([acted[index] for index in inputs.ACTION_ORDER], axis=1),
                mx.ones((slots, len(inputs.ACTION_ORDER))),
                remembered,
                *context,
            ],
            axis=1,
        )[:, None]
        offsets = baseline_offsets(latents[:, blocks["a"]], x)
        parameters = model.transition(x, latents[:, blocks["c"]], no_states, offsets)
        member = mx.array(rng.integers(architecture.members, size=slots))
        own = mx.take_along_axis(parameters, member[None, :, None], axis=0)[0]
        lived = {**acted, **_draw(states, own, state_chain[member], rng)}
        lived[schema.WEATHER] = context[1]
        row = mx.concatenate([lived[index] for index in range(schema.FEATURE_COUNT)], axis=1)
        # An unlogged weather is known to nobody, on imagined days as on logged ones.
        seen = mx.where(_IS_WEATHER, context[1].sum(axis=1, keepdims=True), mx.array(1.0))
        total, weight = _remember(total, weight, lived)
        remembered = _features(total, weight) * float(architecture.memory)
        imagined.append(row)
    return mx.stack(imagined, axis=1)


def _draw(
    layout: HeadLayout, parameters: mx.array, chain: mx.array, rng: np.random.Generator
) -> dict[int, mx.array]:
    """Draw the encoded features of a row along the chain, (slots, width) each."""
    slots = len(parameters)
    normal = mx.array(rng.standard_normal((slots, len(layout.order), 1), dtype=np.float32))
    uniform = mx.array(rng.random((slots, len(layout.order)), dtype=np.float32))
    drawn: dict[int, mx.array] = {}
    shifted = parameters + chain[..., layout.encoded_width :, :].sum(axis=-2)
    for place, index in enumerate(layout.order):
        feature, own = schema.FEATURES[index], shifted[:, layout.parameters[index]]
        if isinstance(feature, schema.Continuous):
            value = _mixture(own, layout.components, normal[:, place], uniform[:, place])
            low, high = (
                (edge - feature.centre) / feature.scale for edge in (feature.low, feature.high)
            )
            drawn[index] = mx.clip(value, low, high)
        else:
            drawn[index] = straight_through(own, uniform[:, place])
        weights = chain[..., layout.encoded[index], :]
        # Without a matrix product: `chain` may be one per slot.
        shifted = shifted + (drawn[index][..., None] * weights).sum(axis=-2)
    return drawn


def _mixture(
    parameters: mx.array, components: int, normal: mx.array, uniform: mx.array
) -> mx.array:
    """Draw scaled values, (slots, 1)."""
    logits, means, raw = (parameters[:, part] for part in mixture_columns(slice(0, 0), components))
    values = means + (mx.logaddexp(raw, mx.array(0.0)) + MIN_SCALE) * normal
    return (straight_through(logits, uniform) * values).sum(axis=1, keepdims=True)


def straight_through(logits: mx.array, uniform: mx.array) -> mx.array:
    """Draw one-hot categories whose gradient is that of the probabilities.

    Args:
        logits: (slots, categories).
        uniform: (slots,), noise in [0, 1).

    Source: Bengio, Léonard & Courville 2013.
    """
    soft = mx.softmax(logits, axis=1)
    below = (mx.cumsum(soft, axis=1) <= uniform[:, None]).sum(axis=1)
    picked = mx.minimum(below, logits.shape[1] - 1)
    hard = (picked[:, None] == mx.arange(logits.shape[1])).astype(mx.float32)
    return hard + soft - mx.stop_gradient(soft)


def _recalled(remembered: mx.array) -> tuple[mx.array, mx.array]:
    """Return the memory's totals and weights behind its features."""
    shape = (len(remembered), len(memory.TAUS_DAYS), memory.SIGNALS)
    average = remembered[:, : memory.AVERAGES].reshape(shape)
    weight = remembered[:, memory.AVERAGES + memory.CONTRASTS :].reshape(shape)
    return average * (weight + memory.WEIGHT_FLOOR), weight


def _features(total: mx.array, weight: mx.array) -> mx.array:
    average = total / (weight + memory.WEIGHT_FLOOR)
    contrast = memory.CONTRAST_SCALE * (average[:, :-1] - average[:, -1:])
    parts = [average, contrast, weight]
    return mx.concatenate([part.reshape(len(total), -1) for part in parts], axis=1)


def _remember(
    total: mx.array, weight: mx.array, lived: dict[int, mx.array]
) -> tuple[mx.array, mx.array]:
    """Move the memory on by a fully known, encoded day."""
    signals = [
        lived[index] @ mx.array(memory.WORKOUT_TABLE)[:, None]
        if index == schema.WORKOUT
        else lived[index]
        for index in memory.SIGNAL_FEATURES
    ]
    decay = mx.array(memory.DECAY)
    today = mx.concatenate(signals, axis=1)[:, None, :]
    return decay * total + (1.0 - decay) * today, decay * weight + (1.0 - decay)
