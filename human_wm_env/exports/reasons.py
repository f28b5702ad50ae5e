"""Why a cell of a day is missing."""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """Why a cell has no value; 0 where it has one.

    Where several sources leave a cell empty, the greatest number is told: what was there and
    could not be used says more than what was never there.
    """

    OBSERVED = 0
    NOT_OFFERED = 1
    NOT_IN_EXPORT = 2
    NOT_WORN = 3
    UNCONFIRMED = 4
    PARTIAL_DAY = 5
    MERGED_AWAY = 6
    QUARANTINED = 7

    @property
    def word(self) -> str:
        """Name as in tables and files, empty for an observed cell."""
        return "" if self is Reason.OBSERVED else self.name.lower().replace("_", " ")


WORDS: tuple[str, ...] = tuple(reason.word for reason in Reason)
MEANINGS: dict[str, str] = {
    "not offered": "the vendor's format has no such quantity, or the export no file of it",
    "not in export": "other days have it, this one has no entry",
    "not worn": "the tracker reported a day off the wrist",
    "unconfirmed": "a default that the tracker made up, or a sleep that nobody confirmed",
    "partial day": "the first or last day of the export, which is no whole day",
    "merged away": "a source of higher priority, or another reading option, took its place",
    "quarantined": "it was there and is impossible; see rejected.csv",
}
