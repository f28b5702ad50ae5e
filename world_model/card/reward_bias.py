"""Bias of the imagined reward: mean mood reward, model minus the true simulator.

Scores on observed cells cannot see it: moods are logged less on bad days, so a model that
is as happy as the log is happier than the people. Both sides here are complete days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.person import schema
from human_wm_env.person.rewards import MOOD_VALUES
from world_model.card.intervals import Interval, mean_interval

_VALUES = np.array([MOOD_VALUES[name] for name in schema.categories(schema.MOOD)])


@dataclass(frozen=True)
class RewardBias:
    """The mood component of the reward on one day of habit futures, means over all of them.

    Attributes:
        horizon: day of the future, 1 being the first.
        dream, simulator: means, in [0, 1].
        gap: of the dream over the simulator, paired by start; 0 is unbiased.
    """

    horizon: int
    dream: float
    simulator: float
    gap: Interval


def reward_bias(
    imagined: np.ndarray, simulated: np.ndarray, people: np.ndarray, horizons: Sequence[int]
) -> list[RewardBias]:
    """Compare futures of the same starts.

    Args:
        imagined: the dream's raw complete rows, float32 (starts, draws, horizons, 10).
        simulated: the simulator's.
        people: (starts,), whose they are.
        horizons: days of the future.
    """
    dream, simulator = (
        _VALUES[rows[..., schema.MOOD].astype(np.intp)].mean(axis=1)
        for rows in (imagined, simulated)
    )
    return [
        RewardBias(
            int(horizon),
            float(dream[:, place].mean()),
            float(simulator[:, place].mean()),
            mean_interval(dream[:, place] - simulator[:, place], people),
        )
        for place, horizon in enumerate(horizons)
    ]
