"""A person's clock, inferred from still nights.

Some exports log steps in UTC and sleep in local time. Read at the true offset, sleep is the time
without steps, and steps begin where it ends. Of all zones, each with its own daylight saving, the
one that shows this best over all nights is found, with a price on every change of zone (a Viterbi
path), so that a journey has to be seen for some nights.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from human_wm_env.exports.clock import QUARTER, Clock, offsets_in
from human_wm_env.exports.stamps import known_zone

# What clocks have been ahead of UTC somewhere since 2010, after the tz database, in hours: whole
# hours from -12 to 14, and these. Each with what it costs to live there, in nats: how many times
# fewer people do so than in a usual zone. After rough counts of people (India as many as anywhere,
# Nepal a tenth, Eucla some dozens); an assumption.
_PARTS_OF_HOURS: dict[float, float] = {
    **{-9.5: 10.0, -4.5: 2.0, -3.5: 6.0, -2.5: 6.0, 3.5: 1.0, 4.5: 2.0, 5.5: 0.0, 5.75: 2.0},
    **{6.5: 2.0, 8.5: 2.0, 8.75: 15.0, 9.5: 5.0, 10.5: 5.0, 11.5: 11.0, 12.75: 13.0, 13.75: 13.0},
}
_FAR_HOURS: dict[float, float] = {-12: 15.0, -11: 8.0, 14: 10.0}
_HOURS: dict[float, float] = {
    **dict.fromkeys(map(float, range(-12, 15)), 0.0),
    **_FAR_HOURS,
    **_PARTS_OF_HOURS,
}
CANDIDATES = np.array([int(3600 * hours) for hours in sorted(_HOURS)])  # in seconds
_PRICES = np.array([_HOURS[hours] for hours in sorted(_HOURS)])
# One of the zones for each way in which clocks change in the course of a year, mostly for daylight
# saving. All others have one of the offsets above; where one moves for good, that is a journey.
CHANGING_ZONES = (
    *("Pacific/Apia", "America/Adak", "America/Anchorage", "America/Los_Angeles", "America/Denver"),
    *("America/Chicago", "America/Mexico_City", "America/New_York", "America/Havana"),
    *("America/Halifax", "America/St_Johns", "America/Santiago", "America/Asuncion"),
    *("America/Sao_Paulo", "America/Miquelon", "America/Nuuk", "America/Scoresbysund"),
    *("Atlantic/Azores", "Europe/London", "Africa/Casablanca", "Antarctica/Troll", "Europe/Paris"),
    *("Europe/Athens", "Europe/Chisinau", "Africa/Cairo", "Asia/Beirut", "Asia/Jerusalem"),
    *("Asia/Gaza", "Asia/Damascus", "Asia/Amman", "Asia/Tehran", "Australia/Adelaide"),
    *("Australia/Sydney", "Australia/Lord_Howe", "Pacific/Norfolk", "Pacific/Fiji"),
    *("Pacific/Auckland", "Pacific/Chatham", "Pacific/Easter"),
)
FEWEST_NIGHTS = 3
_SHORTEST_NIGHT = 3 * 3600
_EDGE_SECONDS = 2700
# In nats. A night says no more than so much against an offset: one night of work, or of a tracker
# on a desk, does not pay for a journey there and back.
_MOST_OF_A_NIGHT = 12.0
_PRICE_OF_CHANGE = 15.0
_TEMPER = 0.5  # minutes with steps come in walks, and are no independent signs
_FIRST_WEIGHTS = np.array([3.0, 0.0, 1.0])  # many sit still before they sleep
_ROUNDS = 3  # of finding the offsets, and how much this person moves awake and asleep


def infer_clock(
    minutes: np.ndarray, steps: np.ndarray, nights: Sequence[tuple[int, int]]
) -> Clock | None:
    """Find the zones at which steps and sleep agree.

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
    names, places = _states(spans)
    entry = _PRICES[places].max(axis=1)
    active = _active(walked, spans)
    weights = _FIRST_WEIGHTS
    for _ in range(_ROUNDS):
        costs = _TEMPER * np.tensordot(weights * (1, -1, -1), active, axes=1)
        costs = np.minimum(costs - costs.min(axis=1, keepdims=True), _MOST_OF_A_NIGHT)
        path = _cheapest_path(np.take_along_axis(costs, places.T, axis=1), entry)
        nights_there = np.arange(len(spans))
        weights = _weights(
            active[:, nights_there, places[path, nights_there]].sum(axis=1), walked, spans
        )
    return _clock_of(path, names, places, spans, walked)


