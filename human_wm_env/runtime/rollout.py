"""Days of many people who follow their own habits: rows, and nothing beside them.

The same equations as in stepping, without observation, mask, reward or uncertainty. Of the
ensemble only the member that a slot draws is asked, and the first layers are folded: in a dream
everything is known after the first day, and contrasts of memory averages are linear in the
averages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.model import inputs, memory
from human_wm_env.model.memory import Memory
from human_wm_env.person import schema
from human_wm_env.person.day import Day
from human_wm_env.person.projection import project
from human_wm_env.runtime import sampling, step
from human_wm_env.runtime.film import FilmWeights, modulate
from human_wm_env.runtime.world_model import WorldModelRuntime

# What both nets are given, in columns: the encoded row, whose states stay yesterday's when its
# actions and weather become today's; then today's weather, for the habit, and the context.
_ROW = slice(0, schema.ROW_WIDTH)
_WEATHER = slice(_ROW.stop, _ROW.stop + len(inputs.WEATHER_COLUMNS))
_AVERAGES = slice(_WEATHER.stop, _WEATHER.stop + memory.AVERAGES)
_WEIGHTS = slice(_AVERAGES.stop, _AVERAGES.stop + memory.AVERAGES)
_WEEKDAY = slice(_WEIGHTS.stop, _WEIGHTS.stop + inputs.WEEKDAY_WIDTH)
_ALWAYS = _WEEKDAY.stop  # holds 1
_WIDTH = _ALWAYS + 1

_HEART = schema.continuous(schema.HEART_RATE)
_LABELS = [schema.WORKOUT, schema.LOCATION]


@dataclass(frozen=True)
class BulkEve:
    """What is known on the eve of the first imagined day, batch-first.

    Attributes:
        encoded: float32 (slots, ROW_WIDTH), the last row, zero where masked.
        known: bool (slots, 10), its mask.
        memory: slow quantities.
        weekday: int (slots,), of the first imagined day, -1 if unknown.
    """

    encoded: np.ndarray
    known: np.ndarray
    memory: Memory
    weekday: np.ndarray


@dataclass(frozen=True)
class BulkNoise:
    """Noise of one day, in columns: one row per feature in chain order.

    Attributes:
        habit_normal: float32 (7, slots); habit_uniform: likewise, in [0, 1).
        state_normal: float32 (2, slots).
        state_uniform: float32 (3, slots), in [0, 1): the member, then one per feature.
        weather: int (slots,), of the day.
    """

    habit_normal: np.ndarray
    habit_uniform: np.ndarray
    state_normal: np.ndarray
    state_uniform: np.ndarray
    weather: np.ndarray


class BulkDream:
    """The nets of a runtime, ready to imagine many people; may be shared by threads.

    Args:
        runtime: a loaded world model.
        temperature: tau of the dream, >= 0.
    """

    def __init__(self, runtime: WorldModelRuntime, temperature: float) -> None:
        self.runtime, self.temperature = runtime, temperature
        self.policy, self.transition = runtime.policy, runtime.transition
        remembers = runtime.architecture.memory
        policy = _folded(self.policy, _policy_columns(), remembers)[0]
        self.policy_inputs = np.ascontiguousarray(policy.T)  # (hidden, columns)
        self.transition_inputs = _folded(self.transition, _transition_columns(), remembers)
        # Of the masks of yesterday, which only the first day needs by themselves.
        self.row_known = _of_known(self.policy, schema.ROW_WIDTH, schema.FEATURE_COUNT)[0]
        states = inputs.STATE_MASK_PART
        self.state_known = _of_known(self.transition, states.start, len(inputs.STATE_ORDER))
        self.members = self.transition.members
        layout = runtime.state_layout
        moods = layout.parameters[schema.MOOD]
        rate, known = layout.encoded[schema.HEART_RATE].start, layout.encoded_width
        # What the heart rate does to the mood's logits: per scale, and by being known.
        self.mood_slope = self.transition.chain[:, rate, moods]
        self.mood_shift = self.transition.chain[:, known, moods]

    def days(
        self, latents: np.ndarray, eve: BulkEve, noise: Iterator[BulkNoise]
    ) -> Iterator[np.ndarray]:
        """Imagine day after day, as long as there is noise.

        Args:
            latents: float32 (slots, latents).
            eve: what is known before.
            noise: of each day.

        Yields:
            float32 (10, slots), raw rows in columns, categories as indices.
        """
        person = _Person(self, latents, eve)
        for today in noise:
            yield person.live(today)


class _Person:
    """A batch of people in the course of their days."""

    def __init__(self, dream: BulkDream, latents: np.ndarray, eve: BulkEve) -> None:
        runtime = dream.runtime
        slots = len(latents)
        self._dream, self._slots = dream, np.arange(slots)
        habit = runtime.policy_modulation(latents)
        self._shift, self._gain, self._offset = (
            np.ascontiguousarray(part[:, 0].T) for part in (habit.shift, habit.gain, habit.offset)
        )
        response = runtime.transition_modulation(latents)
        # Slots share the latents of the response: the few different ones stay in the cache.
        _, first, shared = np.unique(
            latents[:, runtime.architecture.blocks["c"]],
            axis=0,
            return_index=True,
            return_inverse=True,
        )
        self._response = shared.reshape(-1)
        layers = np.concatenate([response.shift[first], response.gain[first]], axis=2)
        self._modulation = layers.reshape(len(first) * dream.members, -1)
        self._offset_of_response = np.ascontiguousarray(response.offset)
        self._blind = response.blind
        self._weekday = eve.weekday
        self._sums = np.ascontiguousarray(step.sums_of(eve.memory).T)
        self._inputs = np.zeros((_WIDTH, slots), dtype=np.float32)
        self._inputs[_ROW] = eve.encoded.T
        self._inputs[_ALWAYS] = 1.0
        hidden = self._shift.shape
        self._first, self._second = (np.empty(hidden, dtype=np.float32) for _ in range(2))
        # What is not known of the eve, against a day that is known completely.
        unknown = ~eve.known
        self._unknown: np.ndarray | None = unknown if unknown.any() else None

    def live(self, noise: BulkNoise) -> np.ndarray:
        """Live a day; returns float32 (10, slots), raw."""
        x, dream = self._inputs, self._dream
        _begin_day(self._sums, self._weekday, noise.weather, x)
        drawn = sampling.sample_row(
            dream.runtime.action_layout,
            self._habit().T,
            dream.policy.chain[0],
            dream.temperature,
            noise.habit_normal.T,
            noise.habit_uniform.T,
        )
        row = project(drawn).T
        row[schema.WEATHER] = noise.weather
        day = Day(row, *row[_LABELS].astype(np.intp))
        step.set_actions(x, day, noise.weather)  # the states stay yesterday's
        rate, mood = self._respond(noise)
        row[schema.HEART_RATE], row[schema.MOOD] = rate, mood
        step.set_states(x, rate, mood)
        self._sums = step.remember(self._sums.T, x).T
        self._unknown = None
        self._weekday = np.where(self._weekday < 0, -1, (self._weekday + 1) % schema.DAYS_PER_WEEK)
        return row

    def _habit(self) -> np.ndarray:
        """Return the policy net's outputs before the chain, (outputs, slots)."""
        net = self._dream.policy
        first = np.matmul(self._dream.policy_inputs, self._inputs, out=self._first)
        if self._unknown is not None:
            first -= self._dream.row_known.T @ self._unknown.T.astype(np.float32)
        modulate(first[None], self._shift[None], self._gain[None])
        second = np.matmul(net.hidden[0].T, first, out=self._second)
        second += net.hidden_bias[0].T
        np.maximum(second, 0.0, out=second)
        out: np.ndarray = net.head[0].T @ second
        out += self._offset
        return out

    def _respond(self, noise: BulkNoise) -> tuple[np.ndarray, np.ndarray]:
        """Draw heart rate, bpm, and mood, (slots,) each."""
        dream, layout = self._dream, self._dream.runtime.state_layout
        parameters, slope, shift = self._parameters(noise.state_uniform[0])
        value = sampling.sample_mixture(
            parameters[:, layout.parameters[schema.HEART_RATE]],
            layout.components,
            dream.temperature,
            noise.state_normal[0],
            noise.state_uniform[1],
        )
        rate = np.clip(value * _HEART.scale + _HEART.centre, _HEART.low, _HEART.high)
        scaled = (rate - _HEART.centre) / _HEART.scale
        logits = parameters[:, layout.parameters[schema.MOOD]] + shift + scaled[:, None] * slope
        mood = sampling.sample_category(logits, dream.temperature, noise.state_uniform[2])
        return rate, mood

    def _parameters(self, uniform: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the drawn member's outputs, (slots, outputs), and its mood slopes and shifts.

        At temperature 0 the members are averaged.
        """
        dream, slots, members = self._dream, len(self._slots), self._dream.members
        if dream.temperature == 0.0:
            each = [self._of_members(np.full(slots, member)) for member in range(members)]
            return np.mean(each, axis=0), dream.mood_slope.mean(0), dream.mood_shift.mean(0)
        drawn = np.minimum((uniform * np.float32(members)).astype(np.int8), members - 1)
        return self._of_members(drawn), dream.mood_slope[drawn], dream.mood_shift[drawn]

    def _of_members(self, drawn: np.ndarray) -> np.ndarray:
        """Return the outputs of one member per slot, (slots, outputs)."""
        dream, net = self._dream, self._dream.transition
        # Slots of a member side by side, so that each takes one product.
        order = np.argsort(drawn, kind="stable")
        member = drawn[order].astype(np.intp)
        ends = np.searchsorted(member, np.arange(net.members + 1))
        parts = [slice(begin, end) for begin, end in pairwise(ends)]

        def product(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
            result = np.empty((len(rows), weights.shape[2]), dtype=np.float32)
            for own, part in zip(weights, parts, strict=True):
                np.matmul(rows[part], own, out=result[part])
            return result

        hidden = product(self._inputs.T[order], dream.transition_inputs)
        unknown = None
        if self._unknown is not None:
            unknown = self._unknown[order][:, inputs.STATE_ORDER].astype(np.float32)
            hidden -= np.einsum("ns,nsh->nh", unknown, dream.state_known[member])
        _modulate_rows(hidden, self._modulation, self._response[order] * net.members + member)
        hidden = product(hidden, net.hidden)
        out = np.empty((len(order), net.head.shape[2]), dtype=np.float32)
        _put_out_rows(
            hidden, net.hidden_bias, net.head, self._offset_of_response, member, order, out
        )
        if unknown is not None:
            out[order] += np.einsum("ns,nso->no", unknown, self._blind[order, member])
        return out


@compiled
def _modulate_rows(hidden: np.ndarray, modulation: np.ndarray, which: np.ndarray) -> None:
    """Shift, rectify and multiply a layer, (slots, hidden), by rows of shifts and gains."""
    width = hidden.shape[1]
    for slot in range(len(hidden)):
        own = which[slot]
        for unit in range(width):
            value = max(hidden[slot, unit] + modulation[own, unit], np.float32(0.0))
            hidden[slot, unit] = value * modulation[own, width + unit]


@compiled
def _put_out_rows(
    hidden: np.ndarray,
    bias: np.ndarray,
    head: np.ndarray,
    offset: np.ndarray,
    member: np.ndarray,
    order: np.ndarray,
    out: np.ndarray,
) -> None:
    """Rectify the second layer, (slots, hidden), take it to the outputs, and sort these back.

    BLAS takes four times as long for a handful of outputs.
    """
    for row in range(len(order)):
        slot, own = order[row], member[row]
        for output in range(out.shape[1]):
            out[slot, output] = offset[slot, own, output]
        for unit in range(hidden.shape[1]):
            value = max(hidden[row, unit] + bias[own, 0, unit], np.float32(0.0))
            for output in range(out.shape[1]):
                out[slot, output] += value * head[own, unit, output]


def _make_begin_day() -> Callable[..., None]:
    """Return the loop that writes memory, weekday and weather of a day into the inputs."""
    averages, floor = memory.AVERAGES, np.float32(memory.WEIGHT_FLOOR)
    at_averages, at_weights = _AVERAGES.start, _WEIGHTS.start
    at_weekday, at_weather, weathers = _WEEKDAY.start, _WEATHER.start, len(inputs.WEATHER_COLUMNS)
    # Indexed by -1, where it is not known, it gives its last row of zeros.
    weekdays = schema.weekday_features(np.array([*range(schema.DAYS_PER_WEEK), -1]))

    @compiled
    def begin_day(
        sums: np.ndarray, weekday: np.ndarray, weather: np.ndarray, out: np.ndarray
    ) -> None:
        for row in range(averages):
            for slot in range(out.shape[1]):
                weight = sums[averages + row, slot]
                out[at_averages + row, slot] = sums[row, slot] / (weight + floor)
                out[at_weights + row, slot] = weight
        for slot in range(out.shape[1]):
            out[at_weekday, slot] = weekdays[weekday[slot], 0]
            out[at_weekday + 1, slot] = weekdays[weekday[slot], 1]
            for which in range(weathers):
                out[at_weather + which, slot] = which == weather[slot]

    return begin_day


_begin_day = _make_begin_day()


def _policy_columns() -> list[tuple[str, int]]:
    """Return what the policy net's inputs are, piece by piece, in the order of `inputs`."""
    return [
        ("row", schema.ROW_WIDTH),
        ("known", schema.FEATURE_COUNT),
        ("contrasts", memory.CONTRASTS),
        ("weights", memory.AVERAGES),
        ("weekday", inputs.WEEKDAY_WIDTH),
        ("weather", len(inputs.WEATHER_COLUMNS)),
    ]


def _transition_columns() -> list[tuple[str, int]]:
    """Return the same of the transition net."""
    return [
        ("states", len(inputs.STATE_COLUMNS)),
        ("known", len(inputs.STATE_ORDER)),
        ("actions", len(inputs.ACTION_COLUMNS)),
        ("known", len(inputs.ACTION_ORDER)),
        ("averages", memory.AVERAGES),
        ("contrasts", memory.CONTRASTS),
        ("weights", memory.AVERAGES),
        ("weekday", inputs.WEEKDAY_WIDTH),
        ("row weather", len(inputs.WEATHER_COLUMNS)),
    ]


_WHERE: dict[str, Any] = {
    "row": _ROW,
    "states": inputs.STATE_COLUMNS,
    "actions": inputs.ACTION_COLUMNS,
    "row weather": inputs.WEATHER_COLUMNS,
    "weather": _WEATHER,
    "averages": _AVERAGES,
    "weights": _WEIGHTS,
    "weekday": _WEEKDAY,
}
_OF_MEMORY = ("averages", "contrasts", "weights")


def _by_member(net: FilmWeights) -> np.ndarray:
    """Return first-layer weights, (members, inputs, hidden)."""
    members = net.members
    return net.inputs.reshape(len(net.inputs), members, -1).transpose(1, 0, 2)


def _of_known(net: FilmWeights, start: int, width: int) -> np.ndarray:
    """Return first-layer weights of the masks of yesterday, (members, width, hidden)."""
    return _by_member(net)[:, start : start + width]


def _folded(net: FilmWeights, pieces: list[tuple[str, int]], remembers: bool) -> np.ndarray:
    """Return first-layer weights for the columns of this file, (members, columns, hidden)."""
    weights, start = _by_member(net), 0
    folded = np.zeros((net.members, _WIDTH, weights.shape[2]), dtype=np.float32)
    for name, width in pieces:
        piece = weights[:, start : start + width]
        start += width
        if name in _OF_MEMORY and not remembers:
            continue
        if name == "known":
            folded[:, _ALWAYS] += piece.sum(axis=1)
        elif name == "contrasts":
            # Fast averages minus the slowest one.
            scaled = np.float32(memory.CONTRAST_SCALE) * piece
            slowest = -scaled.reshape(net.members, -1, memory.SIGNALS, scaled.shape[2]).sum(axis=1)
            folded[:, _AVERAGES] += np.concatenate([scaled, slowest], axis=1)
        else:
            folded[:, _WHERE[name]] += piece
    return folded
