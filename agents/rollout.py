"""Run whole episodes side by side and add up their rewards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from agents.env_config import Vector
from agents.episode_starts import Starts
from agents.reward_components import named_components
from human_wm_env.person import schema
from human_wm_env.person.actions import action_space


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
        executed: of the actions that were executed, float64 (episodes,) by name: means over the
            days in the log's units, and of a category such as "workout_type: Running" the share
            of the days; where people are nudged also "nudged" and "complied", shares of the days;
            empty where they are not known, or not of people.
    """

    users: np.ndarray
    days: np.ndarray
    returns: np.ndarray
    lengths: np.ndarray
    components: dict[str, np.ndarray]
    uncertainty: np.ndarray
    executed: dict[str, np.ndarray] = field(default_factory=dict)


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
    executed: dict[str, np.ndarray] = {}
    of_people = env.single_action_space == action_space()
    lengths = np.zeros(slots, dtype=int)
    alive = np.ones(slots, dtype=bool)
    while alive.any():
        observations, rewards, terminated, truncated, info = env.step(choose(observations))
        returns += alive * rewards
        uncertainty += alive * info.get("uncertainty", 0.0)
        for name, values in named_components(env, info).items():
            total = components.setdefault(name, np.zeros(slots))
            total += alive * values
        if of_people or "sent" in info:
            for name, amounts in _executed(info).items():
                total = executed.setdefault(name, np.zeros(slots))
                total += alive * amounts
        lengths += alive
        alive &= ~(terminated | truncated)
    return Episodes(
        users=starts.users,
        days=starts.days,
        returns=returns,
        lengths=lengths,
        components={name: total / lengths for name, total in components.items()},
        uncertainty=uncertainty / lengths,
        executed={name: total / lengths for name, total in executed.items()},
    )


def _executed(info: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return what people did on a day, and whether they were nudged, and complied."""
    found = _of_a_day(info["action"]) if "action" in info else {}
    if "sent" in info:
        found |= {"nudged": info["sent"] > 0, "complied": info["complied"]}
    return found


def _of_a_day(actions: np.ndarray) -> dict[str, np.ndarray]:
    """Return amounts, and 0 or 1 for each category, by name: of (slots, 7) executed actions."""
    found: dict[str, np.ndarray] = {}
    for column, index in enumerate(schema.ACTION_FEATURES):
        feature, values = schema.FEATURES[index], actions[:, column]
        if isinstance(feature, schema.Continuous):
            found[feature.name] = values
        else:
            for code, label in enumerate(feature.categories):
                found[f"{feature.name}: {label}"] = values == code
    return found
