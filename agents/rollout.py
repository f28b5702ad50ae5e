"""Run whole episodes side by side and add up their rewards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from agents.env_config import Vector
from agents.episode_starts import Starts


@dataclass(frozen=True)
class Episodes:
    """What one agent reached in one world, an entry per start.

    Attributes:
        users: user ids, str (episodes,).
        days: start days, int (episodes,).
        returns: undiscounted return, float64 (episodes,).
        lengths: days simulated, int (episodes,).
        components: mean of each reward component over the days, float64 (episodes,).
        uncertainty: mean over the days, float64 (episodes,); 0 where the world reports none.
    """

    users: np.ndarray
    days: np.ndarray
    returns: np.ndarray
    lengths: np.ndarray
    components: dict[str, np.ndarray]
    uncertainty: np.ndarray


def run_to_the_end(
    env: Vector, starts: Starts, choose: Callable[[np.ndarray], np.ndarray]
) -> Episodes:
    """Run one episode per slot; those that end early wait for the others.

    Args:
        env: with a slot per start, and NEXT_STEP autoreset; DISABLED where all episodes are
            of the same length.
        starts: where the episodes begin.
        choose: observations to actions.
    """
    slots = len(starts)
    observations, _ = env.reset(**starts.reset_arguments())
    returns, uncertainty = np.zeros(slots), np.zeros(slots)
    components: dict[str, np.ndarray] = {}
    lengths = np.zeros(slots, dtype=int)
    alive = np.ones(slots, dtype=bool)
    while alive.any():
        observations, rewards, terminated, truncated, info = env.step(choose(observations))
        returns += alive * rewards
        uncertainty += alive * info.get("uncertainty", 0.0)
        for name, values in info["reward_components"].items():
            if not name.startswith("_"):  # Gymnasium's masks
                total = components.setdefault(name, np.zeros(slots))
                total += alive * values
        lengths += alive
        alive &= ~(terminated | truncated)
    return Episodes(
        users=starts.users,
        days=starts.days,
        returns=returns,
        lengths=lengths,
        components={name: total / lengths for name, total in components.items()},
        uncertainty=uncertainty / lengths,
    )
