"""Parents: who judges an action of the agent, by a rule or by other means."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Parent(Protocol):
    """Gives the consequences of actions."""

    def judge(
        self, task: str, cues: np.ndarray, shown: np.ndarray, actions: np.ndarray
    ) -> np.ndarray:
        """Say which actions are right.

        Args:
            task: the rule in words; it names symbols by their numbers.
            cues: int (slots,), which rule holds; 0 where there is one only.
            shown: int (slots,), the symbols on display.
            actions: int (slots,), the symbols that the agent answered with.

        Returns:
            bool (slots,), whether each action was right.
        """
        ...


class RuleParent:
    """Judges by a table, always alike.

    Args:
        answers: int (cues, symbols), the right symbol for each cue and symbol shown.
    """

    def __init__(self, answers: np.ndarray) -> None:
        self.answers = answers

    def judge(
        self, task: str, cues: np.ndarray, shown: np.ndarray, actions: np.ndarray
    ) -> np.ndarray:
        """Say which actions are those of the table."""
        return np.asarray(self.answers[cues, shown] == actions)
