"""The weather of tomorrow, as `people.weather.next_weather` draws it, without the logarithms."""

from __future__ import annotations

import numpy as np

from human_wm_env.compiled import compiled


class WeatherChain:
    """A Markov chain of the weather whose cumulative shares are worked out once.

    Args:
        transitions: float (weathers, weathers), rows sum to 1.

    Attributes:
        shares: float32 (weathers + 1, weathers - 1), cumulative; the last row is for -1, unknown.
    """

    def __init__(self, transitions: np.ndarray) -> None:
        # The last row, which -1 finds, is for unknown weather: an average day.
        table = np.concatenate([transitions, transitions.mean(axis=0, keepdims=True)])
        cumulative = np.cumsum(table + 1e-12, axis=1)
        self.shares = (cumulative[:, :-1] / cumulative[:, -1:]).astype(np.float32)

    def next(self, weather: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """Draw tomorrow's weather; see `people.weather.next_weather`."""
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
