"""Live whole episodes side by side and add up what they pay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from agents.env_config import Vector
from agents.episode_starts import Starts

Choose = Callable[[np.ndarray], np.ndarray]


def live_episodes(
    vector: Vector, starts: Starts, choose: Choose
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Live one episode per slot, all of the same length.

    Args:
        vector: an environment with DISABLED autoreset and a slot per start.
        starts: where the episodes begin.
        choose: observations to actions.

    Returns:
        The returns, float64 (slots,), and each reward component's mean over the days.
    """
    observations, _ = vector.reset(**starts.reset_arguments())
    total = np.zeros(len(starts))
    sums: dict[str, np.ndarray] = {}
    over, days = np.zeros(len(starts), dtype=bool), 0
    while not over.any():
        observations, rewards, terminated, truncated, info = vector.step(choose(observations))
        total += rewards
        days += 1
        for name, values in info["reward_components"].items():
            if not name.startswith("_"):  # Gymnasium's masks
                sums[name] = sums.get(name, 0.0) + values
        over = terminated | truncated
    return total, {name: values / days for name, values in sums.items()}
