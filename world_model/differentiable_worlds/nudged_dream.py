"""The dream of people who are nudged, as a world that gradients flow through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.nudge.compliance import TIRING_MOODS, WET_WEATHERS
from human_wm_env.nudge.nudges import Nudge
from human_wm_env.nudge.world import BURDEN, NudgeWorld
from human_wm_env.person import schema
from human_wm_env.person_context import PosteriorMeans
from human_wm_env.random_streams import Stream
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.starts import PersonStart
from world_model.differentiable_worlds.dream_days import DreamDays, PersonDreamState
from world_model.differentiable_worlds.step import Step
from world_model.imagination.decoding import AMOUNTS, PICKS
from world_model.imagination.draws import Columns
from world_model.imagination.step import (
    implied_calories_kcal,
    implied_distance_km,
    project,
)


@dataclass(frozen=True)
class NudgedDreamState:
    """Where the dreams of people who are nudged stand, batch-first.

    Attributes:
        person: their days.
        odds: (slots, nudges), log-odds of complying with each when fresh.
        quit_factor: (slots,).
        uniform: (slots, days), noise of complying.
        burden, habituation: (slots,).
        sent: (slots, 1 + nudges), the last action, one-hot; zero before the first.
        answer: (slots, 2), seen that it was followed, and that it was not.
        followed, answered: (slots,), of the nudges so far.
    """

    person: PersonDreamState
    odds: mx.array
    quit_factor: mx.array
    uniform: mx.array
    burden: mx.array
    habituation: mx.array
    sent: mx.array
    answer: mx.array
    followed: mx.array
    answered: mx.array


class NudgedDream:
    """Steps what the environment steps, `NudgeWorld` of a dream and its reward, in MLX.

    Whether people comply is drawn straight through. That they quit changes nothing of the days
    before: it is taken in expectation, as the probability that an episode goes on. Planned
    workouts and locations are drawn without a gradient; planned amounts have that of their means.

    Args:
        env: of a dream in which people are nudged.
        context: of the observations; None where they tell nothing of the person.

    Raises:
        ConfigError: the context is encoded again every day, or nets draw without noise.
    """

    def __init__(self, env: VectorEnv, context: PosteriorMeans | None = None) -> None:
        world, reward = env.world, env.reward
        assert isinstance(world, NudgeWorld) and isinstance(world.people, DreamWorld)
        self._world, self._model = world, world.compliance
        of_burden = reward.names.index(BURDEN)
        self._burden_weight = float(reward.weights[of_burden])
        weights = np.delete(reward.weights, of_burden)
        self._days = DreamDays(world.people, weights, reward.pessimism, context)
        nudges = world.nudges
        self._less_when_tired = mx.array(
            self._model.tiredness * nudges.demanding[1:].astype(np.float32)
        )
        self._less_when_wet = mx.array(self._model.weather * nudges.outdoors[1:].astype(np.float32))
        self._features = mx.array(nudges.features[1:].astype(np.float32))

    def reset(
        self, starts: Sequence[PersonStart], streams: Sequence[Stream]
    ) -> tuple[NudgedDreamState, mx.array]:
        """Begin an episode per start; see `NudgeWorld.reset`."""
        own = self._world.traits(starts)
        slots = len(starts)
        nothing = mx.zeros(slots)
        first = NudgedDreamState(
            person=self._days.reset(starts, streams),
            odds=mx.array(own.disposition[:, None] + own.liking),
            quit_factor=mx.array(own.quit_factor),
            uniform=mx.array(self._world.noise(streams)[:, :, 0]),
            burden=nothing,
            habituation=nothing,
            sent=mx.zeros((slots, 1 + len(self._world.nudges))),
            answer=mx.zeros((slots, 2)),
            followed=nothing,
            answered=nothing,
        )
        return first, self._observe(first)

    def step(
        self, state: NudgedDreamState, amounts: mx.array, picks: Sequence[mx.array]
    ) -> Step[NudgedDreamState]:
        """Send a nudge or nothing in every slot, and simulate the day; see `NudgeWorld.step`.

        Args:
            state: before the day.
            amounts: of no width.
            picks: one-hot (slots, 1 + nudges), what is sent; the first sends nothing.
        """
        model, (sent,) = self._model, picks
        nudged = 1.0 - sent[:, 0]
        likely = mx.sigmoid(self._log_odds(state))
        complies = drawn(likely, state.uniform[:, state.person.elapsed])
        followed = sent[:, 1:] * complies
        burden = _moved(state.burden, model.burden_of_nudge * nudged, model.burden_days)
        habituation = _moved(state.habituation, nudged, model.habituation_days)
        person, reward = self._days.own(
            state.person, lambda planned: follow(planned, list(self._world.nudges), followed)
        )
        # Only where the tracker kept all that a nudge changes is seen whether it was followed.
        lost = (1.0 - person.observed) @ self._features.T
        shown = sent[:, 1:] * (lost == 0.0)
        seen = (shown * complies).sum(axis=1)
        answered = shown.sum(axis=1)
        after = NudgedDreamState(
            person=person,
            odds=state.odds,
            quit_factor=state.quit_factor,
            uniform=state.uniform,
            burden=burden,
            habituation=habituation,
            sent=sent,
            answer=mx.stack([seen, answered - seen], axis=1),
            followed=state.followed + seen,
            answered=state.answered + answered,
        )
        hazard = model.quit_rate * state.quit_factor * mx.exp(model.quit_burden * burden)
        return Step(
            after,
            self._observe(after),
            reward + self._burden_weight * burden,
            mx.exp(-hazard),
        )

    def _log_odds(self, state: NudgedDreamState) -> mx.array:
        """Return the log-odds of complying with each nudge today; see `Compliance.log_odds`."""
        model, person = self._model, state.person
        mood = person.before.row[:, schema.ROW_SLICES[schema.MOOD]]
        tired = mood[:, mx.array(TIRING_MOODS)].sum(axis=1, keepdims=True)
        wet = person.weather[:, mx.array(WET_WEATHERS)].sum(axis=1, keepdims=True)
        lost = model.burden * state.burden + model.habituation * state.habituation
        less = tired * self._less_when_tired + wet * self._less_when_wet
        return state.odds - lost[:, None] - less

    def _observe(self, state: NudgedDreamState) -> mx.array:
        """Return what the environment shows; see `NudgeWorld`."""
        days, context = self._days.observe(state.person)
        share = (1.0 + state.followed) / (2.0 + state.answered)
        of_nudges = [
            state.burden[:, None],
            state.habituation[:, None],
            state.sent[:, 1:],
            state.answer,
            share[:, None],
        ]
        return mx.concatenate([days, *of_nudges, context], axis=1)


def drawn(likely: mx.array, noise: mx.array) -> mx.array:
    """Draw who complies with each nudge, 1 or 0, with the gradient of how likely it is.

    Args:
        likely: (slots, nudges).
        noise: (slots,), in [0, 1).
    """
    hard = (noise[:, None] < likely).astype(mx.float32)
    return mx.stop_gradient(hard - likely) + likely


def follow(planned: Columns, nudges: Sequence[Nudge], followed: mx.array) -> Columns:
    """Return the encoded actions of people who comply; the NumPy twin is `Nudges.follow`.

    Args:
        planned: encoded actions of feasible days.
        nudges: that may be followed.
        followed: (slots, nudges), 1 for the one that each complies with.
    """
    raw = {
        index: planned[index] * schema.continuous(index).scale + schema.continuous(index).centre
        for index in AMOUNTS
    } | {index: planned[index] for index in PICKS}
    moved = dict(raw)
    for place, nudge in enumerate(nudges):
        complies = followed[:, place : place + 1]
        for index, value in _changed(raw, nudge).items():
            moved[index] = moved[index] + complies * (value - raw[index])
    encoded: Columns = {index: moved[index] for index in PICKS}
    for index in AMOUNTS:
        feature, value = schema.continuous(index), moved[index]
        if index not in (schema.DISTANCE, schema.CALORIES):  # those follow from the others
            value = mx.clip(value, feature.low, feature.high)
        encoded[index] = (value - feature.centre) / feature.scale
    return project(encoded)


def _changed(days: Mapping[int, mx.array], nudge: Nudge) -> Columns:
    """Return the features that a nudge changes, in the log's units; see `Nudge.change`."""
    changed = dict(days)
    for name, factor in nudge.scale.items():
        changed[schema.INDEX[name]] = changed[schema.INDEX[name]] * factor
    for name, amount in nudge.add.items():
        changed[schema.INDEX[name]] = changed[schema.INDEX[name]] + amount
    for name, label in nudge.set.items():
        index = schema.INDEX[name]
        categories = schema.categories(index)
        one = mx.zeros_like(days[index]) + mx.eye(len(categories))[categories.index(label)]
        if nudge.keep_workout and index == schema.WORKOUT:
            none = days[index][:, :1]
            one = none * one + (1.0 - none) * days[index]
        changed[index] = one
    for index, implied in ((schema.DISTANCE, _distance), (schema.CALORIES, _calories)):
        changed[index] = changed[index] + implied(changed) - implied(days)
    return changed


def _distance(days: Mapping[int, mx.array]) -> mx.array:
    return implied_distance_km(days[schema.STEPS], days[schema.WORKOUT])


def _calories(days: Mapping[int, mx.array]) -> mx.array:
    return implied_calories_kcal(days[schema.STEPS], days[schema.MINUTES], days[schema.WORKOUT])


def _moved(mean: mx.array, today: mx.array, days: float) -> mx.array:
    """Move an exponential mean on by a day; see `Compliance.after`."""
    kept = float(np.exp(-1.0 / days))
    return kept * mean + (1.0 - kept) * today
