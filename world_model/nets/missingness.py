"""Moods that are missing because they are bad: what gaps say of the mood behind them.

People log less on bad days, so logged moods are better than moods: a likelihood of what
was observed learns good days, and every imagined reward is too high (of habit by .8 of a
return of 18). Here the gaps are evidence. That a feature, or the whole day, was kept or lost today
says something of today's mood; given it, the nets have to explain only the rest, and so
learn the mood before that selection (a selection model: Heckman 1979; Little & Rubin 2002,
ch. 15).

How much a gap says is counted on the days whose mood was logged: there, losing another
feature is 2.2 times as likely when Tired or Stressed as when Happy or Neutral (embedded
people). Assumption: what keeps people from logging sleep or location on a bad day keeps
them as much from logging the mood, or anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import missingness, schema
from human_wm_env.person.gap_events import CELLS, GapEvents, gap_events
from human_wm_env.person.missingness import MaskChain
from human_wm_env.response.gap_evidence import MOST_LIKELY_GAP, PRIOR_DAYS, GapEvidence
from human_wm_env.response.parameters import MOOD_ORDER

MOODS = schema.FEATURES[schema.MOOD].width
PRIOR_GAPS = 20.0  # of each mood: a few dozen gaps say little about what opens them
_SWEEPS = 30


class Missingness(nn.Module):
    """How gaps open, given the day's mood; fitted by counting, not by gradients.

    Attributes:
        mood_log_odds: (MOODS,), log factor of each mood on the probability of every gap.
        opening: (CELLS,), probability that a gap opens, at factor 1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mood_log_odds = mx.zeros((MOODS,))
        self.opening = mx.zeros((CELLS,))
        self.freeze()

    @property
    def odds(self) -> np.ndarray:
        """`mood_log_odds` as a NumPy array."""
        return np.array(self.mood_log_odds)

    def evidence(
        self, opened: mx.array, held: mx.array, gaps: mx.array, days_at_risk: mx.array
    ) -> mx.array:
        """Return log p(the day's gap events | each mood) up to a constant, (..., MOODS).

        Args:
            opened: (people, days, CELLS), 0 or 1, see `GapEvents`.
            held: likewise.
            gaps: (people, CELLS), how many opened in each person's log.
            days_at_risk: (people, CELLS), on how many days they could.
        """
        rate = (gaps + PRIOR_DAYS * self.opening) / (days_at_risk + PRIOR_DAYS)
        likely = rate[..., None] * mx.exp(self.mood_log_odds)  # (people, CELLS, MOODS)
        kept = mx.log(1.0 - mx.minimum(likely, MOST_LIKELY_GAP))
        return opened.sum(axis=-1, keepdims=True) * self.mood_log_odds + held @ kept


@dataclass(frozen=True)
class GapCounts:
    """How often gaps opened, and could have; those of several batches of people can be joined.

    Attributes:
        by_mood: float64 (MOODS, 2, people, CELLS), gaps and days at risk on days of each mood.
        opened, at_risk: int (CELLS,), of all people and days.
    """

    by_mood: np.ndarray
    opened: np.ndarray
    at_risk: np.ndarray

    @classmethod
    def of(cls, observed: np.ndarray, mood: np.ndarray, days_logged: np.ndarray) -> GapCounts:
        """Count.

        Args:
            observed: bool (people, days, 10).
            mood: int (people, days), anything where masked.
            days_logged: int (people,); what comes after is no gap.
        """
        events = gap_events(observed)
        logged = (np.arange(observed.shape[1]) < days_logged[:, None])[..., None]
        events = GapEvents(events.opened & logged, events.held & logged)
        at_risk = events.opened | events.held
        counts = np.zeros((MOODS, 2, len(observed), CELLS))
        for index in range(MOODS):
            of_mood = (observed[..., schema.MOOD] & (mood == index))[..., None]
            counts[index, 0] = (events.opened & of_mood).sum(axis=1)
            counts[index, 1] = (at_risk & of_mood).sum(axis=1)
        return cls(counts, events.opened.sum(axis=(0, 1)), at_risk.sum(axis=(0, 1)))

    @classmethod
    def of_people(cls, dataset: LogDataset, users: np.ndarray) -> GapCounts:
        """Count over some people of a data set, a few at a time."""
        parts = [
            cls.of(observed, rows[..., schema.MOOD].astype(int), dataset.days_logged[users[part]])
            for part, rows, observed in dataset.parts(users)
        ]
        return cls(
            np.concatenate([each.by_mood for each in parts], axis=2),
            np.sum([each.opened for each in parts], axis=0),
            np.sum([each.at_risk for each in parts], axis=0),
        )


