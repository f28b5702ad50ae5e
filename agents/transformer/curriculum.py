"""Levels of difficulty: mastery is detected, and the training moves between levels by itself."""

from __future__ import annotations

from collections import deque
from typing import Any

from scipy.stats import binomtest

from agents.transformer.settings import CurriculumConfig
from human_wm_env.errors import CheckpointError


class Curriculum:
    """Counts successes of the running level, and says when to change it.

    A level is mastered when the lower Wilson bound of its success rate, over the last
    `window` decisions, is above `advance`; it is too hard when the upper bound is below
    `fall_back`. After a change the count begins anew.

    Args:
        config: levels and bounds.

    Attributes:
        level: the running one, from 0.
        changes: level after each change, in order.
    """

    def __init__(self, config: CurriculumConfig) -> None:
        self.config = config
        self.levels = config.levels
        self.level = 0
        self.changes: list[int] = []
        self._counts: deque[tuple[int, int]] = deque()

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments of the environment at the running level."""
        return dict(self.levels[self.level])

    def record(self, successes: int, decisions: int) -> bool:
        """Add what some episodes brought; returns whether the level changes."""
        self._counts.append((successes, decisions))
        total = sum(count for _, count in self._counts)
        while total - self._counts[0][1] >= self.config.window:
            total -= self._counts.popleft()[1]
        if total < self.config.window:
            return False
        found = sum(count for count, _ in self._counts)
        bounds = binomtest(found, total).proportion_ci(self.config.confidence, method="wilson")
        if bounds.low > self.config.advance and self.level + 1 < len(self.levels):
            return self._move(1)
        if bounds.high < self.config.fall_back and self.level > 0:
            return self._move(-1)
        return False

    def _move(self, by: int) -> bool:
        self.level += by
        self.changes.append(self.level)
        self._counts.clear()
        return True

    def state(self) -> dict[str, Any]:
        """Return all that it remembers."""
        return {
            "level": self.level,
            "changes": list(self.changes),
            "counts": [list(each) for each in self._counts],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what another one remembered.

        Raises:
            CheckpointError: it was at a level that is not there.
        """
        if not 0 <= state["level"] < max(1, len(self.levels)):
            raise CheckpointError(
                f"a level below {len(self.levels)}", f"{state['level']}", "Start anew."
            )
        self.level, self.changes = int(state["level"]), list(state["changes"])
        self._counts = deque((int(found), int(count)) for found, count in state["counts"])
