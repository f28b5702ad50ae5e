"""What a batch of people is between two days, and what a world makes of one day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from human_wm_env.person.rewards import Baseline

InnerT = TypeVar("InnerT")


@dataclass(slots=True)  # see `Transition`
class PersonState(Generic[InnerT]):
    """State of a batch of people; arrays are batch-first and are never written to.

    Attributes:
        row: float32 (slots, 10), the last day, complete except for the first one.
        observed: bool (slots, 10), what the agent sees of it.
        user: int (slots,), position in the data set, -1 with a caller's history.
        day: int (slots,), the day to be decided.
        branch: int (slots,).
        elapsed: int (slots,), days since the start.
        weekday: int (slots,), of the day to be decided, -1 if unknown.
        forecast: int (slots,), weather of the day to be decided, -1 if unknown.
        baseline: what the history says is normal.
        normal: float32 (slots, horizon, k), noise of the whole episode.
        uniform: float32 (slots, horizon, k), likewise, in [0, 1).
        inner: what the world itself keeps.
    """

    row: np.ndarray
    observed: np.ndarray
    user: np.ndarray
    day: np.ndarray
    branch: np.ndarray
    elapsed: np.ndarray
    weekday: np.ndarray
    forecast: np.ndarray
    baseline: Baseline
    normal: np.ndarray
    uniform: np.ndarray
    inner: InnerT


@dataclass(slots=True)
class DayOutcome(Generic[InnerT]):
    """What a world makes of one day.

    Attributes:
        row: float32 (slots, 10), complete (except in the replay, where masked cells stay).
        encoded: float32 (slots, ROW_WIDTH), the row encoded, its masked cells or not.
        observed: bool (slots, 10).
        uncertainty: float32 (slots,).
        next_forecast: int (slots,), weather of the day after.
        inner: the world's own next state.
    """

    row: np.ndarray
    encoded: np.ndarray
    observed: np.ndarray
    uncertainty: np.ndarray
    next_forecast: np.ndarray
    inner: InnerT
