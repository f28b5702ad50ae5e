"""Controllers in the dream and in the real environment, from the same first observations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from agents.env_config import GymEnvConfig, make_vector_env
from agents.episode_starts import SeededStarts
from agents.protocol import Agent
from agents.rollout import Episodes, run_to_the_end
from agents.vector_tasks.play import play_episodes
from agents.vector_tasks.policies import DREAM_ID, LatentPolicy
from human_wm_env.vector_dream.checkpoint import VectorCheckpoint
from human_wm_env.vector_dream.episodes import EpisodeLog

REAL_SLOTS = 25


@dataclass(frozen=True)
class ObservedStarts(SeededStarts):
    """Dreams that begin with observations of the real environment.

    Attributes:
        observations: float32 (episodes, width).
    """

    observations: np.ndarray

    def reset_arguments(self) -> dict[str, Any]:
        """Return seeds and observations."""
        return {**super().reset_arguments(), "options": {"observation": self.observations}}


def play_real(
    agent: Agent, checkpoint: VectorCheckpoint, episodes: int, *, seed: int
) -> tuple[Episodes, EpisodeLog]:
    """Play whole episodes in the real environment; the same seed begins the same ones."""
    slots = min(episodes, REAL_SLOTS)
    policy = LatentPolicy(agent, checkpoint, slots)
    log = play_episodes(checkpoint.task, policy, episodes, seed=seed, slots=slots)
    return as_episodes(log), log


def as_episodes(log: EpisodeLog) -> Episodes:
    """Return what an agent reached in the episodes of a log."""
    count, returns, lengths = len(log.episodes), log.returns(), log.lengths()
    return Episodes(
        users=np.array([str(number) for number in range(count)]),
        days=np.zeros(count, dtype=int),
        returns=returns,
        lengths=lengths,
        components={"reward": returns / lengths},
        uncertainty=np.zeros(count),
    )


def play_dream(
    agent: Agent,
    checkpoint: VectorCheckpoint,
    observations: np.ndarray,
    *,
    seed: int,
    arguments: Mapping[str, Any] | None = None,
) -> Episodes:
    """Dream an episode from each of some first observations, (episodes, width).

    Args:
        agent: who acts.
        checkpoint: V and M.
        observations: of the real environment.
        seed: of the noise.
        arguments: of the dream, such as its temperature.
    """
    drawn = SeededStarts.of(len(observations), seed)
    starts = ObservedStarts(drawn.users, drawn.days, drawn.seeds, observations)
    given = {"world_model": checkpoint, "uncertainty": False, **(arguments or {})}
    env = make_vector_env(
        GymEnvConfig(DREAM_ID, given), len(starts), autoreset=AutoresetMode.NEXT_STEP
    )
    try:
        agent.reset(len(starts))
        return run_to_the_end(env, starts, agent.act)
    finally:
        env.close()


@dataclass(frozen=True)
class PairedRuns:
    """The same controllers in both worlds, by name; episode i begins alike everywhere.

    Attributes:
        dream: what they reached there.
        real: likewise.
        told: what the real environment says of its rewards and velocities, see `EpisodeLog.told`.
    """

    dream: dict[str, Episodes]
    real: dict[str, Episodes]
    told: dict[str, dict[str, float]] = field(default_factory=dict)


def play_paired(
    agents: Mapping[str, Agent],
    checkpoint: VectorCheckpoint,
    episodes: int,
    *,
    seed: int,
    progress: Callable[[int], object] | None = None,
) -> PairedRuns:
    """Play every controller in both worlds, the real episodes first.

    Args:
        agents: by name.
        checkpoint: V and M.
        episodes: of each in each world.
        seed: of the real episodes and of the dreams' noise.
        progress: called with 1 after each controller.
    """
    runs = PairedRuns({}, {})
    for name, agent in agents.items():
        runs.real[name], log = play_real(agent, checkpoint, episodes, seed=seed)
        runs.told[name] = log.told()
        first = log.first_observations()
        runs.dream[name] = play_dream(agent, checkpoint, first, seed=seed)
        if progress is not None:
            progress(1)
    return runs
