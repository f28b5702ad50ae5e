"""Where episodes begin: people, days and seeds that every agent shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from agents.env_config import EnvConfig
from agents.protocol import Plain
from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.people.embedded import Dataset, EmbeddedPeople
from human_wm_env.registration import resolve_dataset
from human_wm_env.worlds.reset_options import MIN_HISTORY_DAYS


@dataclass(frozen=True)
class Starts:
    """One episode per entry.

    Attributes:
        users: user ids, str (episodes,).
        days: first day that is decided, int (episodes,).
        seeds: of latents and noise, int (episodes,), all different.
    """

    users: np.ndarray
    days: np.ndarray
    seeds: np.ndarray

    def __len__(self) -> int:
        return len(self.users)

    def part(self, chosen: slice | np.ndarray) -> Starts:
        """Return some of the episodes (repeats allowed)."""
        return Starts(self.users[chosen], self.days[chosen], self.seeds[chosen])

    def reset_arguments(self) -> Plain:
        """Return what `VectorEnv.reset` takes to begin these episodes, one a slot."""
        return {
            "seed": self.seeds.tolist(),
            "options": {"user": self.users.tolist(), "day": self.days.tolist()},
        }


@dataclass(frozen=True)
class SeededStarts(Starts):
    """Episodes of a world without people: their seeds alone say where they begin."""

    @classmethod
    def of(cls, episodes: int, seed: int) -> Self:
        """Draw the seeds of so many episodes."""
        seeds = np.random.SeedSequence([seed, 2]).generate_state(episodes).astype(np.int64)
        names = np.array([str(number) for number in range(episodes)])
        return cls(names, np.zeros(episodes, dtype=int), seeds)

    def part(self, chosen: slice | np.ndarray) -> SeededStarts:
        """Return some of the episodes (repeats allowed)."""
        return type(self)(self.users[chosen], self.days[chosen], self.seeds[chosen])

    def reset_arguments(self) -> Plain:
        """Return the seeds."""
        return {"seed": self.seeds.tolist()}


def draw_starts(
    env: EnvConfig,
    *,
    people: int | None,
    episodes_per_person: int,
    seed: int,
    min_history_days: int = MIN_HISTORY_DAYS,
    dataset: Dataset | None = None,
) -> Starts:
    """Draw people of the split `env.split`, and days with history before and log after them.

    Args:
        env: data set, split and horizon are read from it.
        people: how many, without repeats; None takes the whole split.
        episodes_per_person: >= 1.
        seed: of people, days and the episodes' seeds.
        min_history_days: days of log before each start.
        dataset: a data set object in place of `env.dataset`.

    Raises:
        ConfigError: no people or episodes are asked for.
        DataError: fewer people with long enough logs than asked for.
    """
    if episodes_per_person < 1 or (people is not None and people < 1):
        raise ConfigError(
            "at least 1 person and 1 episode per person",
            f"people={people}, episodes_per_person={episodes_per_person}",
            "Raise them; people=null takes all.",
        )
    logs = logs_of(env, dataset)
    first = max(min_history_days, MIN_HISTORY_DAYS)
    users = _long_enough(logs, env, first)
    wanted = len(users) if people is None else people
    if wanted > len(users):
        raise DataError(
            f"{wanted} people in split {env.split!r} with logs of at least "
            f"{first + env.horizon} days",
            f"{len(users)}",
            f"Ask for {len(users)} or none in particular (evaluation.people=null), for all people "
            "(evaluation.split=all), for a shorter horizon or less history.",
        )
    order = np.random.default_rng(np.random.SeedSequence([seed, 0])).permutation(users)
    return _starts(logs, np.repeat(np.sort(order[:wanted]), episodes_per_person), first, env, seed)


def spread_starts(
    env: EnvConfig, *, episodes: int, seed: int, dataset: Dataset | None = None
) -> Starts:
    """Draw so many episodes, spread over the people of the split as evenly as they can be.

    Raises:
        DataError: no person of the split has a long enough log.
    """
    logs = logs_of(env, dataset)
    users = _long_enough(logs, env, MIN_HISTORY_DAYS)
    order = np.random.default_rng(np.random.SeedSequence([seed, 0])).permutation(users)
    return _starts(logs, np.resize(order, episodes), MIN_HISTORY_DAYS, env, seed)


def logs_of(env: EnvConfig, dataset: Dataset | None = None) -> LogDataset:
    """Return the logs of an environment, or of a data set object in their place."""
    data = resolve_dataset(env.dataset if dataset is None else dataset)
    return data.dataset if isinstance(data, EmbeddedPeople) else data


def _long_enough(logs: LogDataset, env: EnvConfig, first: int) -> np.ndarray:
    users = logs.users_of(env.split)
    users = users[logs.days_logged[users] - env.horizon >= first]
    if len(users) == 0:
        raise DataError(
            f"people in split {env.split!r} with logs of at least {first + env.horizon} days",
            "none",
            "Ask for all people (split=all), for a shorter horizon or less history.",
        )
    return users


def _starts(logs: LogDataset, users: np.ndarray, first: int, env: EnvConfig, seed: int) -> Starts:
    for_days, for_seeds = np.random.SeedSequence([seed, 1]).spawn(2)
    last = logs.days_logged[users] - env.horizon
    return Starts(
        users=np.array([logs.user_ids[user] for user in users]),
        days=np.random.default_rng(for_days).integers(first, last + 1),
        seeds=for_seeds.generate_state(len(users)).astype(np.int64),
    )
