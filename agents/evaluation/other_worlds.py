"""Judge agents in worlds that are not of people, on the same seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from gymnasium.vector import AutoresetMode

from agents.baselines import RandomAgent
from agents.env_config import GymEnvConfig, Vector, make_vector_env
from agents.evaluation.bootstrap_intervals import Bootstrap, clustered_interval, paired_interval
from agents.protocol import Agent, Plain, SituatedAgent
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.symbolic.symbolic_world import References, SymbolicWorld


@dataclass(frozen=True)
class Judged:
    """What an agent reached, an entry per episode.

    Attributes:
        returns: float64 (episodes,).
        successes: rewarded decisions, float64 (episodes,); None where the world tells none.
        decisions: of an episode, at which a success is possible.
    """

    returns: np.ndarray
    successes: np.ndarray | None
    decisions: int

    @property
    def success_rate(self) -> float | None:
        """Share of the decisions that succeeded."""
        return None if self.successes is None else float(self.successes.mean() / self.decisions)


def symbolic_world(env: Vector) -> SymbolicWorld | None:
    """Return the symbolic world that an environment steps, if it is one."""
    world = getattr(env.unwrapped, "world", None)
    return world if isinstance(world, SymbolicWorld) else None


def references_of(config: GymEnvConfig) -> References | None:
    """Return the computed returns of a symbolic world without masking; None for others."""
    env = make_vector_env(config, 1, autoreset=AutoresetMode.NEXT_STEP)
    try:
        world = symbolic_world(env)
        return None if world is None or world.masking else world.references()
    finally:
        env.close()


def judge(agent: Agent, config: GymEnvConfig, *, episodes: int, seed: int) -> Judged:
    """Run an agent for one episode in each of so many slots.

    Args:
        agent: who acts.
        config: where.
        episodes: at least 1.
        seed: of the episodes.
    """
    env = make_vector_env(config, episodes, autoreset=AutoresetMode.NEXT_STEP)
    try:
        if isinstance(agent, SituatedAgent):
            agent.enter(cast(VectorEnv, env.unwrapped))
        agent.reset(episodes)
        observed, _ = env.reset(seed=seed)
        returns, successes = np.zeros(episodes), np.zeros(episodes)
        alive, told = np.ones(episodes, dtype=bool), False
        while alive.any():
            observed, rewards, terminated, truncated, info = env.step(agent.act(observed))
            returns += alive * rewards
            if "success" in info:
                told = True
                successes += alive * info["success"]
            alive &= ~(terminated | truncated)
        world = symbolic_world(env)
        return Judged(returns, successes if told else None, 1 if world is None else world.decisions)
    finally:
        env.close()


def compare(
    agents: Mapping[str, Agent],
    config: GymEnvConfig,
    *,
    episodes: int,
    seed: int,
    bootstrap: Bootstrap,
) -> dict[str, Plain]:
    """Judge agents and random actions on the same episodes.

    Returns:
        For each agent: interval of its return, difference to random actions, success rate.
    """
    env = make_vector_env(config, 1, autoreset=AutoresetMode.NEXT_STEP)
    space = env.single_action_space
    env.close()
    everyone: dict[str, Agent] = {**agents, "random": RandomAgent(seed, space)}
    judged = {
        name: judge(agent, config, episodes=episodes, seed=seed) for name, agent in everyone.items()
    }
    each = np.arange(episodes)
    found: dict[str, Plain] = {}
    for name, result in judged.items():
        found[name] = {"return": clustered_interval(result.returns, each, bootstrap).plain()}
        if name != "random":
            over = paired_interval(result.returns, judged["random"].returns, each, bootstrap)
            found[name]["over_random"] = over.plain()
        if result.success_rate is not None:
            found[name]["success_rate"] = result.success_rate
    return found
