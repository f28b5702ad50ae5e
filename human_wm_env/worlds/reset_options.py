"""What a caller may ask of a reset, and its checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.errors import ConfigError, DataError
from human_wm_env.model.branches import BRANCHES
from human_wm_env.person.history import History
from human_wm_env.settings import whole_number
from human_wm_env.worlds.world import Options

MIN_HISTORY_DAYS = 14
RESET_OPTIONS = ("user", "day", "branch", "history", "start_weekday")


def checked_branch(value: object) -> int:
    """Return a branch from 0 to 124, or raise ConfigError."""
    branch = whole_number(value, "branch")
    if not 0 <= branch < BRANCHES:
        raise ConfigError(
            f"a branch from 0 to {BRANCHES - 1}", f"{branch}", "Branches are 5 x 5 x 5."
        )
    return branch


def check_history(history: History) -> None:
    """Raise DataError where a history is too short to say anything."""
    if history.days < MIN_HISTORY_DAYS or not history.observed.any():
        raise DataError(
            f"a history of at least {MIN_HISTORY_DAYS} days with something observed",
            f"{history.days} days, {int(history.observed.sum())} observed cells",
            "Log a little longer, or start on a later day.",
        )


@dataclass(frozen=True)
class CheckedHistory(History):
    """A caller's log, checked and copied; its arrays are read-only, so that slots share it."""

    def __post_init__(self) -> None:
        for array in (self.rows, self.observed, self.weekday):
            array.setflags(write=False)


def share_histories(per_slot: Sequence[Options]) -> list[Options]:
    """Check and copy a history that several slots are given once, not once a slot.

    Args:
        per_slot: reset options of each slot.

    Returns:
        The options, with one CheckedHistory for each pair of history and start_weekday.

    Raises:
        ConfigError, DataError: see `checked_history`.
    """
    checked: dict[tuple[int, int | None], CheckedHistory] = {}
    shared: list[Options] = []
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


def checked_history(given: object, start_weekday: object) -> CheckedHistory:
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
