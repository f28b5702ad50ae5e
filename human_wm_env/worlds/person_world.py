"""What the three person worlds share: starts, observations, rewards, weather, masks.

A subclass only produces rows. Everything an agent can see or be rewarded for is built
here, so that dream and simulator cannot drift apart.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar, Generic, Self, TypeAlias

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike

from human_wm_env.compiled import compiled
from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError, InvalidActionError
from human_wm_env.model.branches import BRANCHES
from human_wm_env.person import observations, rewards, schema
from human_wm_env.person.actions import (
    ACTION_PICKS,
    ACTION_WIDTH,
    action_space,
    check_actions,
    column_by_column,
)
from human_wm_env.person.feasible import project
from human_wm_env.person.history import History
from human_wm_env.person.noise import FIRST_WEATHER
from human_wm_env.person.rewards import Baseline
from human_wm_env.random_streams import Stream, draw_noise
from human_wm_env.settings import finite_number, whole_number
from human_wm_env.worlds.person_state import DayOutcome, InnerT, PersonState
from human_wm_env.worlds.start_cache import StartCache, distinct
from human_wm_env.worlds.starts import LoggedStarts, PersonStart
from human_wm_env.worlds.world import Options, Transition, World

_ACTIONS = np.array(schema.ACTION_FEATURES)
_COMPONENTS = len(rewards.COMPONENTS)
# Indexed by -1, an unknown weekday, it gives its last entry: still unknown.
_NEXT_WEEKDAY = np.array([*range(1, schema.DAYS_PER_WEEK), 0, -1])
# From raw days, float32 (slots, 10), and their weekdays, int (slots,), to other raw days.
HabitChange: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray]


class PersonWorld(World[PersonState[InnerT], PersonStart], Generic[InnerT]):
    """A World of people over a data set of logged days.

    Args:
        dataset: the logs that episodes start from.
        split: whose logs random starts are drawn from: train, validation, test or all.
        horizon: days an episode may last, >= 1.
        adherence: probability, each day, that the person follows the agent; otherwise a
            sample of the person's own habit is executed.
    """

    component_names: tuple[str, ...] = rewards.COMPONENTS
    component_bounds = (0.0, 1.0)
    default_weights: Mapping[str, float] = rewards.DEFAULT_WEIGHTS
    branches = BRANCHES
    action_picks: Mapping[int, int] = MappingProxyType(ACTION_PICKS)
    whole_options = ("history",)
    step_info: Mapping[str, tuple[int, ...]] = MappingProxyType(
        {"uncertainty": (), "action": (ACTION_WIDTH,)}
    )
    render_modes: tuple[str, ...] = ("rgb_array", "ansi")
    #: the last start day must leave the whole horizon inside the log
    needs_logged_future: ClassVar[bool] = False
    #: days are rewarded as `rewards.components` says, and not by `_components`
    rewards_days: ClassVar[bool] = True
    normals: int
    uniforms: ClassVar[int]

    def __init__(self, dataset: LogDataset, *, split: str, horizon: int, adherence: float) -> None:
        if whole_number(horizon, "horizon") < 1:
            raise ConfigError("a horizon of at least 1 day", f"{horizon}", "Raise it.")
        if not 0.0 <= finite_number(adherence, "adherence") <= 1.0:
            raise ConfigError(
                "adherence, a probability in [0, 1]",
                f"{adherence}",
                "1 always follows the agent, 0 is the person's own habit.",
            )
        self.dataset = dataset
        self.horizon = int(horizon)
        self.adherence = float(adherence)
        self.observation_space = observations.flat_space()
        self.observation_parts: Mapping[str, slice] = observations.PARTS
        self.action_space: spaces.Box = action_space()
        self._starts = LoggedStarts(
            dataset,
            split=split,
            horizon=self.horizon,
            needs_logged_future=self.needs_logged_future,
        )
        self._baselines: StartCache[Baseline] = StartCache()
        self._change: HabitChange | None = None

    def reseed(self, state: PersonState[InnerT], streams: Sequence[Stream]) -> PersonState[InnerT]:
        """Return the same people, with other noise in the days to come; see World.reseed."""
        normal, uniform = draw_noise(streams, self.horizon, self.normals, self.uniforms)
        return replace(state, normal=normal, uniform=uniform)

    def user_name(self, index: int) -> str:
        """Return a person's id; "" for -1, a log that the caller gave."""
        place, users = whole_number(index, "the position of a person"), self.dataset.users
        if not -1 <= place < users:
            raise ConfigError(
                f"the position of a person, from 0 to {users - 1}, or -1",
                f"{place}",
                "Take user_index of info.",
            )
        return self.dataset.user_ids[place] if place >= 0 else ""

    # What a subclass does ---------------------------------------------------------

    @abstractmethod
    def begin(self, starts: Sequence[PersonStart], streams: Sequence[Stream]) -> InnerT:
        """Return the world's own state before the start days."""

    @abstractmethod
    def first_forecast(self, starts: Sequence[PersonStart], uniform: np.ndarray) -> np.ndarray:
        """Return the weather of the start days, int (slots,), -1 if unknown."""

    @abstractmethod
    def advance(self, state: PersonState[InnerT], action: np.ndarray | None) -> DayOutcome[InnerT]:
        """Let a day pass.

        Args:
            state: before the day.
            action: of the agent, checked, float32 (slots, 7); None without an agent
                (adherence 0).
        """

    # What every person world does the same way ---------------------------------------

    def check_actions(self, action: ArrayLike, slots: int | None) -> np.ndarray:
        """Return actions as clipped float32 (slots, 7), or raise InvalidActionError."""
        return check_actions(action, slots)

    def draw_start(self, rng: np.random.Generator) -> PersonStart:
        """Draw a person of the split, one of their start days, and a branch; see `LoggedStarts`."""
        return self._starts.draw(rng)

    def at_branch(self, start: PersonStart, branch: int) -> PersonStart:
        """Return the same person and day in another of the 125 futures."""
        return replace(start, branch=branch)

    def start_days(self, user: int) -> np.ndarray:
        """Return the days that random episodes of a user start on; see `LoggedStarts.days_of`."""
        return self._starts.days_of(user)

    def start_from(
        self, options: Sequence[Options], drawn: Sequence[PersonStart]
    ) -> list[PersonStart]:
        """Apply reset options; see `LoggedStarts.from_options`."""
        return self._starts.from_options(options, drawn)

    def history_of(self, start: PersonStart) -> History:
        """Return the log before the start: all that may be known about the person."""
        return self._starts.history_of(start)

    def reset(
        self, starts: Sequence[PersonStart], streams: Sequence[Stream]
    ) -> tuple[PersonState[InnerT], np.ndarray]:
        """Begin an episode per start; see World.reset."""
        state = self.first_state(starts, streams)
        return state, self._observe(state)

    def changed_by(self, change: HabitChange) -> Self:
        """Return the same world, in which people change each day of their own.

        A state of one can be stepped by the other: the futures with and without the change
        have the same latents and the same noise. What is changed is moved onto the feasible set.
        """
        world = copy.copy(self)
        world._change = change
        return world

    def _changed(self, habit: np.ndarray, weekday: np.ndarray) -> np.ndarray:
        """Return feasible habitual days, float32 (slots, 10), with the change if there is one."""
        return habit if self._change is None else project(self._change(habit, weekday))

    def first_state(
        self, starts: Sequence[PersonStart], streams: Sequence[Stream]
    ) -> PersonState[InnerT]:
        """Return the state before the start days, without an observation."""
        slots = len(starts)
        normal, uniform = draw_noise(streams, self.horizon, self.normals, self.uniforms)
        people, which = distinct(starts)
        histories = [self.history_of(person) for person in people]
        baselines = self._baselines.look_up(people, self._read_baselines)
        users = np.array([start.user for start in starts])
        weekday = np.array([int(history.weekday[-1]) for history in histories])[which]
        return PersonState(
            row=column_by_column(np.stack([each.rows[-1] for each in histories])[which]),
            observed=column_by_column(np.stack([each.observed[-1] for each in histories])[which]),
            user=users,
            day=np.array([start.day for start in starts]),
            branch=np.array([start.branch for start in starts]),
            elapsed=np.zeros(slots, dtype=np.intp),
            weekday=_NEXT_WEEKDAY[weekday],
            forecast=self.first_forecast(starts, uniform[:, 0, FIRST_WEATHER]),
            baseline=Baseline(
                np.concatenate([b.heart_rate for b in baselines])[which],
                column_by_column(np.concatenate([b.habit for b in baselines])[which]),
            ),
            normal=normal,
            uniform=uniform,
            inner=self.begin(starts, streams),
        )

    def _read_baselines(self, starts: list[PersonStart]) -> list[Baseline]:
        return [rewards.baseline_of(self.history_of(start)) for start in starts]

    def step(
        self, state: PersonState[InnerT], actions: np.ndarray
    ) -> Transition[PersonState[InnerT]]:
        """Advance every person by one day; see World.step."""
        wanted = (len(state.day), ACTION_WIDTH)
        if actions.shape != wanted:  # compiled loops check no bounds
            raise InvalidActionError(
                f"actions of shape {wanted}, one row per slot of the state",
                f"shape {actions.shape}",
                "Step a state of as many slots: see `worlds.world.take`.",
            )
        today = self.advance(state, actions)
        day, elapsed, weekday, observation, components, executed = finish_day(
            # Whatever the world: other layouts are compiled again.
            (
                np.ascontiguousarray(today.row.T),
                np.ascontiguousarray(today.encoded.T),
                np.ascontiguousarray(today.observed.T),
            ),
            today.next_forecast,
            (state.day, state.elapsed, state.weekday),
            self.horizon,
            self.rewards_days,
            (state.baseline.heart_rate, state.baseline.habit.T),
        )
        after = self._after(state, today, day, elapsed, weekday)
        extras = self.info(after)
        extras["uncertainty"] = today.uncertainty
        extras["action"] = executed
        return Transition(
            state=after,
            observation=observation,
            components=self._components(today, actions, components),
            terminated=np.zeros(len(actions), dtype=bool),
            extras=extras,
        )

    def follow_habits(self, state: PersonState[InnerT]) -> PersonState[InnerT]:
        """Advance every person by a day of their own: no action, observation or reward.

        Only for a world without adherence, in which `step` comes to the same state.
        """
        if self.adherence != 0.0:
            raise ConfigError(
                "a world with adherence 0",
                f"adherence {self.adherence}",
                "Agents act in this one: step it.",
            )
        calendar = np.empty((3, len(state.day)), dtype=np.intp)
        advance_calendar_loop(state.day, state.elapsed, state.weekday, calendar)
        return self._after(state, self.advance(state, None), *calendar)

    def _after(
        self,
        state: PersonState[InnerT],
        today: DayOutcome[InnerT],
        day: np.ndarray,
        elapsed: np.ndarray,
        weekday: np.ndarray,
    ) -> PersonState[InnerT]:
        return PersonState(
            row=today.row,
            observed=today.observed,
            user=state.user,
            day=day,
            branch=state.branch,
            elapsed=elapsed,
            weekday=weekday,
            forecast=today.next_forecast,
            baseline=state.baseline,
            normal=state.normal,
            uniform=state.uniform,
            inner=today.inner,
        )

    def _components(
        self, today: DayOutcome[InnerT], action: np.ndarray, of_day: np.ndarray
    ) -> np.ndarray:
        """Return the reward components: those of the day, unless a world rewards something else.

        Args:
            today: the day that was executed.
            action: (slots, 7).
            of_day: float32 (slots, components), anything where `rewards_days` is False.
        """
        return of_day

    def info(self, state: PersonState[InnerT]) -> dict[str, np.ndarray]:
        """Return user_index (-1 with a caller's history), day, branch and mask, all of them new."""
        return {
            "user_index": state.user.copy(),
            "day": state.day.copy(),
            "branch": state.branch.copy(),
            "mask": state.observed.copy(),
        }

    def _observe(self, state: PersonState[InnerT]) -> np.ndarray:
        return observations.build(
            state.row, state.observed, state.weekday, state.forecast, state.elapsed, self.horizon
        )

    def today_noise(self, state: PersonState[InnerT]) -> tuple[np.ndarray, np.ndarray]:
        """Return the noise of the day to be decided: normal and uniform, (slots, k) each."""
        # A finished slot that is stepped along with others reuses its last noise; the
        # Env throws that step away.
        day = _same_day(state.elapsed, self.horizon - 1)
        if day >= 0:
            return state.normal[:, day], state.uniform[:, day]
        days = np.minimum(state.elapsed, self.horizon - 1)
        slots = np.arange(len(days))
        return (
            column_by_column(state.normal[slots, days]),
            column_by_column(state.uniform[slots, days]),
        )

    def render(
        self, trail: Sequence[PersonState[InnerT]], mode: str, slot: int = 0
    ) -> np.ndarray | str:
        """Draw a slot's episode so far; see World.render."""
        from human_wm_env.person import episode_picture

        name = self.user_name(int(trail[-1].user[slot]))
        return episode_picture.render(trail, mode, slot=slot, horizon=self.horizon, user=name)


