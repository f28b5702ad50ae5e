"""Play the same future twice: the person's own habit, and the same with a change of each day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from human_wm_env.person import schema
from human_wm_env.person.actions import ACTION_WIDTH
from human_wm_env.person.history import weekdays
from human_wm_env.person.rewards import MOOD_VALUES
from human_wm_env.random_streams import Stream
from human_wm_env.worlds.person_state import PersonState
from human_wm_env.worlds.person_world import HabitChange, PersonWorld
from human_wm_env.worlds.starts import PersonStart

REWARD = "reward"
#: what an effect is measured in: numbers as they are, the mood as its reward in [0, 1], the reward
OUTCOMES = (
    *(schema.FEATURE_NAMES[index] for index in schema.CONTINUOUS_FEATURES),
    schema.FEATURE_NAMES[schema.MOOD],
    REWARD,
)
SLOTS_TOGETHER = 2000  # bounds the memory: the noise of a month is 10 MB
_NUMBERS = list(schema.CONTINUOUS_FEATURES)
_MOOD_VALUES = np.array([MOOD_VALUES[name] for name in schema.categories(schema.MOOD)], np.float32)


@dataclass(frozen=True)
class Days:
    """Days of many futures, in chronological order.

    Attributes:
        rows: float32 (futures, days, 10), raw, complete.
        outcomes: float32 (futures, days, outcomes), columns as in OUTCOMES.
        uncertainty: float32 (futures, days), see `Transition.extras`.
    """

    rows: np.ndarray
    outcomes: np.ndarray
    uncertainty: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Futures without and with the change; the same place is the same person and noise.

    Attributes:
        habit, changed: future k * repeats + r has latents k and noise of its own.
        weekday: int8 (days,), -1 if unknown.
        repeats: futures of the same latents.
    """

    habit: Days
    changed: Days
    weekday: np.ndarray
    repeats: int

    @property
    def differences(self) -> np.ndarray:
        """What the change does, float32 (draws, repeats, days, outcomes)."""
        apart = self.changed.outcomes - self.habit.outcomes
        return apart.reshape(-1, self.repeats, *apart.shape[1:])


def play_pairs(
    world: PersonWorld[Any],
    start: PersonStart,
    changes: Sequence[HabitChange],
    *,
    draws: int,
    repeats: int,
    seed: int,
) -> list[Pairs]:
    """Play the habit and each of several changes of it, for many draws of one person.

    Args:
        world: a dream or a simulator of the right horizon, with adherence 0.
        start: of the person.
        changes: of each habitual day; all are compared with the same futures of habit.
        draws: of the latents.
        repeats: of the noise, for each of them.
        seed: of latents and noise; no number of slots and no chunk changes what a future is.
    """
    played = [world, *(world.changed_by(change) for change in changes)]
    days: list[list[Days]] = [[] for _ in played]
    weekday = np.zeros(0, dtype=np.int8)
    for slots in _chunks(draws * repeats):
        streams = [Stream((seed, slot // repeats, 0), (seed, slot, 0)) for slot in slots]
        state = world.first_state([start] * len(slots), streams)
        weekday = weekdays(int(state.weekday[0]), world.horizon)
        for own, part in zip(played, days, strict=True):
            part.append(_play(own, state))
    habit, *changed = (_joined(part) for part in days)
    return [Pairs(habit, each, weekday, repeats) for each in changed]


def _chunks(futures: int) -> Iterator[range]:
    for first in range(0, futures, SLOTS_TOGETHER):
        yield range(first, min(first + SLOTS_TOGETHER, futures))


def _play(world: PersonWorld[Any], state: PersonState[Any]) -> Days:
    """Let people follow their habits; the action is not executed at adherence 0."""
    slots = len(state.day)
    rows = np.empty((slots, world.horizon, schema.FEATURE_COUNT), dtype=np.float32)
    outcomes = np.empty((slots, world.horizon, len(OUTCOMES)), dtype=np.float32)
    uncertainty = np.empty((slots, world.horizon), dtype=np.float32)
    weights = np.array([world.default_weights[name] for name in world.component_names], np.float32)
    idle = np.zeros((slots, ACTION_WIDTH), dtype=np.float32)
    for day in range(world.horizon):
        after = world.step(state, idle)
        state = after.state
        rows[:, day] = state.row
        outcomes[:, day, :-2] = state.row[:, _NUMBERS]
        outcomes[:, day, -2] = _MOOD_VALUES[state.row[:, schema.MOOD].astype(np.intp)]
        outcomes[:, day, -1] = after.components @ weights
        uncertainty[:, day] = after.extras["uncertainty"]
    return Days(rows, outcomes, uncertainty)


def _joined(parts: list[Days]) -> Days:
    return Days(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("rows", "outcomes", "uncertainty")
        )
    )
