"""Weather as a Markov chain over the schema's four conditions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.person import schema

# Assumption (temperate climate), listed in docs/people.md: a day keeps yesterday's weather
# with probability 0.45, else draws from the climate.
CLIMATE = np.array([0.5, 0.1, 0.3, 0.1])
PERSISTENCE = 0.45
TRANSITIONS = (PERSISTENCE * np.eye(len(CLIMATE)) + (1.0 - PERSISTENCE) * CLIMATE[None, :]).astype(
    np.float32
)

IS_BAD = np.array(
    [name in ("Rain", "Snow") for name in schema.categories(schema.WEATHER)], dtype=np.float32
)


class WeatherChain:
    """A Markov chain of the weather whose cumulative shares are worked out once.

    Args:
        transitions: float (weathers, weathers), rows sum to 1.

    Attributes:
        shares: float32 (weathers + 1, weathers - 1), cumulative; the last row is for -1, unknown.
    """

    def __init__(self, transitions: np.ndarray) -> None:
        table = np.concatenate([transitions, transitions.mean(axis=0, keepdims=True)])
        cumulative = np.cumsum(table + 1e-12, axis=1)
        self.shares = (cumulative[:, :-1] / cumulative[:, -1:]).astype(np.float32)

    def next(self, weather: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """Draw tomorrow's weather.

        Args:
            weather: int (slots,), today's, -1 where unknown (drawn from the chain's average row).
            uniform: float (slots,), noise in [0, 1).

        Returns:
            int (slots,).
        """
        drawn = np.empty(len(weather), dtype=np.intp)
        draw_loop(self.shares, weather, uniform, drawn)
        return drawn


@compiled
def draw_loop(
    shares: np.ndarray, weather: np.ndarray, uniform: np.ndarray, drawn: np.ndarray
) -> None:
    """Draw tomorrow's weather from cumulative shares, a row for each of today's; (slots,)."""
    for slot in range(len(drawn)):
        below = 0
        while below < shares.shape[1] and shares[weather[slot], below] <= uniform[slot]:
            below += 1
        drawn[slot] = below


def fit_transitions(weather: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Count observed day pairs into a transition table.

    Each row is smoothed with one pseudo-count spread over the observed climate, so
    that a data set without any weather gives a flat table.

    Args:
        weather: float (users, days), category indices.
        observed: bool (users, days).

    Returns:
        float32 (4, 4), rows sum to 1.
    """
    return transitions_of([(weather, observed)])


def transitions_of(parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return what `fit_transitions` gives for all people of several batches."""
    count = schema.FEATURES[schema.WEATHER].width
    days, pairs = np.zeros(count, dtype=np.int64), np.zeros(count * count, dtype=np.int64)
    for weather, observed in parts:
        days += np.bincount(weather[observed].astype(int), minlength=count)
        both = observed[:, :-1] & observed[:, 1:]
        before = weather[:, :-1][both].astype(int)
        after = weather[:, 1:][both].astype(int)
        pairs += np.bincount(before * count + after, minlength=count * count)
    climate = (days + np.full(count, 1.0 / count)) / (days.sum() + 1.0)
    table = pairs.reshape(count, count) + climate[None, :]
    return (table / table.sum(axis=1, keepdims=True)).astype(np.float32)
