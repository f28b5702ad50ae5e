"""What a caller may ask of a reset, and its checks."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from human_wm_env.errors import ConfigError, DataError
from human_wm_env.model.branches import BRANCHES as BRANCHES
from human_wm_env.person.history import History

MIN_HISTORY_DAYS = 14
RESET_OPTIONS = ("user", "day", "branch", "history", "start_weekday")


@dataclass(frozen=True)
class Start:
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


def checked_branch(value: Any) -> int:
    """Return a branch from 0 to 124, or raise ConfigError."""
    branch = whole_number(value, "branch")
    if not 0 <= branch < BRANCHES:
        raise ConfigError(
            f"a branch from 0 to {BRANCHES - 1}", f"{branch}", "Branches are 5 x 5 x 5."
        )
    return branch


def check_history(history: History) -> None:
    """Raise DataError where a history is too short to tell anything."""
    if history.days < MIN_HISTORY_DAYS or not history.observed.any():
        raise DataError(
            f"a history of at least {MIN_HISTORY_DAYS} days with something observed",
            f"{history.days} days, {int(history.observed.sum())} observed cells",
            "Log a little longer, or start on a later day.",
        )


def whole_number(value: Any, name: str) -> int:
    """Return an integer setting as an int, or raise ConfigError."""
    try:
        return operator.index(value)
    except TypeError as error:
        raise ConfigError(
            f"{name} as a whole number",
            repr(value),
            "Round it yourself, so that nothing is hidden.",
        ) from error


@dataclass(frozen=True)
class CheckedHistory(History):
    """A caller's log, checked and copied; its arrays are read-only, so that slots share it."""

    def __post_init__(self) -> None:
        for array in (self.rows, self.observed, self.weekday):
            array.setflags(write=False)


def share_histories(per_slot: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Check and copy a history that several slots are given once, not once a slot.

    Args:
        per_slot: reset options of each slot.

    Returns:
        The options, with one CheckedHistory for each pair of history and start_weekday.

    Raises:
        ConfigError, DataError: see `checked_history`.
    """
    checked: dict[tuple[int, int | None], CheckedHistory] = {}
    shared = []
    for options in per_slot:
        if options.get("history") is not None:
            weekday = options.get("start_weekday")
            if weekday is not None:
                weekday = whole_number(weekday, "start_weekday")
            key = id(options["history"]), weekday
            if key not in checked:
                checked[key] = checked_history(options["history"], weekday)
            options = {**options, "history": checked[key], "start_weekday": None}
        shared.append(options)
    return shared


def checked_history(given: Any, start_weekday: Any) -> CheckedHistory:
    """Return a caller's log, checked and copied; one that was before is returned as it is.

    Args:
        given: a History or a pair (rows, observed).
        start_weekday: weekday of the first row of a pair; None is unknown.

    Raises:
        ConfigError: a start_weekday beside a History.
        DataError: not a log, or too short a one.
    """
    if isinstance(given, History):
        if start_weekday is not None:
            raise ConfigError(
                "start_weekday with a pair (rows, observed) only",
                "a History, which has its weekdays, and a start_weekday",
                "Leave start_weekday out.",
            )
        if isinstance(given, CheckedHistory):
            return given
        checked = History.from_arrays(given.rows, given.observed)
        if np.shape(given.weekday) != (given.days,):
            raise DataError(
                f"a History with {given.days} weekdays, one per row",
                f"shape {np.shape(given.weekday)}",
                "Build it with History.from_arrays.",
            )
        check_history(checked)
        weekday = np.array(given.weekday, dtype=np.int8)
        return CheckedHistory(checked.rows, checked.observed, weekday)
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise DataError(
            "a History or a pair (rows, observed)",
            type(given).__name__,
            "Give the raw rows (days, 10) and their mask.",
        )
    first = -1 if start_weekday is None else whole_number(start_weekday, "start_weekday")
    checked = History.from_arrays(given[0], given[1], first)
    check_history(checked)
    return CheckedHistory(checked.rows, checked.observed, checked.weekday)
