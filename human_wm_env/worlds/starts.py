"""Where episodes of people may begin, and what a caller may ask of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError, DataError, did_you_mean
from human_wm_env.model.branches import BRANCHES
from human_wm_env.person import schema
from human_wm_env.person.history import History
from human_wm_env.settings import whole_number
from human_wm_env.wording import counted
from human_wm_env.worlds.reset_options import (
    MIN_HISTORY_DAYS,
    RESET_OPTIONS,
    check_history,
    checked_branch,
    checked_history,
    share_histories,
)
from human_wm_env.worlds.world import Options

# Of each person; see `LoggedStarts.days_of`.
START_DAYS = 8


@dataclass(frozen=True)
class PersonStart:
    """Where one slot begins.

    Attributes:
        user: position of the person in the data set; -1 with a history of the caller's.
        day: first day that is decided; its history ends the day before.
        branch: which of the 125 futures.
        history: a log given by the caller instead of the person's own.
    """

    user: int
    day: int
    branch: int
    history: History | None = None


class LoggedStarts:
    """The days of a data set that episodes start on.

    Args:
        dataset: the logs.
        split: whose logs random starts are drawn from: train, validation, test or all.
        horizon: days of an episode.
        needs_logged_future: the last start day must leave the whole horizon inside the log.
    """

    def __init__(
        self, dataset: LogDataset, *, split: str, horizon: int, needs_logged_future: bool
    ) -> None:
        self.dataset = dataset
        self.horizon = horizon
        self.needs_logged_future = needs_logged_future
        self._split = split
        self._users = dataset.users_of(split)
        self._start_days: dict[int, np.ndarray] = {}

    @cached_property
    def _drawable(self) -> np.ndarray:
        """People of the split with a day to start on, int (people,)."""
        days = [(self._first_day(user), self._last_day(user)) for user in self._users]
        return self._users[[first <= last for first, last in days]]

    def draw(self, rng: np.random.Generator) -> PersonStart:
        """Draw a person of the split, one of their start days, and a branch.

        People without such a day are passed over.

        Raises:
            DataError: no person of the split has such a day.
        """
        if len(self._drawable) == 0:
            raise DataError(
                f"a person in split {self._split!r} with {MIN_HISTORY_DAYS} days of history"
                + (f" and {self.horizon} days after them" if self.needs_logged_future else ""),
                f"logs of at most {counted(self.dataset.days_logged[self._users].max(), 'day')}",
                "Shorten the horizon, or choose another split or data set."
                if self.needs_logged_future
                else "Log a little longer, or choose another split or data set.",
            )
        user = int(self._drawable[rng.integers(len(self._drawable))])
        days = self.days_of(user)
        day = int(days[rng.integers(len(days))])
        return PersonStart(user, day, int(rng.integers(BRANCHES)))

    def days_of(self, user: int) -> np.ndarray:
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

    def from_options(
        self, options: Sequence[Options], drawn: Sequence[PersonStart]
    ) -> list[PersonStart]:
        """Apply reset options, slot by slot: user (id), day, branch, history, start_weekday.

        A history given to several slots is checked and copied once.

        Raises:
            ConfigError: an unknown option, or options that do not go together.
            DataError: unknown user, a day outside the log, or too little history.
        """
        shared = share_histories(options)
        return [self._start(one, start) for one, start in zip(shared, drawn, strict=True)]

    def _start(self, options: Options, drawn: PersonStart) -> PersonStart:
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
            return self._from_history(options, start)
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
            start = replace(start, day=self._day(start.user, options["day"]))
        self._check_day(start)
        return start

    def _told(self, user: int, day: int) -> str:
        """Write a day for an error, with its date if that is known."""
        when = self.dataset.date_of(user, day)
        return str(day) if when is None else f"{day} ({when.isoformat()})"

    def _day(self, user: int, given: object) -> int:
        """Return a day of a user's log; a date is looked up in it."""
        if isinstance(given, str | date | np.datetime64):
            return self.dataset.day_of(user, given)
        return whole_number(given, "day")

    def _from_history(self, options: Options, start: PersonStart) -> PersonStart:
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

    def _check_day(self, start: PersonStart) -> None:
        logged = int(self.dataset.days_logged[start.user])
        last = self._last_day(start.user) if self.needs_logged_future else logged
        name = self.dataset.user_ids[start.user]
        if last < MIN_HISTORY_DAYS:
            ahead = self.horizon if self.needs_logged_future else 0
            raise DataError(
                f"a log of at least {MIN_HISTORY_DAYS + ahead} days of user {name!r}",
                counted(logged, "day"),
                "Shorten the horizon, or leave this person out."
                if self.needs_logged_future
                else "Log a little longer, or leave this person out.",
            )
        if not MIN_HISTORY_DAYS <= start.day <= last:
            raise DataError(
                f"a start day from {self._told(start.user, MIN_HISTORY_DAYS)} (enough history) to "
                f"{self._told(start.user, last)} for user {name!r}",
                f"day {self._told(start.user, start.day)}",
                "Choose a day in that range, or shorten the horizon."
                if self.needs_logged_future
                else "Choose a day in that range, or leave this person out.",
            )
        check_history(self.dataset.history(start.user, start.day))

    def history_of(self, start: PersonStart) -> History:
        """Return the log before the start: all that may be known about the person."""
        if start.history is not None:
            return start.history
        return self.dataset.history(start.user, start.day)
