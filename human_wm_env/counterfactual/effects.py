"""Effects of a change: what is doubt about the person, and what is only the noise of days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.counterfactual.pairs import Pairs

LEVELS = (50, 80, 90)


@dataclass(frozen=True)
class Effect:
    """One effect, in the unit of its outcome.

    Attributes:
        mean: over the posterior of the person.
        intervals: by level in percent, (low, high): the effect, not a single day, lies in it.
        probability_above_zero: that the effect is positive; half where it is exactly 0.
    """

    mean: float
    intervals: dict[str, tuple[float, float]]
    probability_above_zero: float


@dataclass(frozen=True)
class EffectDraws:
    """Draws of the effects on one person.

    Attributes:
        by_day: float64 (draws, days, outcomes).
        average: float64 (draws, outcomes), over the days.
        variance: float64 (outcomes,), of the average: what is not known about the person.
    """

    by_day: np.ndarray
    average: np.ndarray
    variance: np.ndarray


def effect_draws(pairs: Pairs) -> EffectDraws:
    """Return what each draw of the person would feel of the change on the average over noise.

    The mean over a few repeats still holds noise. Its variance is known from their spread; the
    draws are moved towards their mean until it is gone.

    Args:
        pairs: of at least 2 draws and 2 repeats.
    """
    differences = pairs.differences.astype(np.float64)
    by_day, _ = _without_noise(differences)
    average, variance = _without_noise(differences.mean(axis=2))
    return EffectDraws(by_day, average, variance)


def _without_noise(differences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return draws (draws, ...) and their variance (...) from (draws, repeats, ...)."""
    draws, repeats = differences.shape[:2]
    means = differences.mean(axis=1)
    total = means.var(axis=0, ddof=1)
    noise = differences.var(axis=1, ddof=1).mean(axis=0) / repeats
    # Never narrower than the error of the mean over the draws.
    left = np.clip(total - noise, total / draws, total)
    share = np.divide(left, total, out=np.zeros_like(total), where=total > 0.0)
    centre = means.mean(axis=0)
    return centre + (means - centre) * np.sqrt(share), total - noise


def summarise(draws: np.ndarray) -> Effect:
    """Return mean, central intervals and probability of draws of one effect, (draws,)."""
    intervals = {}
    for level in LEVELS:
        low, high = np.percentile(draws, [50.0 - level / 2.0, 50.0 + level / 2.0])
        intervals[f"{level}%"] = (float(low), float(high))
    above = (draws > 0.0).mean() + 0.5 * (draws == 0.0).mean()
    return Effect(float(draws.mean()), intervals, float(above))


def share_removed(person: float, population: float) -> float | None:
    """Return the share of an effect's variance over people that a person's log removed.

    Args:
        person: variance of the effect under the posterior of the person.
        population: under the prior, of people drawn from the population.

    Returns:
        1 where the log leaves no doubt, 0 where it says nothing, below 0 by chance or where the
        log points to a person whose effect is less certain than the population's; None where
            people do not differ.
    """
    return 1.0 - max(person, 0.0) / population if population > 0.0 else None
