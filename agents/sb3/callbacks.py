"""What happens beside a training by stable-baselines3: curves, progress, kept states."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter

from agents.protocol import Agent
from agents.sb3.state import state_of
from agents.sb3.vec_env import SB3VecEnv
from agents.training_session import ScalarLogger, Session
from agents.training_state import keep_state


class CurveWriter(KVWriter):
    """Hands the numbers of SB3's logger on.

    Args:
        logger: gets them.
    """

    def __init__(self, logger: ScalarLogger) -> None:
        self._logger = logger

    def write(
        self,
        key_values: Mapping[str, object],
        key_excluded: Mapping[str, tuple[str, ...]],
        step: int = 0,
    ) -> None:
        """Hand on what is a number."""
        for name, value in key_values.items():
            if isinstance(value, int | float | np.number):
                self._logger.scalar(name, float(value), step)

    def close(self) -> None:
        """Leave the logger open: it belongs to the caller."""


class ProgressReport(BaseCallback):
    """Reports days simulated, and logs the reward components of the finished episodes.

    Args:
        session: gets the days since the last report after each rollout.
        reported: days that were reported before (of a resumed training).
    """

    def __init__(self, session: Session, reported: int = 0) -> None:
        super().__init__()
        self._session = session
        self._reported = reported

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        self._session.report(self.num_timesteps - self._reported)
        self._reported = self.num_timesteps
        episodes = list(self.model.ep_info_buffer or [])
        for name in sorted({name for episode in episodes for name in episode} - {"r", "l", "t"}):
            mean = float(np.mean([episode[name] for episode in episodes if name in episode]))
            self.logger.record(f"components/{name}", mean)


class Measurement(BaseCallback):
    """Lets a session measure the agent between two updates.

    Args:
        session: says when and how.
        agent: makes the agent so far.
    """

    def __init__(self, session: Session, agent: Callable[[], Agent]) -> None:
        super().__init__()
        self._session, self._agent = session, agent

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        self.measure()

    def measure(self) -> None:
        """Measure the agent now, if it is time to."""
        if self._session.measure is not None:
            self._session.measure(self._agent, self.model.num_timesteps)


class StateKeeper(BaseCallback):
    """Keeps the state of the training every so many days, between two updates.

    Args:
        session: says where and how often.
        settings: kept with the state, see `training_settings`.
        venv: whose episodes are kept.
        agent: makes the agent so far, for snapshots.
    """

    def __init__(
        self,
        session: Session,
        settings: Mapping[str, object],
        venv: SB3VecEnv,
        agent: Callable[[], Agent],
    ) -> None:
        super().__init__()
        self._session, self._settings, self._agent = session, settings, agent
        self._venv = venv
        self._kept: int | None = None

    def _on_step(self) -> bool:
        return True

    def _on_training_start(self) -> None:
        self._kept = self.num_timesteps = self.model.num_timesteps

    def _on_rollout_start(self) -> None:
        every = self._session.checkpoint_days
        days = self.model.num_timesteps
        if every and self._kept is not None and days - self._kept >= every:
            self.save()

    def save(self) -> None:
        """Keep the state now."""
        if self._kept is None:  # nothing was trained
            return
        self._kept = self.model.num_timesteps
        keep_state(state_of(self.model, self._venv), self._settings, self._session)
        if self._session.snapshot is not None:
            self._session.snapshot(self._agent(), self._kept)
