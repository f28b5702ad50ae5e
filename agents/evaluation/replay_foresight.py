"""Agents in the replay of the log: how well they foresee what people did, never what it is worth.

The log advances whatever an agent chooses, so that its returns are no returns of the agent's:
they are reported apart, and pooled with those of no other world.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import gymnasium as gym
from gymnasium.vector import AutoresetMode

from agents.env_config import EnvConfig, Vector, with_person_context
from agents.episode_starts import Starts
from agents.evaluation.bootstrap_intervals import Bootstrap, clustered_interval, paired_interval
from agents.evaluation.paired_runs import run_chunks
from agents.protocol import Agent, Plain, SituatedAgent
from agents.rollout import Episodes
from human_wm_env.people.embedded import Dataset

REPLAY_ID = "HumanWMReplay-v0"
CHANCE = "random"


def foresees(agent: Agent) -> bool:
    """Say whether an agent's days can be held against the log: habit chooses none."""
    knows = not isinstance(agent, SituatedAgent) or agent.knows(REPLAY_ID)
    return knows and "adherence" not in agent.env_overrides


def run_replay(
    agents: Mapping[str, Agent],
    world: EnvConfig,
    starts: Starts,
    *,
    max_slots: int = 2000,
    dataset: Dataset | None = None,
    progress: Callable[[int], object] | None = None,
) -> dict[str, Episodes]:
    """Run agents through the logged days after each start.

    Args:
        agents: by name; those that `foresees` refuses are left out.
        world: data set and horizon are read from it.
        starts: the episodes.
        max_slots: see `run_episodes`.
        dataset: a data set object in place of `world.dataset`.
        progress: called with 1 after each agent, also after one that was left out.
    """
    found = {}
    for name, agent in agents.items():
        if foresees(agent):
            found[name] = run_chunks(
                agent,
                lambda slots, agent=agent: _make(agent, world, slots, dataset),  # type: ignore[misc]
                starts,
                max_slots,
            )
        if progress is not None:
            progress(1)
    return found


def _make(agent: Agent, world: EnvConfig, slots: int, dataset: Dataset | None) -> Vector:
    env = gym.make_vec(
        REPLAY_ID,
        num_envs=slots,
        layout="people",
        autoreset_mode=AutoresetMode.NEXT_STEP,
        dataset=world.dataset if dataset is None else dataset,
        split="all",
        horizon=world.horizon,
    )
    return with_person_context(env, agent.env_overrides)


def summarise_foresight(
    replayed: Mapping[str, Episodes], bootstrap: Bootstrap | None = None
) -> dict[str, Plain]:
    """Return each agent's foresight, mean over the days, in [0, 1], as plain numbers.

    Args:
        replayed: of `run_replay`.
        bootstrap: settings of the intervals over people; None takes the defaults.

    Returns:
        By agent `foresight`, and `minus_random` where chance took part, paired.
    """
    found: dict[str, Plain] = {}
    for name, episodes in replayed.items():
        days, users = episodes.components["foresight"], episodes.users
        found[name] = {"foresight": clustered_interval(days, users, bootstrap).plain()}
        if CHANCE in replayed and name != CHANCE:
            chance = replayed[CHANCE].components["foresight"]
            found[name]["minus_random"] = paired_interval(days, chance, users, bootstrap).plain()
    return found