def fit_missingness(
    observed: np.ndarray, mood: np.ndarray, days_logged: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return what `fit_counts` finds in logs; arguments as those of `GapCounts.of`."""
    return fit_counts(GapCounts.of(observed, mood, days_logged))


def fit_counts(counts: GapCounts) -> tuple[np.ndarray, np.ndarray]:
    """Find how much more often gaps open on days of each mood.

    A Poisson regression with a rate per person and feature, solved by fixed-point sweeps
    over days whose mood was logged (so no gap of the mood itself, or of a whole day). Few
    gaps shrink towards no effect.

    Returns:
        mood_log_odds float32 (MOODS,), with mean 0, and opening float32 (CELLS,).
    """
    gaps, days = counts.by_mood[:, 0].copy(), counts.by_mood[:, 1].copy()  # (moods, people, cells)
    # The mood itself, and the whole day, are never lost on a day whose mood was logged.
    gaps[..., [0, 1 + schema.MOOD]] = days[..., [0, 1 + schema.MOOD]] = 0.0
    log_odds = np.zeros(MOODS)
    for _ in range(_SWEEPS):
        expected = np.einsum("m,mpc->pc", np.exp(log_odds), days)
        rate = gaps.sum(axis=0) / np.maximum(expected, 1e-9)
        plain = (rate * days).sum(axis=(1, 2))
        log_odds = np.log((gaps.sum(axis=(1, 2)) + PRIOR_GAPS) / (plain + PRIOR_GAPS))
        log_odds -= log_odds.mean()
    lost, could = counts.opened, counts.at_risk
    opening = (lost + PRIOR_DAYS * lost.sum() / max(1, could.sum())) / (could + PRIOR_DAYS)
    return log_odds.astype(np.float32), opening.astype(np.float32)


def gap_evidence(observed: np.ndarray, mood: np.ndarray, days_logged: np.ndarray) -> GapEvidence:
    """Return what `fit_missingness` finds, as a response takes it."""
    log_odds, opening = fit_missingness(observed, mood.astype(int), days_logged)
    return GapEvidence(log_odds[list(MOOD_ORDER)].astype(float), opening.astype(float))


def lose_cells(
    observed: np.ndarray,
    days_logged: np.ndarray,
    mood: np.ndarray,
    mood_log_odds: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw masks like those of real logs, for people whose every mood is known.

    Args:
        observed: bool (people, days, 10), real masks, one per person.
        days_logged: int (people,); nothing is observed later.
        mood: int (people, days), of the people who lose cells.
        mood_log_odds: (MOODS,), see `Missingness`.
        rng: source of noise.

    Returns:
        bool (people, days, 10).
    """
    people, days, _ = observed.shape
    chains = [
        missingness.fit_chain(mask[:logged])
        for mask, logged in zip(observed, days_logged, strict=True)
    ]
    opening = np.concatenate([chain.opening for chain in chains])
    staying = np.concatenate([chain.staying for chain in chains])
    lost = np.concatenate([chain.lost for chain in chains])
    factor = np.exp(mood_log_odds)
    masks = np.empty_like(observed)
    for day in range(days):
        likely = opening * factor[mood[:, day]][:, None]
        uniform = rng.random((people, CELLS), dtype=np.float32)
        masks[:, day], lost = missingness.next_mask(MaskChain(likely, staying, lost), uniform)
    masks &= (np.arange(days) < days_logged[:, None])[..., None]
    return masks
