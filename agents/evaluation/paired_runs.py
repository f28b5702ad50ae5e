"""Run agents on the same people, days and seeds, so that they can be compared in pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

import numpy as np
from gymnasium.vector import AutoresetMode

from agents.env_config import EnvConfig, Vector, make_vector_env, with_overrides
from agents.episode_starts import Starts
from agents.protocol import Agent, SituatedAgent
from agents.rollout import Episodes, run_to_the_end
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import Dataset

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
            if isinstance(agent, SituatedAgent):
                agent.enter(cast(VectorEnv, env.unwrapped))
            agent.reset(len(part))
            chunks.append(run_to_the_end(env, part, agent.act))
        finally:
            env.close()
    return _join(chunks)


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
        executed={
            name: np.concatenate([chunk.executed[name] for chunk in chunks])
            for name in chunks[0].executed
        },
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
