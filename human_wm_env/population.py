"""The 125 imagined futures of each of many people, in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.model.branches import BRANCHES, BRANCHES_PER_BLOCK, crossed_indices
from human_wm_env.model.memory import Memory
from human_wm_env.person import schema
from human_wm_env.person.noise import FIRST_WEATHER, NEXT_WEATHER
from human_wm_env.person.weather_chain import WeatherChain
from human_wm_env.random_streams import FOR_LATENTS, FOR_NOISE, generators
from human_wm_env.runtime.dream_step import NORMAL_COLUMNS, UNIFORM_COLUMNS
from human_wm_env.runtime.rollout import BulkDream, BulkEve, BulkNoise
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.start_options import (
    MIN_HISTORY_DAYS,
    check_history,
    whole_number,
)

# Enough that NumPy's loops, which run side by side, outweigh its calls, which do not; few
# enough that a day's arrays stay in the cache.
PEOPLE_TOGETHER = 8


def imagine_population(
    dataset: LogDataset,
    day: int,
    *,
    users: np.ndarray | None = None,
    world_model: Any = None,
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
        day: the first imagined day of everybody; only rows before it are read.
        users: int (people,), positions in the data set; None takes everybody.
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
        DataError: a day outside somebody's log, or too little history.
        CheckpointError: see `runtime.checkpoint.load_checkpoint`.
    """
    from human_wm_env.runtime.world_model import load_world_model

    everybody = np.arange(dataset.users) if users is None else _positions(dataset, users)
    if whole_number(threads, "threads") < 1:
        raise ConfigError("at least 1 thread", f"threads={threads}", "Raise it.")
    if whole_number(seed, "seed") < 0:
        raise ConfigError("a seed of at least 0", f"seed={seed}", "Take another one.")
    _check(dataset, everybody, day, horizon, temperature)
    runtime = load_world_model(world_model)
    dream = BulkDream(runtime, float(temperature))
    sky = WeatherChain(runtime.checkpoint.weather_transitions)
    rows = np.empty((len(everybody), BRANCHES, horizon, schema.FEATURE_COUNT), dtype=np.float32)

    def imagine(first: int) -> None:
        some = slice(first, min(first + PEOPLE_TOGETHER, len(everybody)))
        histories = [dataset.history(int(user), day) for user in everybody[some]]
        posterior, remembered = runtime.encode(histories)
        mine = np.repeat(np.arange(len(histories)), BRANCHES)
        groups = range(some.start, some.stop)
        latents = _crossed(seed, groups, runtime.architecture.blocks)
        latents *= posterior.sd[mine]
        latents += posterior.mean[mine]
        known = np.stack([history.observed[-1] for history in histories])
        last = np.stack([history.rows[-1] for history in histories])
        weekday = np.array([int(history.weekday[-1]) for history in histories])
        eve = BulkEve(
            encoded=schema.encode_rows(last, known)[mine],
            known=known[mine],
            memory=Memory(remembered.total[mine], remembered.weight[mine]),
            weekday=np.where(weekday < 0, -1, (weekday + 1) % schema.DAYS_PER_WEEK)[mine],
        )
        weather = np.where(known[:, schema.WEATHER], last[:, schema.WEATHER], -1).astype(np.intp)
        noise = _noise(seed, groups, horizon, sky, weather[mine])
        for late, lived in enumerate(dream.days(latents, eve, noise)):
            rows[some, :, late] = lived.T.reshape(len(histories), BRANCHES, -1)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(imagine, range(0, len(everybody), PEOPLE_TOGETHER)))
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


def _check(
    dataset: LogDataset, users: np.ndarray, day: int, horizon: int, temperature: float
) -> None:
    """Raise where a `DreamWorld` would: it knows more, and takes longer."""
    if whole_number(horizon, "horizon") < 1:
        raise ConfigError("a horizon of at least 1 day", f"{horizon}", "Raise it.")
    if not (np.isfinite(temperature) and temperature >= 0.0):
        raise ConfigError(
            "temperature >= 0", f"{temperature}", "1 is the model's own noise, 0 is none."
        )
    whole_number(day, "day")
    for user in users.tolist():
        logged = int(dataset.days_logged[user])
        if not MIN_HISTORY_DAYS <= day <= logged:
            raise DataError(
                f"a start day from {MIN_HISTORY_DAYS} (enough history) to {logged} for user "
                f"{dataset.user_ids[user]!r}",
                f"day {day}",
                "Choose a day in that range, or leave this person out.",
            )
        check_history(dataset.history(user, day))


def _crossed(seed: int, groups: range, blocks: dict[str, slice]) -> np.ndarray:
    """Draw standard normal latents, five of each block per group, crossed; see `DreamWorld`.

    Returns:
        float32 (groups * 125, latents).
    """
    size, width = BRANCHES_PER_BLOCK, max(part.stop for part in blocks.values())
    fives = np.empty((len(groups), size, width), dtype=np.float32)
    keys = [(seed, group, 0) for group in groups]
    for rng, five in zip(generators(keys, FOR_LATENTS), fives, strict=True):
        rng.standard_normal(dtype=np.float32, out=five)
    latents = np.empty((len(groups), BRANCHES, width), dtype=np.float32)
    for block, pick in crossed_indices().items():
        latents[..., blocks[block]] = fives[:, pick, blocks[block]]
    return latents.reshape(-1, width)


def _noise(
    seed: int, groups: range, horizon: int, sky: WeatherChain, weather: np.ndarray
) -> Iterator[BulkNoise]:
    """Draw everybody's noise of whole episodes as `DreamWorld` does, and deal it out by days.

    Args:
        seed: of everything.
        groups: one per person.
        horizon: days.
        sky: draws the weather.
        weather: int (slots,), of the eve, -1 if unknown.
    """
    slots = len(groups) * BRANCHES
    normal = np.empty((slots, horizon, DreamWorld.normals), dtype=np.float32)
    uniform = np.empty((slots, horizon, DreamWorld.uniforms), dtype=np.float32)
    numbers = range(groups.start * BRANCHES, groups.stop * BRANCHES)
    keys = [(seed, number, 0) for number in numbers]
    for slot, rng in enumerate(generators(keys, FOR_NOISE)):
        rng.standard_normal(dtype=np.float32, out=normal[slot])
        rng.random(dtype=np.float32, out=uniform[slot])
    weather = sky.next(weather, uniform[:, 0, FIRST_WEATHER])
    for day in range(horizon):
        today_normal, today_uniform = (
            np.ascontiguousarray(part[:, day].T) for part in (normal, uniform)
        )
        yield BulkNoise(
            habit_normal=today_normal[NORMAL_COLUMNS["habit"]],
            habit_uniform=today_uniform[UNIFORM_COLUMNS["habit"]],
            state_normal=today_normal[NORMAL_COLUMNS["state"]],
            state_uniform=today_uniform[UNIFORM_COLUMNS["state"]],
            weather=weather,
        )
        weather = sky.next(weather, today_uniform[NEXT_WEATHER])
