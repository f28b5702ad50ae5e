"""Collected episodes as a Minari data set."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from human_wm_env.errors import ConfigError
from human_wm_env.vector_dream.episodes import EpisodeLog
from human_wm_env.vector_dream.task import make_real


def write_minari(log: EpisodeLog, name: str, *, algorithm: str) -> str:
    """Write episodes into the folder of Minari, with actions as the environment takes them.

    Args:
        log: episodes.
        name: of the data set, such as pendulum/random-v0.
        algorithm: what acted.

    Returns:
        The name.

    Raises:
        ConfigError: Minari is not installed, refuses the name, or has such a data set.
    """
    minari = import_minari()
    task = log.task
    env = make_real(task.env_id, task.kwargs)
    try:
        minari.create_dataset_from_buffers(
            name,
            buffer=[_buffer(log, number) for number in range(len(log.episodes))],
            env=env,
            algorithm_name=algorithm,
            author="HumanWM",
        )
    except (ValueError, AssertionError) as error:
        raise ConfigError(
            "the name of a new Minari data set", str(error), "Choose another minari=NAME."
        ) from error
    finally:
        env.close()
    return name


def import_minari() -> Any:
    """Return the library, or raise a ConfigError that says how it comes."""
    try:
        return importlib.import_module("minari")
    except ModuleNotFoundError as error:
        raise ConfigError(
            "Minari, to write its data sets", "none", "pip install 'humanwm[minari]' brings it."
        ) from error


def _buffer(log: EpisodeLog, number: int) -> Any:
    episode = log.episodes[number]
    ends = np.zeros((2, len(episode)), dtype=bool)
    # Minari has no episode that just stops: the last ones count as truncated.
    ends[:, -1] = episode.terminated, not episode.terminated
    return importlib.import_module("minari.data_collector").EpisodeBuffer(
        id=number,
        observations=episode.observations,
        actions=log.task.action.to_env(episode.actions),
        rewards=episode.rewards.tolist(),
        terminations=ends[0].tolist(),
        truncations=ends[1].tolist(),
    )
