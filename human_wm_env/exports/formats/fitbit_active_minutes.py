"""Fitbit's active minutes of a day: lightly, moderately and very active ones, all or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from human_wm_env.exports.day_log import DayLogBuilder, as_number, is_nothing
from human_wm_env.exports.ledger import Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.stamps import read_day
from human_wm_env.person import schema

PARTS = ("lightly_active_minutes", "moderately_active_minutes", "very_active_minutes")
_COLUMN = "value"


def last_day(entries: Iterable[Mapping[str, object]]) -> int:
    """Return the last day that a file knows, 0 where it knows none.

    Of two exports the newer one reaches further, and knows all of the older one's last day.
    """
    days = (read_day(str(entry.get("dateTime", ""))) for entry in entries)
    return max((day for day in days if day is not None), default=0)


class ActiveMinutes:
    """The active minutes of one person; a day without one of the parts has no sum.

    Args:
        log: where the sums are put.
    """

    def __init__(self, log: DayLogBuilder) -> None:
        self._log = log
        self._days: dict[int, dict[str, tuple[float, Where]]] = {}
        # Of each value the last day of its file, of which the newest counts, and the value.
        self._newest: dict[tuple[int, str], tuple[int, float]] = {}
        self._lost: set[str] = set()  # parts with a file that could not be read

    def read(self, path: str, part: str, entries: list[dict[str, object]]) -> None:
        """Read a file of one part."""
        log = self._log
        log.offered.add(schema.MINUTES)
        reach = last_day(entries)
        for number, entry in enumerate(entries):
            text, where = entry.get("value"), Where(path, f"[{number}].value")
            if is_nothing(text):
                continue
            log.ledger.read(schema.MINUTES)
            day, minutes = read_day(str(entry.get("dateTime", ""))), as_number(text)
            if day is None:
                why = "its date should be a day since 2000"
                log.ledger.reject(schema.MINUTES, where, _COLUMN, text, why)
                continue
            if minutes is None or minutes < 0:
                why = "it should be a number, not negative"
                log.reject_cell(schema.MINUTES, day, where, _COLUMN, text, why)
                continue
            parts, newest = self._days.setdefault(day, {}), self._newest.get((day, part))
            if newest is not None:  # the same day in a second file: one has a part of it
                log.ledger.merge(schema.MINUTES)
            if newest is None or (reach, minutes) > newest:
                self._newest[day, part] = reach, minutes
                parts[part] = minutes, where

    def lose(self, part: str) -> None:
        """Remember that a file of a part could not be read: what it has no entry of was in it."""
        self._log.offered.add(schema.MINUTES)
        self._lost.add(part)

    def days(self) -> set[int]:
        """Return the days on which somebody moved, as far as any part says."""
        return {
            day
            for day, parts in self._days.items()
            if any(minutes > 0 for minutes, _ in parts.values())
        }

    def write(self) -> None:
        """Put the sums into the log."""
        for day, parts in sorted(self._days.items()):
            if len(parts) == len(PARTS):
                total = sum(minutes for minutes, _ in parts.values())
                where = next(iter(parts.values()))[1]
                self._log.put(schema.MINUTES, day, total, where, _COLUMN, values=len(parts))
            else:
                self._reject(day, parts)

    def _reject(self, day: int, parts: dict[str, tuple[float, Where]]) -> None:
        """Set the parts of a day aside: without the others they are another quantity."""
        lost = self._lost - set(parts)
        was_there = lost or self._log.reason(schema.MINUTES, day) is Reason.QUARANTINED
        reason = Reason.QUARANTINED if was_there else Reason.NOT_IN_EXPORT
        why = "the sum of a day needs its lightly, moderately and very active minutes"
        for minutes, where in parts.values():
            self._log.ledger.reject(
                schema.MINUTES, where, _COLUMN, f"{minutes:g}", why, reason=reason
            )
        self._log.miss(schema.MINUTES, day, reason)
