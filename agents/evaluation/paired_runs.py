"""Run agents on the same people, days and seeds, so that they can be compared in pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from gymnasium.vector import AutoresetMode

from agents.env_config import EnvConfig, Vector, make_vector_env, with_overrides
from agents.episode_starts import Starts
from agents.protocol import Agent, SituatedAgent
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.registration import Dataset


@dataclass(frozen=True)
class Episodes:
    """What one agent reached in one world, an entry per start.

    Attributes:
        users: user ids, str (episodes,).
        days: start days, int (episodes,).
        returns: undiscounted return, float64 (episodes,).
        lengths: days lived, int (episodes,).
        components: mean of each reward component over the days, float64 (episodes,).
        uncertainty: mean over the days, float64 (episodes,); 0 outside the dream.
    """

    users: np.ndarray
    days: np.ndarray
    returns: np.ndarray
    lengths: np.ndarray
    components: dict[str, np.ndarray]
    uncertainty: np.ndarray


Results = dict[str, dict[str, Episodes]]


def evaluation_world(config: EnvConfig) -> EnvConfig:
    """Return a world as agents are judged in it: no pessimism, and the log's weather.

    It is the same for every agent. Where the log lost the weather, the simulator has the
    true one and the dream draws it.
    """
    return replace(config, pessimism=0.0, weather="log")


def run_episodes(
    agent: Agent,
    world: EnvConfig,
    starts: Starts,
    *,
    max_slots: int = 2000,
    dataset: Dataset | None = None,
) -> Episodes:
    """Run one agent in one world, one episode per start.

    An episode's person, day and noise come from its start alone, so that the world is
    the same whatever the chunks. An agent's own noise begins anew in every chunk.

    Args:
        agent: `env_overrides` are applied to the world.
        world: which environment, used as it is; see `evaluation_world`.
        starts: the episodes.
        max_slots: more episodes than that run one chunk after the other.
        dataset: a data set object in place of `world.dataset`.
    """
    config = with_overrides(world, agent.env_overrides)
    return run_chunks(
        agent,
        lambda slots: make_vector_env(
            config, slots, autoreset=AutoresetMode.NEXT_STEP, dataset=dataset
        ),
        starts,
        max_slots,
    )


def run_chunks(
    agent: Agent,
    make: Callable[[int], Vector],
    starts: Starts,
    max_slots: int,
) -> Episodes:
    """Run one agent, one episode per start, in environments of at most `max_slots` slots.

    Args:
        agent: who acts.
        make: an environment of so many slots, with AutoresetMode.NEXT_STEP.
        starts: the episodes.
        max_slots: see `run_episodes`.

    Raises:
        ConfigError: no starts or no slots.
    """
    if max_slots < 1 or len(starts) == 0:
        raise ConfigError(
            "at least one start and max_slots >= 1",
            f"{len(starts)} starts, max_slots={max_slots}",
            "Raise them.",
        )
    chunks = []
    for begin in range(0, len(starts), max_slots):
        part = starts.part(slice(begin, begin + max_slots))
        env = make(len(part))
        try:
            chunks.append(_run_chunk(agent, env, part))
        finally:
            env.close()
    return _join(chunks)


def _run_chunk(agent: Agent, env: Vector, starts: Starts) -> Episodes:
    slots = len(starts)
    if isinstance(agent, SituatedAgent):
        agent.enter(cast(VectorEnv, env.unwrapped))
    agent.reset(slots)
    observations, _ = env.reset(**starts.reset_arguments())
    returns, uncertainty = np.zeros(slots), np.zeros(slots)
    components: dict[str, np.ndarray] = {}
    lengths = np.zeros(slots, dtype=int)
    alive = np.ones(slots, dtype=bool)
    while alive.any():
        observations, rewards, terminated, truncated, info = env.step(agent.act(observations))
        returns += alive * rewards
        uncertainty += alive * info["uncertainty"]
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


def _join(chunks: list[Episodes]) -> Episodes:
    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(chunk, name) for chunk in chunks])

    return Episodes(
        users=joined("users"),
        days=joined("days"),
        returns=joined("returns"),
        lengths=joined("lengths"),
        components={
            name: np.concatenate([chunk.components[name] for chunk in chunks])
            for name in chunks[0].components
        },
        uncertainty=joined("uncertainty"),
    )


def run_paired(
    agents: Mapping[str, Agent],
    worlds: Mapping[str, EnvConfig],
    starts: Starts,
    *,
    max_slots: int = 2000,
    dataset: Dataset | None = None,
    progress: Callable[[int], object] | None = None,
) -> Results:
    """Run every agent in every world on the same starts.

    Args:
        agents: by the name they have in tables.
        worlds: by name; used as judged worlds, see `evaluation_world`.
        starts: the episodes.
        max_slots: see `run_episodes`.
        dataset: a data set object in place of the worlds' `dataset`.
        progress: called with 1 after each agent in each world.

    Returns:
        results[world][agent]; an agent that does not know a world (the oracle outside the
        simulator) is not among its results.
    """
    results: Results = {}
    for world_name, config in worlds.items():
        results[world_name] = {}
        for agent_name, agent in agents.items():
            if not isinstance(agent, SituatedAgent) or agent.knows(config.id):
                results[world_name][agent_name] = run_episodes(
                    agent, evaluation_world(config), starts, max_slots=max_slots, dataset=dataset
                )
            if progress is not None:
                progress(1)
    return results
