"""How far a person's clock is ahead of UTC: given as a zone, or inferred from still nights.

Some exports log steps in UTC and sleep in local time. Read at the true offset, sleep is the
time without steps, and steps begin where it ends: night by night, the offset that shows this
best is found, with a price on every change (a Viterbi path), so that a change has to be seen
for some nights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.exports.stamps import zone_offset

QUARTER = 900
# What clocks have been ahead of UTC somewhere since 2010, after the tz database: whole hours
# from -12 to 14, and these.
_PARTS_OF_HOURS = (
    *(-9.5, -4.5, -3.5, -2.5, 3.5, 4.5, 5.5, 5.75, 6.5),
    *(8.5, 8.75, 9.5, 10.5, 11.5, 12.75, 13.75),
)
CANDIDATES = np.array(  # in seconds
    sorted(int(3600 * hours) for hours in (*range(-12, 15), *_PARTS_OF_HOURS))
)
_EDGE_SECONDS = 2700
_PRICE_OF_CHANGE = 45.0  # in minutes with steps
_PRICE_OF_ODD_QUARTERS = 1.5  # a night: few places are off by parts of an hour
_SHORTEST_NIGHT = 3 * 3600
FEWEST_NIGHTS = 3


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
        offsets = np.array([zone_offset(self.zone, int(one)) for one in quarters], np.int64)
        return offsets[which]

    def local(self, utc: np.ndarray) -> np.ndarray:
        """Return local seconds since 1970."""
        return utc + self.offset_at(utc)


def infer_clock(
    minutes: np.ndarray, steps: np.ndarray, nights: Sequence[tuple[int, int]]
) -> Clock | None:
    """Find the offsets at which steps and sleep agree.

    Args:
        minutes: int (n,), minutes since 1970 in UTC, sorted.
        steps: float (n,), steps in them.
        nights: first and last second of each main sleep, local since 1970.

    Returns:
        The clock, None with too few nights of three hours or more within the logged minutes.
    """
    walked = minutes[steps > 0]
    spans = np.array(
        sorted((start, end) for start, end in nights if end - start >= _SHORTEST_NIGHT)
    ).reshape(-1, 2)
    if len(walked) == 0 or len(spans) == 0:
        return None
    inside_log = (spans[:, 1] > walked[0] * 60 - 86400) & (spans[:, 0] < walked[-1] * 60 + 86400)
    spans = spans[inside_log]
    if len(spans) < FEWEST_NIGHTS:
        return None
    costs = _costs(walked, spans)
    path = _cheapest_path(costs)
    offsets = CANDIDATES[path]
    changes = np.flatnonzero(np.diff(offsets)) + 1
    # A change is set half-way between the nights around it.
    before, after = (
        spans[changes - 1, 1] - offsets[changes - 1],
        spans[changes, 0] - offsets[changes],
    )
    since = np.concatenate([[np.iinfo(np.int64).min], (before + after) // 2])
    return Clock(None, since, offsets[np.concatenate([[0], changes])])


def _costs(walked: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Return minutes with steps inside each night, less those at its edges, for each offset."""

    def active(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        at = [
            np.searchsorted(walked, one[:, None] // 60 - CANDIDATES // 60) for one in (start, end)
        ]
        return at[1] - at[0]

    start, end = spans[:, 0], spans[:, 1]
    inside = active(start, end)
    edges = active(start - _EDGE_SECONDS, start) + active(end, end + _EDGE_SECONDS)
    odd = (CANDIDATES % 3600 != 0) + (CANDIDATES % 1800 != 0)
    # Capped, so that one night of work, or of a tracker on a desk, does not decide alone.
    cost = np.minimum(inside, 60) - 0.5 * np.minimum(edges, 40)
    priced: np.ndarray = cost + _PRICE_OF_ODD_QUARTERS * odd
    return priced


def _cheapest_path(costs: np.ndarray) -> np.ndarray:
    """Return the offset of each night, int (nights,), that costs least with all changes."""
    nights, candidates = costs.shape
    total, origin = costs[0].copy(), np.zeros((nights, candidates), np.int64)
    for night in range(1, nights):
        best = int(np.argmin(total))
        moved = total[best] + _PRICE_OF_CHANGE
        stays = total <= moved
        origin[night] = np.where(stays, np.arange(candidates), best)
        total = np.where(stays, total, moved) + costs[night]
    path = np.empty(nights, np.int64)
    path[-1] = np.argmin(total)
    for night in range(nights - 1, 0, -1):
        path[night - 1] = origin[night, path[night]]
    return path


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
