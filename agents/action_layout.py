"""How the actions of a Box are searched: amounts, and columns that pick a category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from gymnasium import spaces

from human_wm_env.person.actions import ACTION_PICKS, action_space


@dataclass(frozen=True)
class ActionLayout:
    """The columns of an action in [-1, 1].

    Attributes:
        space: the action space, a Box of one axis.
        picks: how many categories each picking column has: it falls into one of so many
            equal bins.
    """

    space: spaces.Box
    picks: Mapping[int, int] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Entries of an action."""
        return int(self.space.shape[0])

    @property
    def amounts(self) -> np.ndarray:
        """The columns that pick nothing, int (amounts,)."""
        columns = [column for column in range(self.width) if column not in self.picks]
        return np.array(columns, dtype=np.intp)


def bins(values: np.ndarray, count: int) -> np.ndarray:
    """Return which of `count` equal bins of [-1, 1] values fall into, int (...)."""
    return np.minimum(((values + 1.0) * 0.5 * count).astype(np.intp), count - 1)


def middles(picked: np.ndarray, count: int) -> np.ndarray:
    """Return the middle of each bin, the inverse of `bins`."""
    return (np.minimum(picked, count - 1) + 0.5) * 2.0 / count - 1.0


PERSON_ACTIONS = ActionLayout(action_space(), ACTION_PICKS)
