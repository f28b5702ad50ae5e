"""The 125 imagined futures of each of many people."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError
from human_wm_env.model.branches import BRANCHES
from human_wm_env.person import schema
from human_wm_env.random_streams import Stream
from human_wm_env.runtime.world_model import ModelSource, load_world_model
from human_wm_env.settings import seed_number, whole_number
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.starts import PersonStart

# Enough that NumPy's loops, which run side by side, outweigh its calls, which do not; few
# enough that a day's arrays stay in the cache.
PEOPLE_TOGETHER = 8


def imagine_population(
    dataset: LogDataset,
    day: int,
    *,
    users: np.ndarray | None = None,
    world_model: ModelSource = None,
    horizon: int = 30,
    temperature: float = 1.0,
    seed: int = 0,
    threads: int = 2,
) -> np.ndarray:
    """Imagine the 125 crossed futures of many people who follow their own habits.

    The futures of the first, second, ... person are groups 0, 1, ... of a VectorEnv of 125
    slots a person with the same seed.

    Args:
        dataset: the logs.
        day: the first imagined day of all people; only rows before it are read.
        users: int (people,), positions in the data set; None takes all of them.
        world_model: checkpoint folder; None means the bundled one.
        horizon: imagined days.
        temperature: tau of the dream.
        seed: of latents and noise.
        threads: that imagine at the same time; the result does not depend on it.

    Returns:
        float32 (people, 125, horizon, 10), raw rows, nothing masked.

    Raises:
        ConfigError: no days or threads, a negative temperature or seed, or users that are no
            positions in the data set.
        DataError: a day outside a person's log, or too little history.
        CheckpointError: see `model.checkpoint.load_checkpoint`.
    """
    people = np.arange(dataset.users) if users is None else _positions(dataset, users)
    if whole_number(threads, "threads") < 1:
        raise ConfigError("at least 1 thread", f"threads={threads}", "Raise it.")
    seed = seed_number(seed, "seed")
    runtime = load_world_model(world_model)
    threads = max(1, min(threads, -(-len(people) // PEOPLE_TOGETHER)))
    # A world of each thread: what they keep of people is not for several of them.
    worlds = [
        DreamWorld(
            runtime,
            dataset,
            split="all",
            horizon=horizon,
            adherence=0.0,
            temperature=temperature,
            masking="none",
        )
        for _ in range(threads)
    ]
    options = {"day": day}
    drawn = [PersonStart(user, 0, 0) for user in people.tolist()]
    starts = worlds[0].start_from([options] * len(drawn), drawn)
    rows = np.empty((len(people), BRANCHES, horizon, schema.FEATURE_COUNT), dtype=np.float32)

    def imagine(thread: int) -> None:
        for first in range(thread * PEOPLE_TOGETHER, len(people), threads * PEOPLE_TOGETHER):
            groups = range(first, min(first + PEOPLE_TOGETHER, len(people)))
            slots = [
                PersonStart(starts[group].user, starts[group].day, branch)
                for group in groups
                for branch in range(BRANCHES)
            ]
            streams = [
                Stream((seed, group, 0), (seed, group * BRANCHES + branch, 0))
                for group in groups
                for branch in range(BRANCHES)
            ]
            imagined = habitual_days(worlds[thread], slots, streams)
            rows[first : groups.stop] = imagined.reshape(len(groups), BRANCHES, horizon, -1)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(imagine, range(threads)))
    return rows


def habitual_days(
    world: DreamWorld, starts: Sequence[PersonStart], streams: Sequence[Stream]
) -> np.ndarray:
    """Let people follow their habits for a whole episode.

    Args:
        world: with adherence 0.
        starts: of the slots.
        streams: of the same.

    Returns:
        float32 (slots, horizon, 10), raw rows, nothing masked.
    """
    state = world.first_state(starts, streams)
    rows = np.empty((len(starts), world.horizon, schema.FEATURE_COUNT), dtype=np.float32)
    for elapsed in range(world.horizon):
        state = world.follow_habits(state)
        rows[:, elapsed] = state.row
    return rows


def _positions(dataset: LogDataset, users: np.ndarray) -> np.ndarray:
    """Return positions in the data set, int (people,), or raise ConfigError."""
    given = np.asarray(users)
    if given.ndim != 1 or not (given.size == 0 or np.issubdtype(given.dtype, np.integer)):
        raise ConfigError(
            "users as whole numbers in one row, positions in the data set",
            f"{given.dtype} of shape {given.shape}",
            "LogDataset.index_of turns an id into a position.",
        )
    outside = given[(given < 0) | (given >= dataset.users)]
    if outside.size:
        raise ConfigError(
            f"users from 0 to {dataset.users - 1}, positions in the data set",
            f"{outside[0]}",
            "Count from 0; LogDataset.index_of turns an id into a position.",
        )
    return given.astype(np.intp)
