"""Collected episodes as a Minari data set, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from human_wm_env.data.minari_logs import create_data_set, load_data_set
from human_wm_env.errors import DataError
from human_wm_env.vector_dream.episodes import Episode, EpisodeLog
from human_wm_env.vector_dream.task import Task, make_real

_CUT = "collection_stopped"


def write_episodes(log: EpisodeLog, name: str, *, algorithm: str) -> str:
    """Write episodes into the folder of Minari, with actions as the environment takes them.

    Args:
        log: episodes.
        name: of the data set, such as pendulum/random-v0.
        algorithm: what acted.

    Returns:
        The name.

    Raises:
        MissingExtraError: Minari is not installed.
        ConfigError: Minari refuses the name, or has such a data set.
    """
    env = make_real(log.task.env_id, log.task.kwargs)
    try:
        create_data_set(
            name,
            [_fields(log.task, each) for each in log.episodes],
            [{_CUT: not (each.terminated or each.truncated)} for each in log.episodes],
            env=env,
            algorithm_name=algorithm,
        )
    finally:
        env.close()
    return name


def read_episodes(name: str | Any) -> EpisodeLog:
    """Return the episodes of a Minari data set of an environment with vector observations.

    Args:
        name: of the data set in the folder of Minari, or a `minari.MinariDataset`.

    Raises:
        MissingExtraError: Minari is not installed.
        DataError: there is no such data set, or its environment is not known.
        ConfigError: observations are no vectors.
    """
    try:
        given, episodes, facts = load_data_set(name)
        spec = given.env_spec
        if spec is None:
            raise ValueError("it has no environment")
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise DataError(
            "a Minari data set with its environment",
            f"{name} ({type(error).__name__}: {error})",
            "See `minari list local`.",
        ) from error
    task = Task.of(spec.id, spec.kwargs)
    return EpisodeLog(
        task,
        tuple(
            Episode(
                np.asarray(one.observations, dtype=np.float32),
                task.action.from_env(one.actions),
                np.asarray(one.rewards, dtype=np.float64),
                bool(one.terminations[-1]),
                bool(one.truncations[-1]) and not said.get(_CUT, False),
            )
            for one, said in zip(episodes, facts, strict=True)
        ),
    )


def _fields(task: Task, episode: Episode) -> dict[str, Any]:
    ends = np.zeros((2, len(episode)), dtype=bool)
    # Minari has no episode that just stops: the last ones count as truncated.
    ends[:, -1] = episode.terminated, not episode.terminated
    return {
        "observations": episode.observations,
        "actions": task.action.to_env(episode.actions),
        "rewards": episode.rewards.tolist(),
        "terminations": ends[0].tolist(),
        "truncations": ends[1].tolist(),
    }
