"""The curves of a training: from stable-baselines3 to the logger of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter


class ScalarLogger(Protocol):
    """Where curves go; the logger of a run folder is one."""

    def scalar(self, name: str, value: float, step: int) -> None:
        """Add one point to the curve `name`."""
        ...


class CurveWriter(KVWriter):
    """Hands the numbers of SB3's logger on.

    Args:
        logger: gets them.
    """

    def __init__(self, logger: ScalarLogger) -> None:
        self._logger = logger

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
    ) -> None:
        """Hand on what is a number."""
        for name, value in key_values.items():
            if isinstance(value, int | float | np.number):
                self._logger.scalar(name, float(value), step)

    def close(self) -> None:
        """Leave the logger open: it belongs to the caller."""


class ProgressReport(BaseCallback):
    """Reports days lived, and logs the reward components of the finished episodes.

    Args:
        progress: called after each rollout with the days lived since the last call.
        reported: days that were reported before (of a resumed training).
    """

    def __init__(self, progress: Callable[[int], object] | None, reported: int = 0) -> None:
        super().__init__()
        self._progress = progress
        self._reported = reported

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        if self._progress is not None:
            self._progress(self.num_timesteps - self._reported)
            self._reported = self.num_timesteps
        episodes = list(self.model.ep_info_buffer or [])
        for name in sorted({name for episode in episodes for name in episode} - {"r", "l", "t"}):
            mean = float(np.mean([episode[name] for episode in episodes if name in episode]))
            self.logger.record(f"components/{name}", mean)
