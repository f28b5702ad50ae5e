"""The weather of tomorrow, as `people.weather.next_weather` draws it, without the logarithms."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np


class WeatherChain:
    """A Markov chain of the weather whose cumulative shares are worked out once.

    Args:
        transitions: float (weathers, weathers), rows sum to 1.
    """

    def __init__(self, transitions: np.ndarray) -> None:
        # The last column, which -1 finds, is for unknown weather: an average day.
        table = np.concatenate([transitions, transitions.mean(axis=0, keepdims=True)])
        cumulative = np.cumsum(table + 1e-12, axis=1)
        shares = (cumulative[:, :-1] / cumulative[:, -1:]).astype(np.float32)
        self._shares = np.ascontiguousarray(shares.T)
        self._numbers: list[list[float]] = shares.tolist()

    def next(self, weather: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """Draw tomorrow's weather; see `people.weather.next_weather`."""
        if len(weather) == 1:
            return np.array([bisect_right(self._numbers[weather.item()], uniform.item())])
        below = self._shares.take(weather, axis=1) <= uniform
        drawn: np.ndarray = np.add.reduce(below.view(np.int8), axis=0, dtype=np.intp)
        return drawn
