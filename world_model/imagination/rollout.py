"""Bulk imagination in MLX: whole populations, 125 futures each, of habit and response.

The environment steps the same equations in NumPy (`human_wm_env/worlds/dream.py` with
adherence 0); given the same noise both imagine the same days.
"""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from human_wm_env.model import inputs, memory
from human_wm_env.model.branches import crossed_indices
from human_wm_env.model.layouts import action_layout, state_layout
from human_wm_env.person import feasible, schema
from human_wm_env.person.noise import FIRST_WEATHER, NEXT_WEATHER
from human_wm_env.runtime import dream_step
from world_model.imagination.sampling import choose, sample_columns
from world_model.nets.film import FilmEnsemble
from world_model.nets.world_model import WorldModel


@dataclass(frozen=True)
class Eve:
    """What is known on the eve of the first imagined day, batch-first.

    Attributes:
        row: float32 (slots, ROW_WIDTH), encoded last row, zero where masked.
        observed: float32 (slots, 10), its mask.
        total, weight: float32 (slots, taus, signals), the memory.
        weekday: int (slots,), of the first imagined day, -1 if unknown.
        weather: int (slots,), of the last day, -1 if unknown.
    """

    row: mx.array
    observed: mx.array
    total: mx.array
    weight: mx.array
    weekday: np.ndarray
    weather: mx.array


def factorial_latents(mean: mx.array, sd: mx.array, noise: mx.array, model: WorldModel) -> mx.array:
    """Return the 125 latents of each person: five draws of each block, crossed.

    Args:
        mean: (people, latents).
        sd: (people, latents).
        noise: (people, 5, latents), standard normal.
        model: says where the blocks stand.

    Returns:
        (people * 125, latents); branch b has draws b // 25, b // 5 % 5 and b % 5.
    """
    picks, blocks = crossed_indices(), model.architecture.blocks
    parts = [noise[:, mx.array(picks[block])][..., part] for block, part in blocks.items()]
    latents = mean[:, None] + sd[:, None] * mx.concatenate(parts, axis=-1)
    return latents.reshape(-1, mean.shape[1])


class _Net:
    """One FiLM ensemble with a person's modulation worked out once."""

    def __init__(self, net: FilmEnsemble, latents: mx.array, offsets: mx.array | None) -> None:
        members, hidden = net.input_bias.shape
        modulation = mx.matmul(latents, net.latents)
        self._net = net
        self._shift = modulation[..., :hidden] + net.input_bias[:, None]
        self._gain = 1.0 + modulation[..., hidden:]
        self._head = net.head.transpose(0, 2, 1)
        self._offset = net.head_bias[:, None]
        if offsets is not None:
            width = offsets.shape[1]
            self._offset = self._offset + mx.matmul(offsets, net.offset[:, :width])
            self._offset = self._offset - net.at_reference(latents)
            # What a state of the day before that is not known adds: only on the first day.
            self._blind = [
                mx.matmul(offsets, net.offset[:, start : start + width])
                for start in range(width, net.offset.shape[1], width)
            ]
        self.chain = net.chain * net._chain_mask
        self.members = members

    def __call__(self, x: mx.array, blind: mx.array | None = None) -> mx.array:
        """Return (members, slots, outputs) before the chain.

        Args:
            x: (slots, inputs).
            blind: (slots, states), 1 where yesterday's state is not known.
        """
        first = mx.maximum(mx.matmul(x, self._net.inputs) + self._shift, 0.0) * self._gain
        second = mx.matmul(first, self._net.hidden) + self._net.hidden_bias[:, None]
        # So few outputs are four times as fast as rows than as columns of the product.
        second = mx.maximum(second, 0.0).transpose(0, 2, 1)
        out = mx.matmul(self._head, second).transpose(0, 2, 1) + self._offset
        if blind is not None:
            for column, added in enumerate(self._blind):
                out = out + blind[None, :, column : column + 1] * added
        return out


