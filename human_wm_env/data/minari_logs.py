"""Logs as a Minari data set, for offline learning, and back without a loss."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.logs_file import read_logs
from human_wm_env.errors import ConfigError, DataError, LogWarning
from human_wm_env.extras import extras_named
from human_wm_env.person import actions, observations, rewards, schema

DREAM = "HumanWM-v0"
_NEEDED = [*schema.ACTION_FEATURES, *schema.STATE_FEATURES]  # of a day with a reward
_ABOUT = (
    "Logged days. Action and reward of a day are complete where infos.complete is true; masked "
    "entries of an action are 0, and the reward of a day that is not complete is 0. infos.row and "
    "infos.observed are the days themselves, from the one before the first action on."
)


def write_minari(
    logs: LogDataset | str | Path | Mapping[str, Any], name: str, *, complete: bool = False
) -> Any:
    """Write logs into the folder of Minari, a person an episode.

    Observations, actions and rewards are those of the environments of people: what was known on
    the eve of a day, the day as an action, and what it would have earned. The baseline of the
    reward is that of the whole log. The last day is a truncation.

    Args:
        logs: a data set, or what `gym.make` takes as `dataset`: the path of a CSV or of a folder
            of imported logs, or a mapping of path and options; then the data set's environment is
            the dream of these people.
        name: of the data set, such as humanwm/mine-v0.
        complete: leave out days whose action or reward is not complete: each run of complete
            days is an episode of its own. Without it, `read_minari` gives the same logs back.

    Returns:
        The `minari.MinariDataset`.

    Raises:
        MissingExtraError: Minari is not installed.
        ConfigError: Minari refuses the name, or has such a data set.
        DataError: there are no two consecutive (complete) days.
    """
    check_minari()  # before the logs are read
    spec = None
    if not isinstance(logs, LogDataset):
        spec = _spec_of(logs)
        logs = read_logs(logs)
    stretches = list(_stretches(logs, complete))
    if not stretches:
        raise DataError(
            f"two consecutive {'complete ' if complete else ''}days of somebody",
            f"none in {logs.name}",
            "Write all days with complete=False, where the logs have any."
            if complete
            else "Log another day.",
        )
    short = int((logs.days_logged < 2).sum())
    if short and not complete:
        warnings.warn(
            f"{logs.name}: {short} people with a single day are left out: a day before it and an "
            "action are needed.",
            LogWarning,
            stacklevel=2,
        )
    return create_data_set(
        name,
        (_episode(logs, *stretch) for stretch in stretches),
        [_facts(logs, user, begin) for user, begin, _ in stretches],
        env=spec,
        observation_space=observations.flat_space(),
        action_space=actions.action_space(),
        algorithm_name="logged",
        description=_ABOUT,
    )


def create_data_set(
    name: str,
    episodes: Iterable[Mapping[str, Any]],
    facts: Sequence[dict[str, Any]],
    **described: Any,
) -> Any:
    """Write a Minari data set of whole episodes.

    Args:
        name: of the data set.
        episodes: of each, the fields of Minari's `EpisodeBuffer`.
        facts: of each, plain values for its metadata.
        described: arguments of `minari.create_dataset_from_buffers`.

    Raises:
        MissingExtraError: Minari is not installed.
        ConfigError: Minari refuses the name, or has such a data set.
    """
    minari = check_minari()
    buffers = [
        minari.data_collector.EpisodeBuffer(id=number, **one) for number, one in enumerate(episodes)
    ]
    try:
        with warnings.catch_warnings():
            # Of an address to write to, a page of code, an environment to be judged in.
            warnings.filterwarnings("ignore", category=UserWarning, module=r"minari\.")
            found = minari.create_dataset_from_buffers(
                name, buffer=buffers, author="HumanWM", **described
            )
    except (ValueError, AssertionError) as error:
        raise ConfigError(
            "the name of a new Minari data set, such as humanwm/mine-v0",
            f"{name!r} ({error})",
            "Choose another name.",
        ) from error
    found.storage.update_episode_metadata(facts, range(len(buffers)))
    return found


def read_minari(name: str | Any) -> LogDataset:
    """Return the logs of a Minari data set that `write_minari` wrote, days, masks and splits.

    Args:
        name: of the data set in the folder of Minari, or a `minari.MinariDataset`.

    Raises:
        MissingExtraError: Minari is not installed.
        DataError: there is no such data set, or it is of something else.
    """
    try:
        given, episodes, facts = load_data_set(name)
        rows = [np.asarray(one.infos["row"]) for one in episodes]
        seen = [np.asarray(one.infos["observed"], dtype=bool) for one in episodes]
        people = [str(each["user_id"]) for each in facts]
        starts = [(int(each["weekday"]), int(each["date"])) for each in facts]
        splits = tuple(str(each["split"]) for each in facts)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise DataError(
            "a Minari data set that human_wm_env.write_minari wrote",
            f"{name} ({type(error).__name__}: {error})",
            "Write it again, or name another one.",
        ) from error
    if len(set(people)) < len(people):
        raise DataError(
            "an episode a person",
            f"{len(people)} episodes of {len(set(people))} people",
            "It was written with complete=True, which leaves days out: write it without.",
        )
    days = max(map(len, rows), default=0)
    values = np.zeros((len(rows), days, schema.FEATURE_COUNT), np.float32)
    observed = np.zeros(values.shape, bool)
    for user, (row, mask) in enumerate(zip(rows, seen, strict=True)):
        values[user, : len(row)], observed[user, : len(row)] = row, mask
    weekday, date = np.array(starts, np.int64).reshape(-1, 2).T
    logs = LogDataset.from_arrays(
        values,
        observed,
        user_ids=people,
        start_weekday=weekday,
        days_logged=np.array([len(row) for row in rows]),
        start_date=date if (date > 0).all() else None,
        name=str(given.spec.dataset_id),
    )
    return replace(logs, split_of=splits)


def check_minari() -> Any:
    """Return the library.

    Raises:
        MissingExtraError: it is not installed.
    """
    with extras_named("minari"):
        import minari
        import minari.data_collector

    return minari


def load_data_set(name: str | Any) -> tuple[Any, list[Any], list[Mapping[str, Any]]]:
    """Return a data set, its episodes and what is said of each of them."""
    minari = check_minari()
    given = minari.load_dataset(name) if isinstance(name, str) else name
    episodes = list(given.iterate_episodes())
    return given, episodes, list(given.storage.get_episode_metadata([one.id for one in episodes]))


def _spec_of(logs: str | Path | Mapping[str, Any]) -> Any:
    """Return the dream of the people of a file; None for what a spec cannot name."""
    named = str(logs) if isinstance(logs, str | Path) else dict(logs)
    if isinstance(named, dict) and not all(isinstance(one, str | int) for one in named.values()):
        return None
    spec = gym.spec(DREAM)
    spec.kwargs = {**spec.kwargs, "dataset": named, "split": "all"}
    return spec


def _stretches(logs: LogDataset, complete: bool) -> Iterator[tuple[int, int, int]]:
    """Yield person, first and last day of the rows of each episode.

    The first row is what its first action knew; at least one day follows.
    """
    for user, length in enumerate(logs.days_logged.tolist()):
        observed = logs.observed[user, :length]
        whole = observed[:, _NEEDED].all(axis=1) | np.array(not complete)
        ends = np.flatnonzero(np.diff(np.concatenate([[False], whole[1:], [False]]).astype(int)))
        for begin, end in ends.reshape(-1, 2).tolist():
            yield user, begin, end


def _episode(logs: LogDataset, user: int, begin: int, end: int) -> dict[str, Any]:
    """Return the observations before and after each action, actions, rewards, ends and infos."""
    log = logs.history(user, int(logs.days_logged[user]))
    days = slice(begin, end + 1)
    rows, observed, weekday = log.rows[days], log.observed[days], log.weekday[days].astype(int)
    steps = len(rows) - 1
    weather = np.where(
        observed[:, schema.WEATHER], rows[:, schema.WEATHER], schema.UNKNOWN_CATEGORY
    )
    seen = observations.build(
        rows,
        observed,
        np.where(weekday < 0, -1, (weekday + 1) % schema.DAYS_PER_WEEK),
        np.append(weather[1:], schema.UNKNOWN_CATEGORY).astype(np.intp),
        np.arange(len(rows)),
        max(steps, 1),
    )
    complete = observed[:, _NEEDED].all(axis=1)
    earned = np.zeros(len(rows))
    if complete.any():
        weights = np.array([rewards.DEFAULT_WEIGHTS[name] for name in rewards.COMPONENTS])
        earned[complete] = rewards.components(rows[complete], rewards.baseline_of(log)) @ weights
    return {
        "observations": seen,
        "actions": _actions(rows[1:], observed[1:]),
        "rewards": earned[1:].tolist(),
        "terminations": [False] * steps,
        "truncations": [False] * (steps - 1) + [True],
        "infos": {"row": rows, "observed": observed, "complete": complete},
    }


def _actions(rows: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return days as actions, float32 (days, 7); masked entries are 0, as usual."""
    usual = actions.decode(np.zeros((1, actions.ACTION_WIDTH), np.float32))
    asked = actions.encode(np.where(observed, rows, usual).astype(np.float32))
    seen = observed[:, list(schema.ACTION_FEATURES)]
    return np.where(seen, asked, 0.0).astype(np.float32)


def _facts(logs: LogDataset, user: int, begin: int) -> dict[str, str | int]:
    """Return what is said of an episode beside its days."""
    date = None if logs.start_date is None else int(logs.start_date[user]) + begin
    return {
        "user_id": logs.user_ids[user],
        "first_day": begin,
        "date": 0 if date is None else date,
        "weekday": int(logs.weekday[user, begin]),
        "split": logs.split_of[user],
    }
