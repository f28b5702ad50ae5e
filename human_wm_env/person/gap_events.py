"""Where gaps of a log opened, or could have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.person import schema

CELLS = 1 + schema.FEATURE_COUNT  # the whole day, then each feature


@dataclass(frozen=True)
class GapEvents:
    """What could have been lost on a day, and was or was not.

    Attributes:
        opened: bool (..., days, CELLS), kept yesterday and lost today.
        held: bool (..., days, CELLS), kept on both days.
    """

    opened: np.ndarray
    held: np.ndarray


def gap_events(observed: np.ndarray) -> GapEvents:
    """Find the days on which gaps opened, or could have.

    A feature's own gap is distinct from the whole day's only where neither day is lost whole; a gap
    that goes on says nothing (runs end by themselves).

    Args:
        observed: bool (..., days, 10).

    Returns:
        Events of each day, of the first one none.
    """
    day_kept = np.asarray(observed.any(axis=-1))
    both_days = day_kept[..., 1:] & day_kept[..., :-1]
    opened = np.zeros((*observed.shape[:-1], CELLS), dtype=bool)
    held = np.zeros_like(opened)
    opened[..., 1:, 0] = day_kept[..., :-1] & ~day_kept[..., 1:]
    held[..., 1:, 0] = both_days
    before = observed[..., :-1, :] & both_days[..., None]
    opened[..., 1:, 1:] = before & ~observed[..., 1:, :]
    held[..., 1:, 1:] = before & observed[..., 1:, :]
    return GapEvents(opened, held)
