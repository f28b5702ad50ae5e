"""Ordered moods as numbers with normal noise, day after day, by matching moments.

Given what the regression expects, a mood says that the latent number lies between two cutpoints.
The noise's distribution before the day is normal; after it, it is kept normal with the slope and
curvature of the exact likelihood. A pseudo-observation does the same to a Kalman filter. Linearised
at the expected number alone, moods would seem more certain than they are, and the noise smaller.

Source: Minka 2001, "A family of algorithms for approximate Bayesian inference", assumed-density
filtering.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.response.noise import StateNoise

_LEAST_SHARE, _LEAST_INFORMATION = 1e-12, 1e-3
#: from here on the tail of a normal distribution is its density over the edge (Mills)
_FAR_SHARE = 1e-10


class Matched(NamedTuple):
    """Of each day, float64 (people, days) each.

    Attributes:
        response: what the pseudo-observation is; the mean where no mood was observed.
        variance: of its own noise; 1 where no mood was observed.
        log_likelihood: of the mood given those before it; 0 where none was observed.
    """

    response: np.ndarray
    variance: np.ndarray
    log_likelihood: np.ndarray


def match_moments(
    mean: np.ndarray,
    level: np.ndarray,
    observed: np.ndarray,
    noise: StateNoise,
    cutpoints: np.ndarray,
    evidence: np.ndarray | None = None,
) -> Matched:
    """Return pseudo-observations of ordered moods.

    Args:
        mean: float64 (people, days), what the regression expects.
        level: int (people, days), from the lowest mood to the highest.
        observed: bool (people, days).
        noise: of the mood; each day's own is standard normal.
        cutpoints: float64 (levels - 1,), ascending.
        evidence: float64 (people, days, levels), what gaps say of the mood, as log probabilities
            up to a constant; None for nothing.
    """
    if evidence is None:
        odds = np.ones((1, 1, len(cutpoints) + 1))
    else:
        odds = np.exp(evidence - evidence.max(axis=-1, keepdims=True))
    found = np.empty((3, *mean.shape))
    match_loop(
        np.ascontiguousarray(mean, dtype=np.float64),
        np.ascontiguousarray(level, dtype=np.intp),
        np.ascontiguousarray(observed),
        np.ascontiguousarray(odds, dtype=np.float64),
        (noise.persistence, noise.sd),
        np.asarray(cutpoints, dtype=np.float64),
        found,
    )
    return Matched(*found)


@compiled
def match_loop(
    mean: np.ndarray,
    level: np.ndarray,
    observed: np.ndarray,
    odds: np.ndarray,
    noise: tuple[np.ndarray, np.ndarray],
    cutpoints: np.ndarray,
    found: np.ndarray,
) -> None:
    """Write the fields of Matched, float64 (3, people, days); see `match_moments`.

    Args:
        mean: see there, as the others.
        level: likewise.
        observed: likewise.
        odds: float64 (people, days, levels), or (1, 1, levels) for all alike.
        noise: persistence and stationary standard deviation, float64 (2,) each.
        cutpoints: likewise.
        found: to be written.
    """
    persistence, sd = noise
    first, second = persistence[0], persistence[1]
    added_first = sd[0] ** 2 * (1.0 - first**2)
    added_second = sd[1] ** 2 * (1.0 - second**2)
    for person in range(mean.shape[0]):
        p00, p01, p11 = sd[0] ** 2, 0.0, sd[1] ** 2
        mean_first = mean_second = 0.0
        for day in range(mean.shape[1]):
            if day > 0:
                mean_first, mean_second = first * mean_first, second * mean_second
                p00 = first * first * p00 + added_first
                p01 = first * second * p01
                p11 = second * second * p11 + added_second
            if not observed[person, day]:
                found[0, person, day] = mean[person, day]
                found[1, person, day], found[2, person, day] = 1.0, 0.0
                continue
            row_first, row_second = p00 + p01, p01 + p11
            known = row_first + row_second  # variance of the noise
            variance = known + 1.0
            spread = math.sqrt(variance)
            centre = mean[person, day] + mean_first + mean_second
            of_person = person if odds.shape[0] > 1 else 0
            of_day = day if odds.shape[1] > 1 else 0
            below = below_density = below_apart = 0.0
            whole = bend = curve = own_slope = own_curve = own_log = 0.0
            for place in range(len(cutpoints) + 1):
                above, density, apart = 1.0, 0.0, 0.0
                if place < len(cutpoints):
                    apart = (cutpoints[place] - centre) / spread
                    above = 0.5 * math.erfc(-apart / math.sqrt(2.0))
                    density = math.exp(-0.5 * apart * apart) / math.sqrt(2.0 * math.pi)
                weight = odds[of_person, of_day, place]
                share = max(above - below, _LEAST_SHARE)
                slope = (below_density - density) / spread
                second_slope = (below_apart * below_density - apart * density) / variance
                whole += weight * share
                bend += weight * slope
                curve += weight * second_slope
                if place == level[person, day]:
                    own_log = math.log(weight * share)
                    own_slope, own_curve = slope / share, second_slope / share
                    if above - below < _FAR_SHARE:  # by the nearer edge, where digits cancel
                        nearer = below_apart if below > 0.5 else apart
                        own_slope = nearer / spread
                        own_curve = own_slope * own_slope - 1.0 / variance
                        own_log = math.log(weight / abs(nearer)) - 0.5 * nearer * nearer
                        own_log -= 0.5 * math.log(2.0 * math.pi)
                below, below_density, below_apart = above, density, apart
            bend, curve = bend / whole, curve / whole
            gradient = own_slope - bend
            # Minus the second derivative; what gaps say can make it negative.
            information = own_slope * own_slope - own_curve + curve - bend * bend
            information = min(max(information, _LEAST_INFORMATION), 1.0 / (known + 0.1))
            found[0, person, day] = mean[person, day] + mean_first + mean_second
            found[0, person, day] += gradient / information
            found[1, person, day] = 1.0 / information - known
            found[2, person, day] = own_log - math.log(whole)
            mean_first += row_first * gradient
            mean_second += row_second * gradient
            p00 -= row_first * row_first * information
            p01 -= row_first * row_second * information
            p11 -= row_second * row_second * information
