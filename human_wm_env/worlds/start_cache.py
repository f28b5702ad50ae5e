"""What was worked out for start days, kept for the most recently used ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np

from human_wm_env.worlds.starts import PersonStart

ValueT = TypeVar("ValueT")
# A posterior takes 0.7 kB, with a response 2 kB.
MOST_STARTS = 20_000


def distinct(starts: Sequence[PersonStart]) -> tuple[list[PersonStart], np.ndarray]:
    """Return one start of each person and day, and which of them each slot has, int (slots,)."""
    first: dict[tuple[int, int, int], int] = {}
    found: list[PersonStart] = []
    which: list[int] = []
    for start in starts:
        key = start.user, start.day, id(start.history)
        if key not in first:
            first[key] = len(found)
            found.append(start)
        which.append(first[key])
    return found, np.array(which)


class StartCache(Generic[ValueT]):
    """Values by person and day, at most `MOST_STARTS`; the least recently used go first.

    Histories given by callers are shared within a look-up, and not kept after it.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, int], ValueT] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def look_up(
        self,
        starts: Sequence[PersonStart],
        work_out: Callable[[list[PersonStart]], Sequence[ValueT]],
    ) -> list[ValueT]:
        """Return the value of each start.

        Args:
            starts: of all slots; those of a group share person and day.
            work_out: called at most once, with one start of each person and day whose value
                is not kept.
        """
        keys = [(start.user, start.day, id(start.history)) for start in starts]
        found: dict[tuple[int, int, int], ValueT] = {}
        missing: dict[tuple[int, int, int], PersonStart] = {}
        for key, start in zip(keys, starts, strict=True):
            if start.history is None and key[:2] in self._kept:
                self._kept.move_to_end(key[:2])
                found[key] = self._kept[key[:2]]
            else:
                missing.setdefault(key, start)
        if missing:
            values = work_out(list(missing.values()))
            for (key, start), value in zip(missing.items(), values, strict=True):
                found[key] = value
                if start.history is None:
                    self.keep(start.user, start.day, value)
            while len(self._kept) > MOST_STARTS:
                self._kept.popitem(last=False)
        return [found[key] for key in keys]

    def keep(self, user: int, day: int, value: ValueT) -> None:
        """Keep a value that `work_out` came upon by the way."""
        self._kept[user, day] = value