def _states(spans: np.ndarray) -> tuple[list[str | None], np.ndarray]:
    """Return where somebody can be, and the offsets there.

    Returns:
        The name of each zone, None of a fixed offset, and places in CANDIDATES, int
        (states, nights). Zones that differ on no night are one.
    """
    fixed = np.repeat(np.arange(len(CANDIDATES))[:, None], len(spans), axis=1)
    names: list[str | None] = [None] * len(CANDIDATES)
    rows, seen = [*fixed], {row.tobytes() for row in fixed}
    for zone in filter(known_zone, CHANGING_ZONES):
        # What an offset is near a change is asked of the zone at the end of the night.
        utc = spans[:, 1] - offsets_in(zone, spans[:, 1] // QUARTER)
        row = np.searchsorted(CANDIDATES, offsets_in(zone, utc // QUARTER))
        if row.tobytes() not in seen:
            seen.add(row.tobytes())
            names.append(zone)
            rows.append(row)
    return names, np.array(rows)


def _active(walked: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Count minutes with steps in each night, before it and after it, for each offset.

    Returns:
        int (3, nights, candidates).
    """

    def count(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        at = [
            np.searchsorted(walked, one[:, None] // 60 - CANDIDATES // 60) for one in (start, end)
        ]
        return at[1] - at[0]

    start, end = spans[:, 0], spans[:, 1]
    return np.array(
        [count(start, end), count(start - _EDGE_SECONDS, start), count(end, end + _EDGE_SECONDS)]
    )


def _weights(active: np.ndarray, walked: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Return how much a minute with steps says in a night, before it and after it, in nats.

    Args:
        active: minutes with steps in all nights, before them and after them, as far as is known.
        walked: minutes with steps.
        spans: nights.
    """
    edges = len(spans) * _EDGE_SECONDS / 60
    asleep = (spans[:, 1] - spans[:, 0]).sum() / 60
    shares = (active + 1) / (np.array([asleep, edges, edges]) + 2)
    logs = np.log(shares / (1 - np.minimum(shares, 0.99)))
    share = len(walked) / (walked[-1] - walked[0] + 1)
    usual = np.log(share / (1 - min(share, 0.99)))
    return np.array([np.clip(usual - logs[0], 1.0, 5.0), *np.clip(logs[1:] - usual, 0.0, 3.0)])


def _cheapest_path(costs: np.ndarray, entry: np.ndarray) -> np.ndarray:
    """Return the state of each night that costs least with all changes, int (nights,).

    Args:
        costs: (nights, states).
        entry: (states,), of coming there, beside the price of a change.
    """
    nights, states = costs.shape
    total, origin = costs[0] + entry, np.zeros((nights, states), np.int64)
    for night in range(1, nights):
        best = int(np.argmin(total))
        moved = total[best] + _PRICE_OF_CHANGE + entry
        stays = total <= moved
        origin[night] = np.where(stays, np.arange(states), best)
        total = np.where(stays, total, moved) + costs[night]
    path = np.empty(nights, np.int64)
    path[-1] = np.argmin(total)
    for night in range(nights - 1, 0, -1):
        path[night - 1] = origin[night, path[night]]
    return path


def _clock_of(
    path: np.ndarray,
    names: Sequence[str | None],
    places: np.ndarray,
    spans: np.ndarray,
    walked: np.ndarray,
) -> Clock:
    """Return the clock of a path; journeys are half-way between the nights around them."""
    changes = np.flatnonzero(np.diff(path)) + 1
    offsets = CANDIDATES[places[path, np.arange(len(path))]]
    before = spans[changes - 1, 1] - offsets[changes - 1]
    after = spans[changes, 0] - offsets[changes]
    ends = [int(walked[0]) * 60, *((before + after) // 2).tolist(), int(walked[-1]) * 60]
    since, ahead = [], []
    for place, (first, last) in zip([0, *changes.tolist()], pairwise(ends), strict=True):
        zone = names[path[place]]
        quarters = np.arange(first // QUARTER, max(last // QUARTER, first // QUARTER + 1))
        here = np.full(1, offsets[place]) if zone is None else offsets_in(zone, quarters)
        starts = np.append(0, np.flatnonzero(np.diff(here)) + 1)
        since += [first, *(quarters[starts[1:]] * QUARTER).tolist()]
        ahead += here[starts].tolist()
    since[0] = np.iinfo(np.int64).min
    return Clock(None, np.array(since), np.array(ahead))
