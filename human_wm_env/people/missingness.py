"""Which cells a tracker loses: whole days and single features, in runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.person import schema

UNIFORMS = 1 + schema.FEATURE_COUNT  # whole day, each feature

# Source: LifeSnaps loses mood and location on 57-69% of days, sleep on 26-52%, in
# runs; scaled so that about 37% of all cells are missing, as in human-wm's file.
DAY_LOSS_RATE = 0.24
FEATURE_LOSS_RATE = {
    "sleep_hours": 0.22,
    "heart_rate_avg": 0.12,
    "workout_type": 0.15,
    "location": 0.3,
    "mood": 0.3,
}
OTHER_LOSS_RATE = 0.1
DAY_RUN_DAYS = 3.0  # mean length of a gap
FEATURE_RUN_DAYS = 4.0
# People log less when they feel bad: odds of a gap opening on Tired or Stressed days.
LOW_MOOD_FACTOR = 1.5


@dataclass(frozen=True)
class LoggingTraits:
    """How reliably a person logs.

    Attributes:
        day_loss: float32 (people,), share of days lost entirely.
        feature_loss: float32 (people, 10), share of the other days on which a feature is lost.
    """

    day_loss: np.ndarray
    feature_loss: np.ndarray


def draw_logging_traits(people: int, rng: np.random.Generator) -> LoggingTraits:
    """Draw how reliably each person logs; rates vary twofold between people."""
    base = np.array([FEATURE_LOSS_RATE.get(name, OTHER_LOSS_RATE) for name in schema.FEATURE_NAMES])
    spread = np.exp(0.4 * rng.standard_normal((people, 1)) - 0.08)
    single = np.exp(0.3 * rng.standard_normal((people, schema.FEATURE_COUNT)) - 0.045)
    days = DAY_LOSS_RATE * np.exp(0.5 * rng.standard_normal(people) - 0.125)
    return LoggingTraits(
        day_loss=np.clip(days, 0.01, 0.6).astype(np.float32),
        feature_loss=np.clip(base * spread * single, 0.01, 0.8).astype(np.float32),
    )


def _still_lost(
    lost: np.ndarray, rate: np.ndarray, run_days: float, factor: np.ndarray, uniform: np.ndarray
) -> np.ndarray:
    """Move a two-state chain with given share and mean run length on by one day."""
    stay = 1.0 - 1.0 / run_days
    opening = np.minimum(rate / (1.0 - rate) / run_days * factor, 1.0)
    return uniform < np.where(lost, stay, opening)


def next_losses(
    traits: LoggingTraits,
    day_lost: np.ndarray,
    feature_lost: np.ndarray,
    mood: np.ndarray,
    uniform: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw what the tracker loses today.

    Args:
        traits: how reliably people log.
        day_lost: bool (people,), was yesterday lost entirely.
        feature_lost: bool (people, 10), features lost yesterday.
        mood: int (people,), today's mood, whether logged or not.
        uniform: float (people, UNIFORMS), noise in [0, 1).

    Returns:
        day_lost bool (people,) and feature_lost bool (people, 10) of today; a cell is
        observed where neither holds.
    """
    low = np.where(mood >= 2, LOW_MOOD_FACTOR, 1.0 / LOW_MOOD_FACTOR).astype(np.float32)
    day = _still_lost(day_lost, traits.day_loss, DAY_RUN_DAYS, low, uniform[:, 0])
    features = _still_lost(
        feature_lost, traits.feature_loss, FEATURE_RUN_DAYS, low[:, None], uniform[:, 1:]
    )
    return day, features


def observed_cells(day_lost: np.ndarray, feature_lost: np.ndarray) -> np.ndarray:
    """Return the mask, bool (people, 10), True where observed."""
    return ~(day_lost[:, None] | feature_lost)
