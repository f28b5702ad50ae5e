"""Windows of logged days as an agent would have seen them, for off-policy evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from agents.episode_starts import Starts
from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import actions, observations, rewards, schema
from human_wm_env.person_context import PosteriorMeans
from human_wm_env.worlds.replay import ReplayWorld
from human_wm_env.worlds.starts import PersonStart

DECIDED = [*schema.ACTION_FEATURES, *schema.STATE_FEATURES]


@dataclass(frozen=True)
class LoggedWindows:
    """Windows of equal length; a day counts as complete where action and state were logged.

    Attributes:
        users: person of each window, (windows,).
        observations: float32 (windows, days + 1, observations.WIDTH), each before its day.
        contexts: float32 (windows, latents), posterior means before the first day.
        actions: float32 (windows, days, 7), what was done; of no meaning where not complete.
        rows: float32 (windows, days, 10), as logged.
        observed: bool (windows, days, 10), their mask.
        rewards: float64 (windows, days), 0 where not complete.
        complete: bool (windows, days).
        starts: person and first day of each window.
        weekday: int (windows, days).
        reward_range: lowest and highest reward of a day, by the weights of its components.
    """

    users: np.ndarray
    observations: np.ndarray
    contexts: np.ndarray
    actions: np.ndarray
    rows: np.ndarray
    observed: np.ndarray
    rewards: np.ndarray
    complete: np.ndarray
    starts: tuple[PersonStart, ...]
    weekday: np.ndarray
    reward_range: tuple[float, float] = (0.0, 1.0)

    @property
    def days(self) -> int:
        """Length of the windows."""
        return self.rewards.shape[1]

    def seen(self, context: bool) -> np.ndarray:
        """Return what an agent sees, (windows, days + 1, width), with or without the person."""
        if not context:
            return self.observations
        wide = np.repeat(self.contexts[:, None], self.days + 1, axis=1)
        return np.concatenate([self.observations, wide], axis=2)


def cut_windows(
    dataset: LogDataset,
    starts: Starts,
    days: int,
    *,
    world_model: str | None = None,
    reward_weights: Mapping[str, float] | None = None,
) -> LoggedWindows:
    """Cut the log after each start into a window, and see it as an agent would have.

    The reward is that of the environments, on the days on which it is known.

    Args:
        dataset: the log.
        starts: person and first day of each window.
        days: length, inside the log.
        world_model: encodes the person context; None is the bundled one.
        reward_weights: overrides of single component weights.
    """
    users = np.array([dataset.index_of(user) for user in starts.users])
    rows, observed, weekday = dataset.windows(users, starts.days - 1, days + 1)
    where = tuple(PersonStart(int(u), int(d), 0) for u, d in zip(users, starts.days, strict=True))
    replay = ReplayWorld(dataset, split="all", horizon=days)
    complete = np.asarray(observed[:, 1:, DECIDED].all(axis=2))
    weather = np.where(
        observed[:, 1:, schema.WEATHER], rows[:, 1:, schema.WEATHER], schema.UNKNOWN_CATEGORY
    ).astype(np.intp)
    views = []
    for day in range(days + 1):
        following = min(day, days - 1)  # the weather after the window is not looked up
        weekday_to_come = np.where(
            weekday[:, day] < 0, -1, (weekday[:, day].astype(int) + 1) % schema.DAYS_PER_WEEK
        )
        views.append(
            observations.build(
                rows[:, day],
                observed[:, day],
                weekday_to_come,
                weather[:, following],
                np.full(len(users), day),
                days,
            )
        )
    weights = {**rewards.DEFAULT_WEIGHTS, **(reward_weights or {})}
    factors = np.array([weights[name] for name in rewards.COMPONENTS])
    earned = np.zeros((len(users), days))
    for window, start in enumerate(where):
        known = complete[window]
        if known.any():
            baseline = rewards.baseline_of(replay.history_of(start))
            earned[window, known] = rewards.components(rows[window, 1:][known], baseline) @ factors
    rows_done = np.maximum(rows[:, 1:], 0.0).reshape(-1, schema.FEATURE_COUNT)
    return LoggedWindows(
        users=starts.users,
        observations=np.stack(views, axis=1),
        contexts=PosteriorMeans(replay, world_model, "frozen").of_starts(list(where)),
        actions=actions.encode(rows_done).reshape(len(users), days, -1),
        rows=rows[:, 1:],
        observed=observed[:, 1:],
        rewards=earned,
        complete=complete,
        starts=where,
        weekday=weekday[:, 1:],
        # Each component is in [0, 1].
        reward_range=(
            float(np.minimum(factors, 0.0).sum()),
            float(np.maximum(factors, 0.0).sum()),
        ),
    )