@compiled
def _same_day(elapsed: np.ndarray, last: int) -> int:
    """Return the day of the episode that all slots are on, at most the last one; -1 if none is."""
    if len(elapsed) == 0:
        return -1
    for slot in range(len(elapsed)):
        if elapsed[slot] != elapsed[0]:
            return -1
    return min(elapsed[0], last)


@compiled
def advance_calendar_loop(
    day: np.ndarray, elapsed: np.ndarray, weekday: np.ndarray, calendar: np.ndarray
) -> None:
    """Write day, days since the start and weekday of tomorrow; an unknown weekday stays -1."""
    for slot in range(len(day)):
        calendar[0, slot] = day[slot] + 1
        calendar[1, slot] = elapsed[slot] + 1
        following = (weekday[slot] + 1) % schema.DAYS_PER_WEEK
        calendar[2, slot] = following if weekday[slot] >= 0 else -1


@compiled
def finish_day(
    today: tuple[np.ndarray, ...],
    forecast: np.ndarray,
    calendar: tuple[np.ndarray, ...],
    horizon: int,
    rewarded: bool,
    baseline: tuple[np.ndarray, ...],
) -> tuple[np.ndarray, ...]:
    """End a day.

    Args:
        today: the raw row, float32 (10, slots), the same encoded, float32 (ROW_WIDTH, slots), and
            its mask, bool (10, slots).
        forecast: int (slots,), weather of tomorrow.
        calendar: int (slots,) each: the day's number, days before it since the start, and its
            weekday, -1 if unknown.
        horizon: days of an episode.
        rewarded: work out the reward components.
        baseline: heart rate, float32 (slots,), bpm, and habit, float32 (ROW_WIDTH, slots).

    Returns:
        Of tomorrow: day, elapsed and weekday, int (slots,); then observation, float32
        (slots, WIDTH), components, float32 (slots, 4), unset where not rewarded, and the
        executed action in raw units, float32 (slots, 7).
    """
    row, encoded, observed = today
    day, elapsed, weekday = calendar
    slots = len(day)
    tomorrow = np.empty((3, slots), dtype=np.intp)
    advance_calendar_loop(day, elapsed, weekday, tomorrow)
    observation = np.empty((slots, observations.WIDTH), dtype=np.float32)
    observations.assemble_loop(
        encoded, observed, tomorrow[2], forecast, tomorrow[1], horizon, observation
    )
    shares = np.empty((_COMPONENTS, slots), dtype=np.float32)
    if rewarded:
        usual_rate, habit = baseline
        rewards.reward_loop(row, encoded, usual_rate, habit, shares)
    executed = np.empty((len(_ACTIONS), slots), dtype=np.float32)
    for place in range(len(_ACTIONS)):
        for slot in range(slots):
            executed[place, slot] = row[_ACTIONS[place], slot]
    return tomorrow[0], tomorrow[1], tomorrow[2], observation, shares.T, executed.T
