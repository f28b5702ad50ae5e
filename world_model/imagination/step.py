"""One imagined day, in MLX: habit, then response, on encoded columns.

Bulk imagination, the rollout loss and the predecessor's rollout are loops over this step; they
differ in how they draw (`draws`). The environment steps the same equations in NumPy
(`human_wm_env/worlds/dream.py`): given the same noise both imagine the same days.
"""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from human_wm_env.model import inputs, memory
from human_wm_env.model.layouts import action_layout, state_layout
from human_wm_env.person import feasible, schema
from world_model.imagination.draws import Columns, Draw, disagreement
from world_model.imagination.response_step import CarriedDays, ResponseDraw, ResponseStep
from world_model.nets.world_model import WorldModel

_CONTINUOUS_ACTIONS = sorted({*schema.ACTION_FEATURES} & {*schema.CONTINUOUS_FEATURES})
_IS_WEATHER = mx.array(np.arange(schema.FEATURE_COUNT) == schema.WEATHER)


@dataclass(frozen=True)
class DayBefore:
    """What is known when a day begins, batch-first.

    Attributes:
        row: float32 (slots, ROW_WIDTH), the encoded day before, zero where masked.
        observed: float32 (slots, 10), its mask.
        total, weight: float32 (slots, taus, signals), the memory.
        carried: what a response keeps; None where states follow nets.
        uncertainty: float32 (slots,), how little was known of that day's states, as the environment
            has it; None before the first imagined day, and where a response keeps no doubt.
    """

    row: mx.array
    observed: mx.array
    total: mx.array
    weight: mx.array
    carried: CarriedDays | None = None
    uncertainty: mx.array | None = None