def imagine(
    model: WorldModel,
    latents: mx.array,
    eve: Eve,
    weather_transitions: np.ndarray,
    normal: mx.array,
    uniform: mx.array,
    *,
    temperature: float = 1.0,
    observed: mx.array | None = None,
    feasible_days: bool = True,
) -> mx.array:
    """Imagine people who follow their own habits.

    Args:
        model: trained nets.
        latents: (slots, latents), e.g. from `factorial_latents`.
        eve: what is known before the first day.
        weather_transitions: float32 (4, 4).
        normal: (slots, days, DreamWorld.normals), standard normal noise.
        uniform: (slots, days, DreamWorld.uniforms), noise in [0, 1).
        temperature: tau of the dream.
        observed: (slots, days, 10), 1 where a cell would be logged: what would not be is
            drawn, but told to nothing that comes after it, as in the logs that the nets learned
            from. None lives in full sight, as the environment does.
        feasible_days: move each day's actions onto the feasible set, as the environment
            does. A forecast of what is LOGGED leaves them: logs hold days outside it.

    Returns:
        float32 (slots, days, 10), raw rows, categories as indices.
    """
    architecture = model.architecture
    blocks = architecture.blocks
    policy = _Net(model.policy, latents[:, blocks["b"]], None)
    transition = _Net(model.transition, latents[:, blocks["c"]], latents[:, blocks["a"]])
    chain_table = mx.log(
        mx.array(np.concatenate([weather_transitions, weather_transitions.mean(0)[None]])) + 1e-12
    )
    row, seen = eve.row, eve.observed
    total, weight = eve.total, eve.weight
    sky = eve.weather
    days = []
    for day in range(normal.shape[1]):
        today_normal, today_uniform = normal[:, day], uniform[:, day]
        told = None if observed is None else observed[:, day]
        # As in the environment: tomorrow's weather is drawn with today's noise.
        drawn = today_uniform[:, FIRST_WEATHER] if day == 0 else uniform[:, day - 1, NEXT_WEATHER]
        sky = choose(chain_table[sky], drawn)
        weather = (sky[:, None] == mx.arange(4)).astype(mx.float32)
        if told is not None:
            weather = weather * told[:, schema.WEATHER : schema.WEATHER + 1]
        today = (eve.weekday + day) % schema.DAYS_PER_WEEK
        weekday = mx.array(schema.weekday_features(np.where(eve.weekday < 0, -1, today)))
        remembered = _memory_features(total, weight) * float(architecture.memory)
        x = mx.concatenate([row, seen, remembered[:, memory.POLICY_PART], weekday, weather], axis=1)
        habit = sample_columns(
            action_layout(architecture),
            policy(x)[0],
            policy.chain[0],
            temperature,
            today_normal[:, dream_step.NORMAL_COLUMNS["habit"]],
            today_uniform[:, dream_step.UNIFORM_COLUMNS["habit"]],
            None if told is None else told[:, mx.array(inputs.ACTION_ORDER)],
        )
        columns = project(habit) if feasible_days else habit
        encoded = _encode(columns, sky, told)
        acted = mx.ones((len(row), len(inputs.ACTION_ORDER)))
        if told is not None:
            acted = told[:, mx.array(inputs.ACTION_ORDER)]
        x = mx.concatenate(
            [
                row[:, mx.array(inputs.STATE_COLUMNS)],
                seen[:, mx.array(inputs.STATE_ORDER)],
                encoded[:, mx.array(inputs.ACTION_COLUMNS)],
                acted,
                remembered,
                weekday,
                weather,
            ],
            axis=1,
        )
        columns.update(
            _respond(
                model,
                transition,
                x,
                # In full sight everything is known after the first day.
                day == 0 or told is not None,
                temperature,
                today_normal,
                today_uniform,
                told,
            )
        )
        row = _encode(columns, sky, told)
        seen = mx.ones_like(eve.observed) if told is None else told
        total, weight = _remember(total, weight, columns, told)
        raw = [columns[i] if i != schema.WEATHER else sky for i in range(schema.FEATURE_COUNT)]
        today_rows = mx.stack([column.astype(mx.float32) for column in raw], axis=1)
        days.append(today_rows)
        mx.eval(row, total, weight, today_rows)
    return mx.stack(days, axis=1)


