"""How far a person's clock is ahead of UTC, at any moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.exports.stamps import zone_offset

QUARTER = 900
_QUARTERS_OF_DAY = 96


@dataclass(frozen=True)
class Clock:
    """Offsets of a person's clock.

    Attributes:
        zone: name of the zone; None where the offsets below are used.
        since: int (changes,), seconds since 1970 in UTC from which each offset holds; the
            first one also holds before.
        offsets: int (changes,), seconds ahead of UTC.
    """

    zone: str | None
    since: np.ndarray
    offsets: np.ndarray

    @classmethod
    def of_zone(cls, zone: str) -> Clock:
        """Return the clock of a zone such as Europe/Oslo."""
        return cls(zone, np.empty(0, np.int64), np.empty(0, np.int64))

    @classmethod
    def fixed(cls, offset: int = 0) -> Clock:
        """Return a clock that is always as far ahead of UTC."""
        return cls(None, np.zeros(1, np.int64), np.array([offset], np.int64))

    def offset_at(self, utc: np.ndarray) -> np.ndarray:
        """Return the seconds that the clock is ahead of UTC, int (times,)."""
        if self.zone is None:
            found: np.ndarray = self.offsets[
                np.maximum(np.searchsorted(self.since, utc, side="right") - 1, 0)
            ]
            return found
        quarters, which = np.unique(utc // QUARTER, return_inverse=True)
        return offsets_in(self.zone, quarters)[which]

    def local(self, utc: np.ndarray) -> np.ndarray:
        """Return local seconds since 1970."""
        return utc + self.offset_at(utc)


def offsets_in(zone: str, quarters: np.ndarray) -> np.ndarray:
    """Return the seconds that a zone is ahead of UTC in quarters of an hour since 1970.

    A clock changes at most once a day: quarter by quarter it is asked only on days of a change.
    """
    days, which = np.unique(quarters // _QUARTERS_OF_DAY, return_inverse=True)
    first, last = (
        np.array([zone_offset(zone, one * _QUARTERS_OF_DAY) for one in some.tolist()], np.int64)
        for some in (days, days + 1)
    )
    offsets: np.ndarray = first[which]
    for place in np.flatnonzero((first != last)[which]).tolist():
        offsets[place] = zone_offset(zone, int(quarters[place]))
    return offsets


def clock_of_marks(marks: Sequence[tuple[int, str]], times: Sequence[int]) -> Clock:
    """Return the clock of somebody whose zone is known at some moments.

    Args:
        marks: seconds since 1970 in UTC, and the name of the zone then.
        times: seconds between whose smallest and largest the clock is asked; in between the
            zone is that of the nearest mark.
    """
    ordered = sorted(marks)
    when = np.array([one for one, _ in ordered], np.int64)
    first = min(times) // QUARTER // 4 * 4 - 4  # a whole hour: clocks change at none other
    quarters = np.arange(first, max(times) // QUARTER + 5)
    halfway = (when[1:] + when[:-1]) // 2
    nearest = np.searchsorted(halfway, quarters * QUARTER, side="right")
    hourly = quarters[::4]
    zones = [ordered[int(one)][1] for one in nearest[::4]]
    offsets = np.array(
        [zone_offset(zone, int(one)) for zone, one in zip(zones, hourly, strict=True)], np.int64
    )
    changes = np.append(True, np.diff(offsets) != 0)
    return Clock(None, (hourly * QUARTER)[changes], offsets[changes])