class DayStep:
    """Steps some slots through days on which they follow their own habits.

    Args:
        model: the nets.
        latents: (slots, latents).
        feasible_days: move each day's actions onto the feasible set.
    """

    def __init__(
        self, model: WorldModel, latents: mx.array, *, feasible_days: bool = False
    ) -> None:
        architecture = model.architecture
        a, b, c = (latents[:, part] for part in architecture.blocks.values())
        self._policy, self._policy_chain = model.policy.modulated(b), model.policy.masked_chain
        self._layouts = action_layout(architecture), state_layout(architecture)
        if architecture.has_response:
            person = mx.concatenate([c, a], axis=1)
            self._response = ResponseStep(model.trained_response, person)
        else:
            self._transition = model.transition.modulated(c, a)
            self._transition_chain = model.transition.masked_chain
        self._use_memory = float(architecture.memory)
        self._feasible_days = feasible_days

    def __call__(
        self,
        before: DayBefore,
        weekday: mx.array,
        weather: mx.array,
        draw_actions: Draw,
        draw_states: Draw | ResponseDraw,
        observed: mx.array | None = None,
    ) -> tuple[mx.array, DayBefore]:
        """Imagine one day.

        Args:
            before: what is known of the days before.
            weekday: (slots, 2), encoded.
            weather: (slots, 4), one-hot; zero where it is not known.
            draw_actions: of the policy's head.
            draw_states: of the transition's head, or of a response.
            observed: (slots, 10), 1 where a cell would be logged; others are drawn, but no net
                is told of them on the days after. (A response is not told of gaps: what was done
                acts on the states, logged or not.) None: all but an unknown weather.

        Returns:
            The encoded day (slots, ROW_WIDTH), masked nowhere, and what is known after it.
        """
        columns = self.planned(before, weekday, weather, draw_actions, observed)
        return self.decided(before, weekday, weather, columns, draw_states, observed)

    def planned(
        self,
        before: DayBefore,
        weekday: mx.array,
        weather: mx.array,
        draw_actions: Draw,
        observed: mx.array | None = None,
    ) -> Columns:
        """Return the encoded actions that people plan by their own habits.

        Args:
            before: what is known of the days before.
            weekday: (slots, 2), encoded.
            weather: (slots, 4), one-hot.
            draw_actions: of the policy's head.
            observed: see `__call__`.
        """
        known_weather, acting = weather, None
        if observed is not None:
            known_weather = weather * observed[:, schema.WEATHER : schema.WEATHER + 1]
            acting = observed[:, mx.array(inputs.ACTION_ORDER)]
        remembered = self._remembered(before)
        seen_states = before.observed[:, mx.array(inputs.STATE_ORDER)]
        of_policy = remembered[:, memory.POLICY_PART]
        x = [before.row, before.observed, of_policy, weekday, known_weather]
        parameters = self._policy(mx.concatenate(x, axis=1), 1.0 - seen_states)
        columns = draw_actions(self._layouts[0], parameters, self._policy_chain, acting)
        if self._feasible_days:
            columns = project(columns)
        return columns

    def decided(
        self,
        before: DayBefore,
        weekday: mx.array,
        weather: mx.array,
        columns: Columns,
        draw_states: Draw | ResponseDraw,
        observed: mx.array | None = None,
    ) -> tuple[mx.array, DayBefore]:
        """Imagine what comes of a day whose actions are decided.

        Args:
            before: what is known of the days before.
            weekday: (slots, 2), encoded.
            weather: (slots, 4), one-hot.
            columns: encoded actions.
            draw_states: see `__call__`.
            observed: likewise.
        """
        carried = before.carried
        if isinstance(draw_states, ResponseDraw):
            assert carried is not None, "a response goes on from what it kept"
            states, carried = self._response(carried, columns, weekday, weather, draw_states)
            uncertainty = carried.uncertainty
        else:
            known = weather
            if observed is not None:
                known = weather * observed[:, schema.WEATHER : schema.WEATHER + 1]
            states, uncertainty = self._by_nets(
                before,
                _masked(columns, observed),
                observed,
                (self._remembered(before), weekday, known),
                draw_states,
            )
        columns = {**columns, **states, schema.WEATHER: weather}
        row, after = _row(columns), _masked(columns, observed)
        total, weight = remember(before.total, before.weight, after, observed)
        if observed is None:
            # An unlogged weather is not known, on imagined days as on logged ones.
            seen = mx.where(_IS_WEATHER, weather.sum(axis=1, keepdims=True), mx.array(1.0))
            return row, DayBefore(row, seen, total, weight, carried, uncertainty)
        return row, DayBefore(_row(after), observed, total, weight, carried, uncertainty)

    def _remembered(self, before: DayBefore) -> mx.array:
        return memory_features(before.total, before.weight) * self._use_memory

    def _by_nets(
        self,
        before: DayBefore,
        acted: Columns,
        observed: mx.array | None,
        context: tuple[mx.array, ...],
        draw: Draw,
    ) -> tuple[Columns, mx.array]:
        """Draw the states of a day from the transition nets; say how much their members disagree.

        Args:
            before: of the days before.
            acted: encoded actions, zero where masked.
            observed: (slots, 10), or None; see `__call__`.
            context: memory, weekday and weather, as the nets see them.
            draw: of the transition's head.
        """
        acting, responding = None, None
        if observed is not None:
            acting = observed[:, mx.array(inputs.ACTION_ORDER)]
            responding = observed[:, mx.array(inputs.STATE_ORDER)]
        seen_states = before.observed[:, mx.array(inputs.STATE_ORDER)]
        x = [
            before.row[:, mx.array(inputs.STATE_COLUMNS)],
            seen_states,
            *(acted[index] for index in inputs.ACTION_ORDER),
            mx.ones((len(before.row), len(inputs.ACTION_ORDER))) if acting is None else acting,
            *context,
        ]
        parameters = self._transition(mx.concatenate(x, axis=1), 1.0 - seen_states)
        layout = self._layouts[1]
        states = draw(layout, parameters, self._transition_chain, responding)
        return states, disagreement(layout, parameters)


def _masked(columns: Columns, observed: mx.array | None) -> Columns:
    if observed is None:
        return columns
    return {index: value * observed[:, index : index + 1] for index, value in columns.items()}


def _row(columns: Columns) -> mx.array:
    return mx.concatenate([columns[index] for index in range(schema.FEATURE_COUNT)], axis=1)


# From an encoded row to a raw one: scales, and the categories' indices; then the centres.
_DECODE = np.zeros((schema.ROW_WIDTH, schema.FEATURE_COUNT), dtype=np.float32)
_CENTRE, _LOW, _HIGH = np.zeros((3, schema.FEATURE_COUNT), dtype=np.float32)
for _index, _feature in enumerate(schema.FEATURES):
    if isinstance(_feature, schema.Continuous):
        _DECODE[schema.ROW_SLICES[_index], _index] = _feature.scale
        _CENTRE[_index], _LOW[_index], _HIGH[_index] = _feature.centre, _feature.low, _feature.high
    else:
        _DECODE[schema.ROW_SLICES[_index], _index] = np.arange(_feature.width)
        _HIGH[_index] = _feature.width - 1


