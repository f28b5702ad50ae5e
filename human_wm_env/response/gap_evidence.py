"""What the gaps of a day say of its mood: people log less on bad days, and logged moods are better.

Given the gaps, the regression has to explain only the rest, and so learns the mood before that
selection (`world_model/nets/missingness.py`, which also counts how gaps open, says more).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.person.gap_events import GapEvents

#: days by which a person's own rates of gaps are shrunk towards those of all people
PRIOR_DAYS = 20.0
MOST_LIKELY_GAP = 0.95


@dataclass(frozen=True)
class GapEvidence:
    """How gaps open on days of each mood.

    Attributes:
        log_odds: float64 (levels,), log factor of each mood, the lowest first, on the probability
            of every gap.
        opening: float64 (CELLS,), probability that a gap opens, at factor 1.
    """

    log_odds: np.ndarray
    opening: np.ndarray

    def of(self, events: GapEvents) -> np.ndarray:
        """Return log p(gaps of the day | each mood) up to a constant, float64 (..., days, levels).

        Args:
            events: of whole logs, bool (..., days, CELLS).
        """
        opened, held = events.opened, events.held
        gaps = opened.sum(axis=-2)
        rate = (gaps + PRIOR_DAYS * self.opening) / (gaps + held.sum(axis=-2) + PRIOR_DAYS)
        likely = np.minimum(rate[..., None] * np.exp(self.log_odds), MOST_LIKELY_GAP)
        of_held = held.astype(float) @ np.log1p(-likely)
        return np.asarray(opened.sum(axis=-1)[..., None] * self.log_odds + of_held)
