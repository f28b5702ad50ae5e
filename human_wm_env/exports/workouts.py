"""The workout of a day: the longest; sports by name, or by number."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping

from human_wm_env.exports.categories import category_codes, workout_code
from human_wm_env.exports.day_log import DayLogBuilder, as_number
from human_wm_env.exports.ledger import Where
from human_wm_env.person import schema


class Workouts:
    """The workouts of days: that of the longest duration is the day's."""

    def __init__(self) -> None:
        self._minutes: dict[int, dict[float, float]] = {}
        self._entries: dict[int, int] = {}

    def add(self, day: int, code: float, minutes: float) -> None:
        """Note a workout, counted as read."""
        kinds = self._minutes.setdefault(day, {})
        kinds[code] = kinds.get(code, 0.0) + max(minutes, 0.0)
        self._entries[day] = self._entries.get(day, 0) + 1

    def write(self, log: DayLogBuilder, file: str, column: str) -> None:
        """Put the workouts of all days into the log, from a column of a file."""
        where = Where(file, "longest of the day")
        for day, kinds in sorted(self._minutes.items()):
            code = max(kinds, key=lambda code: (kinds[code], code))
            log.put(schema.WORKOUT, day, code, where, column, values=self._entries[day])


class NumberedWorkouts:
    """The workouts of one person, whose sports an export gives as numbers.

    A number that is neither known nor named is no gym workout and no rest: its cell is
    quarantined, with the remedy.

    Args:
        log: where they are put.
        known: names of sports by number.
        categories: our category by number as text, by feature; goes before `known`.
        file: what they are said to be from.
        column: name of the sport there.
    """

    def __init__(
        self,
        log: DayLogBuilder,
        known: Mapping[int, str],
        categories: Mapping[str, Mapping[str, str]],
        file: str,
        column: str,
    ) -> None:
        self._log, self._file, self._column = log, file, column
        self._known, self._named = known, category_codes(schema.WORKOUT, categories)
        self._found: dict[Hashable, tuple[int, float, float]] = {}

    def add(
        self, key: Hashable, day: int | None, sport: str, minutes: float, where: Where, why: str
    ) -> None:
        """Read a workout.

        Args:
            key: a second one of a key takes the place of the first.
            day: ordinal of its date; None rejects it.
            sport: the number.
            minutes: how long it was.
            where: its place.
            why: what says its day.
        """
        ledger = self._log.ledger
        ledger.read(schema.WORKOUT)
        if day is None:
            ledger.reject(schema.WORKOUT, where, self._column, sport, why)
            return
        code = self._code(sport)
        if code is None:
            why = "its number is none of the known sports; name it in `categories`"
            self._log.reject_cell(schema.WORKOUT, day, where, self._column, sport, why)
            return
        if key in self._found:
            ledger.merge(schema.WORKOUT)
        self._found[key] = (day, code, minutes)

    def _code(self, sport: str) -> float | None:
        named = self._named.get(sport.strip().lower(), math.nan)
        if not math.isnan(named):
            return named
        number = as_number(sport)
        name = None if number is None else self._known.get(int(number))
        return None if name is None else workout_code(name)

    def write(self) -> None:
        """Put the longest of each day into the log."""
        workouts = Workouts()
        for day, code, minutes in self._found.values():
            workouts.add(day, code, minutes)
        workouts.write(self._log, self._file, self._column)

    def __len__(self) -> int:
        """Return the number of workouts."""
        return len(self._found)
