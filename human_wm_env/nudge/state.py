"""What a batch of nudged people is between two days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from human_wm_env.nudge.compliance import ComplianceTraits
from human_wm_env.worlds.person_state import PersonState


@dataclass(slots=True)
class NudgeState:
    """State of a batch of nudged people; arrays are batch-first and are never written to.

    Attributes:
        person: the people and their days.
        own: their compliance.
        burden: float32 (slots,), in [0, 1].
        habituation: float32 (slots,), in [0, 1].
        sent: int (slots,), the last action, 0 before the first.
        complied: bool (slots,), whether it was followed.
        shown: bool (slots,), whether the tracker saw if it was.
        followed_seen: int (slots,), nudges that were seen to be followed.
        answers_seen: int (slots,), nudges of which was seen whether they were.
        uniform: float32 (slots, horizon, 2), noise of complying and quitting, in [0, 1).
    """

    person: PersonState[Any]
    own: ComplianceTraits
    burden: np.ndarray
    habituation: np.ndarray
    sent: np.ndarray
    complied: np.ndarray
    shown: np.ndarray
    followed_seen: np.ndarray
    answers_seen: np.ndarray
    uniform: np.ndarray

    # What frames and wrappers read of the states of people.
    @property
    def row(self) -> np.ndarray:
        """Raw rows of the last day, float32 (slots, 10)."""
        return self.person.row

    @property
    def observed(self) -> np.ndarray:
        """Their mask, bool (slots, 10)."""
        return self.person.observed

    @property
    def day(self) -> np.ndarray:
        """The day to be decided, int (slots,)."""
        return self.person.day
