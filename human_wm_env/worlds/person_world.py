"""What the three person worlds share: starts, observations, rewards, weather, masks.

A subclass only produces rows. Everything an agent can see or be rewarded for is built
here, so that dream and simulator cannot drift apart.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from human_wm_env import schema
from human_wm_env.columns import Day
from human_wm_env.columns import of as column_math
from human_wm_env.dataset import History, LogDataset
from human_wm_env.envs import actions, observations, rewards
from human_wm_env.envs.decoding import decode_day
from human_wm_env.envs.rewards import Baseline
from human_wm_env.errors import ConfigError, DataError, did_you_mean
from human_wm_env.worlds.noise import FIRST_WEATHER
from human_wm_env.worlds.start_cache import StartCache
from human_wm_env.worlds.start_options import (
    BRANCHES,
    MIN_HISTORY_DAYS,
    RESET_OPTIONS,
    check_history,
    checked_branch,
    checked_history,
    whole_number,
)
from human_wm_env.worlds.start_options import BRANCHES_PER_BLOCK as BRANCHES_PER_BLOCK
from human_wm_env.worlds.world import FOR_NOISE, Start, Stream, Transition, generator

InnerT = TypeVar("InnerT")
# Of each person; see `PersonWorld.start_days`.
START_DAYS = 8
_ACTION_SHAPE = (actions.ACTION_WIDTH,)
_LOWEST, _HIGHEST = -np.ones(_ACTION_SHAPE, np.float32), np.ones(_ACTION_SHAPE, np.float32)
_ACTION_LIST = list(schema.ACTION_FEATURES)
# Indexed by -1, an unknown weekday, it gives its last entry: still unknown.
_NEXT_WEEKDAY = np.array([*range(1, schema.DAYS_PER_WEEK), 0, -1])


@dataclass(frozen=True)
class PersonState(Generic[InnerT]):
    """State of a batch of people; arrays are batch-first and are never written to.

    Attributes:
        row: float32 (slots, 10), the last day, complete except for the first one.
        observed: bool (slots, 10), what the agent sees of it.
        user: int (slots,), position in the data set, -1 with a caller's history.
        day: int (slots,), the day to be decided.
        branch: int (slots,).
        elapsed: int (slots,), days since the start.
        weekday: int (slots,), of the day to be decided, -1 if unknown.
        forecast: int (slots,), weather of the day to be decided, -1 if unknown.
        baseline: what the history says is normal.
        normal: float32 (slots, horizon, k), noise of the whole episode.
        uniform: float32 (slots, horizon, k), likewise, in [0, 1).
        inner: what the world itself keeps.
    """

    row: np.ndarray
    observed: np.ndarray
    user: np.ndarray
    day: np.ndarray
    branch: np.ndarray
    elapsed: np.ndarray
    weekday: np.ndarray
    forecast: np.ndarray
    baseline: Baseline
    normal: np.ndarray
    uniform: np.ndarray
    inner: InnerT


@dataclass(frozen=True)
class LivedDay:
    """What a world makes of one day.

    Attributes:
        row: float32 (slots, 10), complete (except in the replay, where masked cells stay).
        encoded: float32 (slots, ROW_WIDTH), the row encoded, its masked cells or not.
        observed: bool (slots, 10).
        uncertainty: float32 (slots,).
        next_forecast: int (slots,), weather of the day after.
        inner: the world's own next state.
    """

    row: np.ndarray
    encoded: np.ndarray
    observed: np.ndarray
    uncertainty: np.ndarray
    next_forecast: np.ndarray
    inner: Any


class PersonWorld(ABC, Generic[InnerT]):
    """A World of people over a data set of logged days.

    Args:
        dataset: the logs that episodes start from.
        split: whose logs random starts are drawn from: train, validation, test or all.
        horizon: days an episode may last, >= 1.
        adherence: probability, each day, that the person follows the agent; otherwise a
            sample of the person's own habit is executed.
    """

    component_names: tuple[str, ...] = rewards.COMPONENTS
    default_weights: Mapping[str, float] = rewards.DEFAULT_WEIGHTS
    render_modes: tuple[str, ...] = ("rgb_array", "ansi")
    #: the last start day must leave the whole horizon inside the log
    needs_logged_future: ClassVar[bool] = False
    normals: ClassVar[int]
    uniforms: ClassVar[int]

    def __init__(self, dataset: LogDataset, *, split: str, horizon: int, adherence: float) -> None:
        if whole_number(horizon, "horizon") < 1:
            raise ConfigError("a horizon of at least 1 day", f"{horizon}", "Raise it.")
        if not 0.0 <= adherence <= 1.0:
            raise ConfigError(
                "adherence, a probability in [0, 1]",
                f"{adherence}",
                "1 always follows the agent, 0 is the person's own habit.",
            )
        self.dataset = dataset
        self.horizon = int(horizon)
        self.adherence = adherence
        self.observation_space = observations.flat_space()
        self.observation_parts: Mapping[str, slice] = observations.PARTS
        self.action_space = actions.action_space()
        self._split = split
        self._users = dataset.users_of(split)
        days = [(self._first_day(user), self._last_day(user)) for user in self._users]
        self._drawable = self._users[[first <= last for first, last in days]]
        self._start_days: dict[int, np.ndarray] = {}
        self._baselines: StartCache[Baseline] = StartCache()
        self._user_names = np.array([*dataset.user_ids, ""])  # "" serves position -1

    # What a subclass does ---------------------------------------------------------

    @abstractmethod
    def begin(self, starts: Sequence[Start], streams: Sequence[Stream]) -> InnerT:
        """Return the world's own state on the eve of the start days."""

    @abstractmethod
    def first_forecast(self, starts: Sequence[Start], uniform: np.ndarray) -> np.ndarray:
        """Return the weather of the start days, int (slots,), -1 if unknown."""

    @abstractmethod
    def live(self, state: PersonState[InnerT], chosen: Day) -> LivedDay:
        """Let a day pass.

        Args:
            state: on the eve of the day.
            chosen: the agent's feasible day; the world may write into it.
        """

    # What every person world does the same way ---------------------------------------

    def check_actions(self, action: object, slots: int | None) -> np.ndarray:
        """Return actions as clipped float32 (slots, 7), or raise InvalidActionError."""
        if isinstance(action, np.ndarray) and action.dtype == np.float32:
            shape = _ACTION_SHAPE if slots is None else (slots, *_ACTION_SHAPE)
            # Not finite where anything is not, or where the sum is too large: look closely.
            if action.shape == shape and isfinite(np.add.reduce(action, axis=None)):
                batch = action.reshape(-1, *_ACTION_SHAPE)
                clipped: np.ndarray = np.minimum(np.maximum(batch, _LOWEST), _HIGHEST)
                return clipped
        return actions.check_actions(action, slots)

    def draw_start(self, rng: np.random.Generator, branch: int | None) -> Start:
        """Draw a person of the split and one of their start days.

        People without such a day are passed over.

        Raises:
            DataError: nobody has such a day.
        """
        if len(self._drawable) == 0:
            raise DataError(
                f"somebody in split {self._split!r} with {MIN_HISTORY_DAYS} days of history"
                + (f" and {self.horizon} days after them" if self.needs_logged_future else ""),
                f"logs of at most {self.dataset.days_logged[self._users].max()} days",
                "Shorten the horizon, or choose another split or data set.",
            )
        user = int(self._drawable[rng.integers(len(self._drawable))])
        days = self.start_days(user)
        day = int(days[rng.integers(len(days))])
        drawn_branch = int(rng.integers(BRANCHES))
        return Start(user, day, drawn_branch if branch is None else branch)

    def start_days(self, user: int) -> np.ndarray:
        """Return the days that random episodes of a user start on, int (days,), ascending.

        Whole weeks of log lie before them, and enough history (and log) around them: at most
        `START_DAYS` of them, spread evenly, so that a world can encode the log before each
        once and for all. Options may ask for any other day.
        """
        if user not in self._start_days:
            first, last, week = self._first_day(user), self._last_day(user), schema.DAYS_PER_WEEK
            weeks = np.linspace(-(-first // week), last // week, START_DAYS).round()
            days = np.unique(weeks.astype(int)) * week
            days = days[(first <= days) & (days <= last)]
            # A log may be too short for a whole week in the right place.
            self._start_days[user] = days if len(days) else np.array([first])
        return self._start_days[user]

    def start_from(self, options: Mapping[str, Any], drawn: Start) -> Start:
        """Apply reset options: user (id), day, branch, history, start_weekday.

        Raises:
            ConfigError: an unknown option, or options that do not go together.
            DataError: unknown user, a day outside the log, or too little history.
        """
        for key in options:
            if key not in RESET_OPTIONS:
                raise ConfigError(
                    f"reset options out of {', '.join(RESET_OPTIONS)}",
                    repr(key),
                    did_you_mean(key, RESET_OPTIONS),
                )
        start = drawn
        if options.get("branch") is not None:
            start = replace(start, branch=checked_branch(options["branch"]))
        if options.get("history") is not None:
            return self._start_from_history(options, start)
        if options.get("start_weekday") is not None:
            raise ConfigError(
                "start_weekday together with a history",
                "start_weekday alone",
                "People of the data set know their weekdays; leave it out.",
            )
        if options.get("user") is not None:
            user = self.dataset.index_of(str(options["user"]))
            day = max(min(start.day, self._last_day(user)), self._first_day(user))
            start = replace(start, user=user, day=day)
        if options.get("day") is not None:
            start = replace(start, day=whole_number(options["day"], "day"))
        self._check_day(start)
        return start

    def _start_from_history(self, options: Mapping[str, Any], start: Start) -> Start:
        if options.get("user") is not None or options.get("day") is not None:
            raise ConfigError(
                "either a history or a user and day",
                "both",
                "Drop 'user' and 'day': a history starts on the day after its last row.",
            )
        given = checked_history(options["history"], options.get("start_weekday"))
        return replace(start, user=-1, day=given.days, history=given)

    def _first_day(self, user: int) -> int:
        """Return the first day of a user with enough history before it."""
        return max(MIN_HISTORY_DAYS, int(self.dataset.first_observed_day[user]) + 1)

    def _last_day(self, user: int) -> int:
        """Return the last day a random episode of a user may start on.

        The horizon fits into the log; where the log is too short for that, and only the
        replay would need it, the whole log may be started from.
        """
        logged = int(self.dataset.days_logged[user])
        fits = logged - self.horizon
        return fits if self.needs_logged_future or fits >= self._first_day(user) else logged

    def _check_day(self, start: Start) -> None:
        logged = int(self.dataset.days_logged[start.user])
        last = self._last_day(start.user) if self.needs_logged_future else logged
        name = self.dataset.user_ids[start.user]
        if not MIN_HISTORY_DAYS <= start.day <= last:
            raise DataError(
                f"a start day from {MIN_HISTORY_DAYS} (enough history) to {last} for user {name!r}",
                f"day {start.day}",
                "Choose a day in that range, or shorten the horizon."
                if self.needs_logged_future
                else "Choose a day in that range.",
            )
        check_history(self.dataset.history(start.user, start.day))

    def history_of(self, start: Start) -> History:
        """Return the log before the start: all that may be known about the person."""
        if start.history is not None:
            return start.history
        return self.dataset.history(start.user, start.day)

    def reset(
        self, starts: Sequence[Start], streams: Sequence[Stream]
    ) -> tuple[PersonState[InnerT], np.ndarray]:
        """Begin an episode per start; see World.reset."""
        slots = len(starts)
        normal, uniform = self._draw_noise(streams)
        eves = [self.history_of(start) for start in starts]
        baselines = self._baselines.look_up(starts, self._read_baselines)
        weekday = np.array([int(eve.weekday[-1]) for eve in eves])
        state = PersonState(
            row=np.stack([eve.rows[-1] for eve in eves]),
            observed=np.stack([eve.observed[-1] for eve in eves]),
            user=np.array([start.user for start in starts]),
            day=np.array([start.day for start in starts]),
            branch=np.array([start.branch for start in starts]),
            elapsed=np.zeros(slots, dtype=np.intp),
            weekday=_NEXT_WEEKDAY[weekday],
            forecast=self.first_forecast(starts, uniform[:, 0, FIRST_WEATHER]),
            baseline=Baseline(
                np.concatenate([b.heart_rate for b in baselines]),
                np.concatenate([b.habit for b in baselines]),
            ),
            normal=normal,
            uniform=uniform,
            inner=self.begin(starts, streams),
        )
        return state, self._observe(state)

    def _draw_noise(self, streams: Sequence[Stream]) -> tuple[np.ndarray, np.ndarray]:
        """Draw the noise of whole episodes, normal and uniform, (slots, horizon, k) each."""
        slots = len(streams)
        normal = np.empty((slots, self.horizon, self.normals), dtype=np.float32)
        uniform = np.empty((slots, self.horizon, self.uniforms), dtype=np.float32)
        for slot, stream in enumerate(streams):
            rng = generator(stream.noise, FOR_NOISE)
            rng.standard_normal(dtype=np.float32, out=normal[slot])
            rng.random(dtype=np.float32, out=uniform[slot])
        return _days_first(normal), _days_first(uniform)

    def _read_baselines(self, starts: list[Start]) -> list[Baseline]:
        return [rewards.baseline_of(self.history_of(start)) for start in starts]

    def step(self, state: PersonState[InnerT], action: np.ndarray) -> Transition:
        """Advance every person by one day; see World.step."""
        chosen = decode_day(action)
        today = self.live(state, chosen)
        after = self._after(state, today)
        extras = self.info(after)
        extras["uncertainty"] = today.uncertainty
        extras["action"] = today.row.T[_ACTION_LIST].T  # executed, raw units
        left = 1.0 - after.elapsed / self.horizon
        return Transition(
            state=after,
            observation=observations.assemble(
                today.encoded, today.observed, after.weekday, after.forecast, left
            ),
            components=self._components(state, today, chosen),
            terminated=np.zeros(len(action), dtype=bool),
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
        nobody = Day(None, None, None)
        return self._after(state, self.live(state, nobody))

    def _after(self, state: PersonState[InnerT], today: LivedDay) -> PersonState[InnerT]:
        return PersonState(
            row=today.row,
            observed=today.observed,
            user=state.user,
            day=state.day + 1,
            branch=state.branch,
            elapsed=state.elapsed + 1,
            weekday=_NEXT_WEEKDAY[state.weekday],
            forecast=today.next_forecast,
            baseline=state.baseline,
            normal=state.normal,
            uniform=state.uniform,
            inner=today.inner,
        )

    def _components(self, state: PersonState[InnerT], today: LivedDay, chosen: Day) -> np.ndarray:
        return rewards.components_of(today.row, today.encoded, state.baseline)

    def info(self, state: PersonState[InnerT]) -> dict[str, np.ndarray]:
        """Return user, day, branch and mask, each (slots, ...), all of them new."""
        return {
            "user": self._user_names[state.user],
            "day": state.day.copy(),
            "branch": state.branch.copy(),
            "mask": state.observed.copy(),
        }

    def _observe(self, state: PersonState[InnerT]) -> np.ndarray:
        left = 1.0 - state.elapsed / self.horizon
        return observations.build(state.row, state.observed, state.weekday, state.forecast, left)

    def today_noise(self, state: PersonState[InnerT]) -> tuple[np.ndarray, np.ndarray]:
        """Return the noise of the day to be decided: normal and uniform, (slots, k) each."""
        # A finished slot that is stepped along with others reuses its last noise; the
        # Env throws that step away.
        first, last = state.elapsed.item(0), self.horizon - 1
        if len(state.elapsed) == 1 or np.equal(state.elapsed, first).all():
            day = min(first, last)
            return state.normal[:, day], state.uniform[:, day]
        days = np.minimum(state.elapsed, last)
        slots = np.arange(len(days))
        return state.normal[slots, days], state.uniform[slots, days]

    def render(self, state: Any, trail: Sequence[Any], mode: str) -> Any:
        """Draw the first slot's episode so far."""
        from human_wm_env import rendering

        return rendering.render(trail, mode, str(self._user_names[state.user[0]]))


def _days_first(noise: np.ndarray) -> np.ndarray:
    """Return the same (slots, days, k) with each day's noise in one piece, column by column."""
    return np.ascontiguousarray(noise.transpose(1, 2, 0)).transpose(2, 0, 1)


def follow(adherence: float, uniform: np.ndarray, chosen: Day, habit: np.ndarray) -> Day:
    """Execute the agent's day with probability `adherence`, else the person's habit.

    Args:
        adherence: in [0, 1].
        uniform: float (slots,), in [0, 1).
        chosen: the agent's day.
        habit: float32 (slots, 10), the person's own.
    """
    math = column_math(len(habit))
    own = math.columns(habit)
    workout, location = math.whole(own[schema.WORKOUT]), math.whole(own[schema.LOCATION])
    if adherence == 0.0:
        return Day(own, workout, location)
    obeys = math.column(uniform) < adherence
    return Day(
        math.where(obeys, chosen.columns, own),
        math.where(obeys, chosen.workout, workout),
        math.where(obeys, chosen.location, location),
    )
