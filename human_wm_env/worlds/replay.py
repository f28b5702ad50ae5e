"""The logged data set as a world: the log advances whatever the agent does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import DataError
from human_wm_env.person import rewards, schema
from human_wm_env.person.actions import decode_day
from human_wm_env.person.noise import SHARED_UNIFORMS
from human_wm_env.random_streams import Stream
from human_wm_env.worlds.person_state import DayOutcome, PersonState
from human_wm_env.worlds.person_world import PersonWorld
from human_wm_env.worlds.starts import PersonStart
from human_wm_env.worlds.world import Options


@dataclass(frozen=True)
class NoState:
    """The replay keeps nothing: the log is all there is."""


class ReplayWorld(PersonWorld[NoState]):
    """Replay the logs. The reward is `foresight`, not comparable with the other worlds'.

    Args:
        dataset: the logs.
        split, horizon: see `PersonWorld`.
    """

    component_names: tuple[str, ...] = rewards.FORESIGHT
    default_weights: Mapping[str, float] = {"foresight": 1.0}
    needs_logged_future = True
    rewards_days = False
    normals = 0
    uniforms = SHARED_UNIFORMS

    def __init__(self, dataset: LogDataset, *, split: str = "train", horizon: int = 30) -> None:
        super().__init__(dataset, split=split, horizon=horizon, adherence=1.0)

    def start_from(
        self, options: Sequence[Options], drawn: Sequence[PersonStart]
    ) -> list[PersonStart]:
        """Apply reset options; a caller's history has no future to be replayed."""
        if any(one.get("history") is not None for one in options):
            raise DataError(
                "a person of the data set: the replay needs the days after the start",
                "a history given by the caller",
                "Use HumanWM-v0, or wrap the whole log in a LogDataset.",
            )
        return super().start_from(options, drawn)

    def begin(self, starts: Sequence[PersonStart], streams: Sequence[Stream]) -> NoState:
        """Return nothing to keep."""
        return NoState()

    def _logged(self, users: np.ndarray, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inside = np.minimum(days, self.dataset.days - 1)
        return self.dataset.rows[users, inside], self.dataset.observed[users, inside]

    def _weather(self, users: np.ndarray, days: np.ndarray) -> np.ndarray:
        rows, observed = self._logged(users, days)
        known = observed[:, schema.WEATHER] & (days < self.dataset.days_logged[users])
        return np.where(known, rows[:, schema.WEATHER], schema.UNKNOWN_CATEGORY).astype(np.intp)

    def first_forecast(self, starts: Sequence[PersonStart], uniform: np.ndarray) -> np.ndarray:
        """Return the logged weather of the start day."""
        users = np.array([start.user for start in starts])
        return self._weather(users, np.array([start.day for start in starts]))

    def advance(
        self, state: PersonState[NoState], action: np.ndarray | None
    ) -> DayOutcome[NoState]:
        """Take the next logged day."""
        row, observed = self._logged(state.user, state.day)
        return DayOutcome(
            row=row,
            encoded=schema.encode_rows(row, observed),
            observed=observed,
            uncertainty=np.zeros(len(row), dtype=np.float32),
            next_forecast=self._weather(state.user, state.day + 1),
            inner=state.inner,
        )

    def _components(
        self, today: DayOutcome[NoState], action: np.ndarray, of_day: np.ndarray
    ) -> np.ndarray:
        return rewards.foresight(decode_day(action).T, today.row, today.observed)