def _respond(
    model: WorldModel,
    transition: _Net,
    x: mx.array,
    may_be_blind: bool,
    temperature: float,
    normal: mx.array,
    uniform: mx.array,
    told: mx.array | None,
) -> dict[int, mx.array]:
    """Draw a member per slot, then the states; at temperature 0 the members' average."""
    parameters = transition(x, 1.0 - x[:, inputs.STATE_MASK_PART] if may_be_blind else None)
    own = uniform[:, dream_step.UNIFORM_COLUMNS["state"]]
    if temperature == 0.0:
        picked, chain = parameters.mean(axis=0), transition.chain.mean(axis=0)
    else:
        count = transition.members
        member = mx.minimum((own[:, 0] * count).astype(mx.int32), count - 1)
        picked = mx.take_along_axis(parameters, member[None, :, None], axis=0)[0]
        chain = transition.chain[member]
    return sample_columns(
        state_layout(model.architecture),
        picked,
        chain,
        temperature,
        normal[:, dream_step.NORMAL_COLUMNS["state"]],
        own[:, 1:],
        None if told is None else told[:, mx.array(inputs.STATE_ORDER)],
    )


def project(columns: dict[int, mx.array]) -> dict[int, mx.array]:
    """Move actions onto the feasible set; the NumPy twin is `feasible.project`."""
    sleep, minutes = columns[schema.SLEEP], columns[schema.MINUTES]
    awake = (feasible.HOURS_PER_DAY - sleep) * feasible.MINUTES_PER_HOUR
    minutes = mx.minimum(minutes, mx.minimum(awake, schema.continuous(schema.MINUTES).high))
    most = feasible.MAX_CADENCE * minutes + feasible.INCIDENTAL_STEPS
    steps = mx.minimum(
        columns[schema.STEPS], mx.minimum(most, schema.continuous(schema.STEPS).high)
    )
    workout = columns[schema.WORKOUT]
    distance = feasible.STRIDE_KM * steps * mx.array(feasible.STRIDE_TABLE)[workout]
    slack = feasible.DISTANCE_RESIDUAL_SHARE * distance
    moving = feasible.KCAL_PER_STEP * steps + feasible.KCAL_PER_MINUTE * minutes
    calories = feasible.BASAL_KCAL + moving + mx.array(feasible.KCAL_TABLE)[workout]
    residual = feasible.CALORIES_RESIDUAL_KCAL
    return {
        **columns,
        schema.MINUTES: minutes,
        schema.STEPS: steps,
        schema.DISTANCE: mx.clip(columns[schema.DISTANCE], distance - slack, distance + slack),
        schema.CALORIES: mx.clip(
            columns[schema.CALORIES], calories - residual, calories + residual
        ),
    }


def _encode(columns: dict[int, mx.array], sky: mx.array, told: mx.array | None = None) -> mx.array:
    """Encode columns; a state that is not there yet, or a cell not told, is zero."""
    parts = []
    slots = len(sky)
    for index, feature in enumerate(schema.FEATURES):
        column = sky if index == schema.WEATHER else columns.get(index)
        if column is None:
            parts.append(mx.zeros((slots, feature.width)))
        elif isinstance(feature, schema.Continuous):
            parts.append(((column - feature.centre) / feature.scale)[:, None])
        else:
            parts.append((column[:, None] == mx.arange(feature.width)).astype(mx.float32))
        if told is not None:
            parts[-1] = parts[-1] * told[:, index : index + 1]
    return mx.concatenate(parts, axis=1)


def _memory_features(total: mx.array, weight: mx.array) -> mx.array:
    average = total / (weight + memory.WEIGHT_FLOOR)
    contrast = memory.CONTRAST_SCALE * (average[:, :-1] - average[:, -1:])
    parts = [average, contrast, weight]
    return mx.concatenate([part.reshape(len(total), -1) for part in parts], axis=1)


def _remember(
    total: mx.array, weight: mx.array, columns: dict[int, mx.array], told: mx.array | None
) -> tuple[mx.array, mx.array]:
    """Move the memory on by a day, of which everything is known but what is not told."""
    signals = []
    for index in memory.SIGNAL_FEATURES:
        feature = schema.FEATURES[index]
        if isinstance(feature, schema.Continuous):
            signals.append((columns[index] - feature.centre) / feature.scale)
        else:
            signals.append(mx.array(memory.WORKOUT_TABLE)[columns[index]])
    decay = mx.array(memory.DECAY)
    today = mx.stack(signals, axis=1)[:, None, :]
    seen = mx.ones_like(today)
    if told is not None:
        seen = told[:, mx.array(memory.SIGNAL_FEATURES)][:, None, :]
    return decay * total + (1.0 - decay) * today * seen, decay * weight + (1.0 - decay) * seen
