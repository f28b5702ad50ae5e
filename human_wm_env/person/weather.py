"""Weather as a Markov chain over the schema's four conditions."""

from __future__ import annotations

import numpy as np

from human_wm_env.person import schema
from human_wm_env.person.choices import choose

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


def next_weather(weather: np.ndarray, transitions: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Draw tomorrow's weather.

    Args:
        weather: int (n,), today's, -1 where unknown (then drawn from the chain's average row).
        transitions: float (4, 4), rows sum to 1.
        uniform: float (n,), noise in [0, 1).

    Returns:
        int (n,).
    """
    unknown = transitions.mean(axis=0, keepdims=True)
    table = np.concatenate([transitions, unknown])
    return choose(np.log(table + 1e-12)[weather], uniform)


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
    count = schema.FEATURES[schema.WEATHER].width
    climate = np.full(count, 1.0 / count)
    seen = weather[observed].astype(int)
    climate = (np.bincount(seen, minlength=count) + climate) / (len(seen) + 1.0)
    pairs = observed[:, :-1] & observed[:, 1:]
    before = weather[:, :-1][pairs].astype(int)
    after = weather[:, 1:][pairs].astype(int)
    counts = np.bincount(before * count + after, minlength=count * count).reshape(count, count)
    table = counts + climate[None, :]
    return (table / table.sum(axis=1, keepdims=True)).astype(np.float32)
