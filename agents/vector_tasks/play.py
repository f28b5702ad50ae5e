"""Play episodes in the real environment, side by side, and keep all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np

from agents.vector_tasks.policies import RealPolicy
from human_wm_env.errors import ConfigError
from human_wm_env.vector_dream.episodes import Episode, EpisodeLog
from human_wm_env.vector_dream.task import Task, check_finite, make_real

SLOTS = 8


@dataclass
class _Running:
    """The episode that a slot is in."""

    number: int
    observations: list[np.ndarray]
    actions: list[np.ndarray] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    sums: Counter[str] = field(default_factory=Counter)

    def listen(self, info: Mapping[str, Any]) -> None:
        """Add up what the environment says of rewards and velocities."""
        for name, value in info.items():
            wanted = name.startswith("reward") or name.endswith("velocity")
            if wanted and isinstance(value, (float, int, np.floating, np.integer)):
                self.sums[name] += value  # type: ignore[assignment]

    def ended(self, terminated: bool, truncated: bool) -> Episode:
        return Episode(
            np.stack(self.observations),
            np.stack(self.actions),
            np.array(self.rewards, dtype=np.float64),
            terminated,
            truncated,
            {name: float(total) / len(self.rewards) for name, total in self.sums.items()},
        )


def collect(
    task: Task,
    policy: RealPolicy,
    steps: int,
    *,
    seed: int,
    slots: int = SLOTS,
    progress: Callable[[int], object] | None = None,
) -> EpisodeLog:
    """Play so many steps; the episodes that run at the end are kept as far as they went.

    Args:
        task: the environment.
        policy: of as many slots.
        steps: of all slots together, >= 1.
        seed: of the episodes.
        slots: episodes side by side.
        progress: called with the steps since the last call.

    Raises:
        ConfigError: no steps or slots.
        DataError: the environment gave NaN or infinity.
    """
    if steps < 1 or slots < 1:
        raise ConfigError("steps >= 1 and slots >= 1", f"{steps} and {slots}", "Raise them.")
    return _play(task, policy, seed, min(slots, steps), steps, None, progress)


def play_episodes(
    task: Task,
    policy: RealPolicy,
    episodes: int,
    *,
    seed: int,
    slots: int,
    progress: Callable[[int], object] | None = None,
) -> EpisodeLog:
    """Play so many whole episodes, in the order of their seeds.

    The same seed begins the same episodes, whatever plays them.
    """
    if episodes < 1 or slots < 1:
        raise ConfigError("episodes >= 1 and slots >= 1", f"{episodes} and {slots}", "Raise them.")
    return _play(task, policy, seed, slots, None, episodes, progress)


def _play(
    task: Task,
    policy: RealPolicy,
    seed: int,
    slots: int,
    steps: int | None,
    episodes: int | None,
    progress: Callable[[int], object] | None,
) -> EpisodeLog:
    envs = [make_real(task.env_id, task.kwargs) for _ in range(slots)]
    done: dict[int, Episode] = {}
    played = begun = 0

    def begin(env: gym.Env[Any, Any]) -> _Running | None:
        nonlocal begun
        if episodes is not None and begun >= episodes:
            return None
        number, begun = begun, begun + 1
        own = int(np.random.SeedSequence([seed, 71, number]).generate_state(1)[0] >> 1)
        observation, _ = env.reset(seed=own)
        return _Running(number, [_seen(observation, task)])

    try:
        running = [begin(env) for env in envs]
        began = np.ones(slots, dtype=bool)
        shown = np.zeros((slots, task.observation_width), dtype=np.float32)
        while any(each is not None for each in running):
            for slot, each in enumerate(running):
                if each is not None:
                    shown[slot] = each.observations[-1]
            chosen = policy.act(shown.copy(), began)
            given, before = task.action.to_env(chosen), played
            began = np.zeros(slots, dtype=bool)
            for slot, (env, each) in enumerate(zip(envs, running, strict=True)):
                if each is None or (steps is not None and played >= steps):
                    continue
                observation, reward, terminated, truncated, info = env.step(given[slot])
                each.observations.append(_seen(observation, task))
                each.actions.append(np.array(chosen[slot]))
                each.rewards.append(float(reward))
                each.listen(info)
                played += 1
                truncated = truncated or len(each.rewards) >= task.horizon
                if terminated or truncated:
                    check_finite(np.array(each.rewards), "rewards", task.env_id)
                    done[each.number] = each.ended(bool(terminated), bool(truncated))
                    running[slot], began[slot] = begin(env), True
            if progress is not None:
                progress(played - before)
            if steps is not None and played >= steps:
                break
        for each in running:
            if each is not None and each.rewards:
                check_finite(np.array(each.rewards), "rewards", task.env_id)
                done[each.number] = each.ended(False, False)
    finally:
        for env in envs:
            env.close()
    return EpisodeLog(task, tuple(done[number] for number in sorted(done)))


def _seen(observation: np.ndarray, task: Task) -> np.ndarray:
    return check_finite(np.asarray(observation, dtype=np.float32), "observations", task.env_id)