def decode(row: mx.array) -> mx.array:
    """Return raw rows, float32 (slots, 10), of encoded ones that are masked nowhere."""
    raw = row @ mx.array(_DECODE) + mx.array(_CENTRE)
    return mx.clip(raw, mx.array(_LOW), mx.array(_HIGH))


def project(columns: Columns) -> Columns:
    """Move encoded actions onto the feasible set; the NumPy twin is `feasible.project`."""
    features = {index: schema.continuous(index) for index in _CONTINUOUS_ACTIONS}
    raw = {i: columns[i] * feature.scale + feature.centre for i, feature in features.items()}
    workout = columns[schema.WORKOUT]
    awake = (feasible.HOURS_PER_DAY - raw[schema.SLEEP]) * feasible.MINUTES_PER_HOUR
    minutes = mx.minimum(raw[schema.MINUTES], awake)
    most = feasible.MAX_CADENCE * minutes + feasible.INCIDENTAL_STEPS
    steps = mx.minimum(raw[schema.STEPS], most)
    distance = implied_distance_km(steps, workout)
    slack = feasible.DISTANCE_RESIDUAL_SHARE * distance
    kcal = implied_calories_kcal(steps, minutes, workout)
    residual = feasible.CALORIES_RESIDUAL_KCAL
    raw[schema.MINUTES], raw[schema.STEPS] = minutes, steps
    raw[schema.DISTANCE] = mx.clip(raw[schema.DISTANCE], distance - slack, distance + slack)
    raw[schema.CALORIES] = mx.clip(raw[schema.CALORIES], kcal - residual, kcal + residual)
    scaled = {i: (raw[i] - feature.centre) / feature.scale for i, feature in features.items()}
    return {**columns, **scaled}


def implied_distance_km(steps: mx.array, workout: mx.array) -> mx.array:
    """Return the distance that steps and one-hot workouts imply, (slots, 1); see `feasible`."""
    return feasible.STRIDE_KM * steps * (workout @ mx.array(feasible.STRIDE_TABLE)[:, None])


def implied_calories_kcal(steps: mx.array, minutes: mx.array, workout: mx.array) -> mx.array:
    """Return the energy that a day implies, (slots, 1); see `feasible`."""
    moving = feasible.KCAL_PER_STEP * steps + feasible.KCAL_PER_MINUTE * minutes
    return feasible.BASAL_KCAL + moving + workout @ mx.array(feasible.KCAL_TABLE)[:, None]


def memory_features(total: mx.array, weight: mx.array) -> mx.array:
    """Return the memory as net inputs, (slots, memory.WIDTH); see `memory.features`."""
    average = total / (weight + memory.WEIGHT_FLOOR)
    contrast = memory.CONTRAST_SCALE * (average[:, :-1] - average[:, -1:])
    parts = [average, contrast, weight]
    return mx.concatenate([part.reshape(len(total), -1) for part in parts], axis=1)


def recalled(remembered: mx.array) -> tuple[mx.array, mx.array]:
    """Return the memory's totals and weights behind its features, `memory_features` undone."""
    shape = (len(remembered), len(memory.TAUS_DAYS), memory.SIGNALS)
    average = remembered[:, : memory.AVERAGES].reshape(shape)
    weight = remembered[:, memory.AVERAGES + memory.CONTRASTS :].reshape(shape)
    return average * (weight + memory.WEIGHT_FLOOR), weight


def remember(
    total: mx.array, weight: mx.array, columns: Columns, observed: mx.array | None
) -> tuple[mx.array, mx.array]:
    """Move the memory on by a day; see `memory.remember`.

    Args:
        total: (slots, taus, signals).
        weight: likewise.
        columns: encoded features, zero where masked.
        observed: (slots, 10); None means everywhere.
    """
    signals = [
        columns[index] @ mx.array(memory.WORKOUT_TABLE)[:, None]
        if index == schema.WORKOUT
        else columns[index]
        for index in memory.SIGNAL_FEATURES
    ]
    decay = mx.array(memory.DECAY)
    today = mx.concatenate(signals, axis=1)[:, None]
    added = 1.0 - decay
    if observed is not None:
        added = added * observed[:, None, mx.array(memory.SIGNAL_FEATURES)]
    return decay * total + (1.0 - decay) * today, decay * weight + added
