"""What the three person worlds share: starts, observations, rewards, weather, masks.

A subclass only produces rows. Everything an agent can see or be rewarded for is built
here, so that dream and simulator cannot drift apart.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from human_wm_env import schema
from human_wm_env.dataset import History, LogDataset
from human_wm_env.envs import actions, observations, rewards
from human_wm_env.envs.rewards import Baseline
from human_wm_env.errors import ConfigError, DataError, did_you_mean
from human_wm_env.worlds.noise import FIRST_WEATHER
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
class Day:
    """What a world makes of one day.

    Attributes:
        row: float32 (slots, 10), complete (except in the replay, where masked cells stay).
        observed: bool (slots, 10).
        uncertainty: float32 (slots,).
        next_forecast: int (slots,), weather of the day after.
        inner: the world's own next state.
    """

    row: np.ndarray
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
        self._user_names = np.array([*dataset.user_ids, ""])  # "" serves position -1

    # What a subclass does ---------------------------------------------------------

    @abstractmethod
    def begin(self, starts: Sequence[Start], streams: Sequence[Stream]) -> InnerT:
        """Return the world's own state on the eve of the start days."""

    @abstractmethod
    def first_forecast(self, starts: Sequence[Start], uniform: np.ndarray) -> np.ndarray:
        """Return the weather of the start days, int (slots,), -1 if unknown."""

    @abstractmethod
    def live(self, state: PersonState[InnerT], chosen: np.ndarray) -> Day:
        """Let a day pass.

        Args:
            state: on the eve of the day.
            chosen: float32 (slots, 10), rows with the agent's feasible actions.
        """

    # What every person world does the same way ---------------------------------------

    def check_actions(self, action: object, slots: int | None) -> np.ndarray:
        """Return actions as clipped float32 (slots, 7), or raise InvalidActionError."""
        return actions.check_actions(action, slots)

    def draw_start(self, rng: np.random.Generator, branch: int | None) -> Start:
        """Draw a person of the split and a day with enough history (and log) around it.

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
        day = int(rng.integers(self._first_day(user), self._last_day(user) + 1))
        drawn_branch = int(rng.integers(BRANCHES))
        return Start(user, day, drawn_branch if branch is None else branch)

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
        normal = np.empty((slots, self.horizon, self.normals), dtype=np.float32)
        uniform = np.empty((slots, self.horizon, self.uniforms), dtype=np.float32)
        for slot, stream in enumerate(streams):
            rng = generator(stream.noise, FOR_NOISE)
            rng.standard_normal(dtype=np.float32, out=normal[slot])
            rng.random(dtype=np.float32, out=uniform[slot])
        eves = [self.history_of(start) for start in starts]
        # The slots of a group share one start: read its history once.
        known: dict[tuple[int, int, int], Baseline] = {}
        baselines = []
        for start, eve in zip(starts, eves, strict=True):
            key = (start.user, start.day, id(start.history))
            if key not in known:
                known[key] = rewards.baseline_of(eve)
            baselines.append(known[key])
        weekday = np.array([int(eve.weekday[-1]) for eve in eves])
        state = PersonState(
            row=np.stack([eve.rows[-1] for eve in eves]),
            observed=np.stack([eve.observed[-1] for eve in eves]),
            user=np.array([start.user for start in starts]),
            day=np.array([start.day for start in starts]),
            branch=np.array([start.branch for start in starts]),
            elapsed=np.zeros(slots, dtype=np.intp),
            weekday=_next_weekday(weekday),
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

    def step(self, state: PersonState[InnerT], action: np.ndarray) -> Transition:
        """Advance every person by one day; see World.step."""
        chosen = actions.decode(action)
        today = self.live(state, chosen)
        after = replace(
            state,
            row=today.row,
            observed=today.observed,
            day=state.day + 1,
            elapsed=state.elapsed + 1,
            weekday=_next_weekday(state.weekday),
            forecast=today.next_forecast,
            inner=today.inner,
        )
        extras = self.info(after)
        extras["uncertainty"] = today.uncertainty
        extras["action"] = self._executed(today)
        return Transition(
            state=after,
            observation=self._observe(after),
            components=self._components(state, today, chosen),
            terminated=np.zeros(len(action), dtype=bool),
            extras=extras,
        )

    def _components(self, state: PersonState[InnerT], today: Day, chosen: np.ndarray) -> np.ndarray:
        return rewards.components(today.row, state.baseline)

    def _executed(self, today: Day) -> np.ndarray:
        """Return the executed action in raw units, float32 (slots, 7)."""
        return today.row[:, schema.ACTION_FEATURES]

    def info(self, state: PersonState[InnerT]) -> dict[str, np.ndarray]:
        """Return user, day, branch and mask, each (slots, ...)."""
        return {
            "user": self._user_names[state.user],
            "day": state.day,
            "branch": state.branch,
            "mask": state.observed,
        }

    def _observe(self, state: PersonState[InnerT]) -> np.ndarray:
        left = 1.0 - state.elapsed / self.horizon
        return observations.build(state.row, state.observed, state.weekday, state.forecast, left)

    def today_noise(self, state: PersonState[InnerT]) -> tuple[np.ndarray, np.ndarray]:
        """Return the noise of the day to be decided: normal and uniform, (slots, k) each."""
        # A finished slot that is stepped along with others reuses its last noise; the
        # Env throws that step away.
        day = np.minimum(state.elapsed, self.horizon - 1)
        slots = np.arange(len(day))
        return state.normal[slots, day], state.uniform[slots, day]

    def render(self, state: Any, trail: Sequence[Any], mode: str) -> Any:
        """Draw the first slot's episode so far."""
        from human_wm_env import rendering

        return rendering.render(trail, mode, str(self._user_names[state.user[0]]))


def _next_weekday(weekday: np.ndarray) -> np.ndarray:
    return np.where(weekday < 0, -1, (weekday + 1) % schema.DAYS_PER_WEEK)


def follow(
    adherence: float, uniform: np.ndarray, chosen: np.ndarray, habit: np.ndarray
) -> np.ndarray:
    """Execute the agent's day with probability `adherence`, else the person's habit.

    Args:
        adherence: in [0, 1].
        uniform: float (slots,), in [0, 1).
        chosen: float32 (slots, 10), the agent's day.
        habit: float32 (slots, 10), the person's own.
    """
    return np.where((uniform < adherence)[:, None], chosen, habit)
