"""Do the intervals of what-if hold the true effects? On people whose equations are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.counterfactual.change import Changes
from human_wm_env.counterfactual.effects import LEVELS, Effect, effect_draws, summarise
from human_wm_env.counterfactual.pairs import OUTCOMES, REWARD, play_pairs
from human_wm_env.person import schema
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.simulator import SimulatorWorld
from human_wm_env.worlds.starts import PersonStart

JUDGED = (schema.FEATURE_NAMES[schema.HEART_RATE], schema.FEATURE_NAMES[schema.MOOD], REWARD)
_COLUMNS = {name: OUTCOMES.index(name) for name in JUDGED}


@dataclass(frozen=True)
class TrueEffect:
    """The effect of a change on a person, averaged over the days.

    Attributes:
        mean: over the noise of paired simulations of the true person, by outcome.
        error: standard error of the mean, by outcome.
    """

    mean: dict[str, float]
    error: dict[str, float]


@dataclass(frozen=True)
class JudgedOutcome:
    """How estimated effects of one change on one outcome compare with the true ones over people.

    Attributes:
        people: that were judged.
        true_mean, true_sd: of the true effects.
        mean: of the estimated ones.
        correlation: of estimated and true effects; None where either does not vary.
        error_to_sd: root mean square error over `true_sd`; 1 is what giving all people the true
            mean reaches; None where people do not differ.
        coverage: share of the people whose true effect lies in the interval, by level in percent.
        true_error: mean standard error of the true effects.
    """

    people: int
    true_mean: float
    true_sd: float
    mean: float
    correlation: float | None
    error_to_sd: float | None
    coverage: dict[str, float]
    true_error: float


def true_effects(
    world: SimulatorWorld,
    start: PersonStart,
    changes: Sequence[Changes],
    *,
    futures: int,
    seed: int,
) -> list[TrueEffect]:
    """Simulate the true person without and with each of the changes, with the same noise."""
    found = []
    for pairs in play_pairs(world, start, changes, draws=1, repeats=futures, seed=seed):
        averages = pairs.differences[0].mean(axis=1, dtype=np.float64)
        mean, sd = averages.mean(axis=0), averages.std(axis=0, ddof=1)
        error = sd / np.sqrt(futures)
        found.append(
            TrueEffect(
                {name: float(mean[column]) for name, column in _COLUMNS.items()},
                {name: float(error[column]) for name, column in _COLUMNS.items()},
            )
        )
    return found


def estimated_effects(
    world: DreamWorld,
    start: PersonStart,
    changes: Sequence[Changes],
    *,
    draws: int,
    repeats: int,
    seed: int,
) -> list[dict[str, Effect]]:
    """Return what `what_if` says of the average over the days, for each change, by outcome."""
    played = play_pairs(world, start, changes, draws=draws, repeats=repeats, seed=seed)
    averages = [effect_draws(pairs).average for pairs in played]
    return [
        {name: summarise(average[:, column]) for name, column in _COLUMNS.items()}
        for average in averages
    ]


def judge(
    estimated: Sequence[dict[str, Effect]], true: Sequence[TrueEffect]
) -> dict[str, JudgedOutcome]:
    """Compare the effects of one change, or of several, on people; by outcome.

    Args:
        estimated: of each person and change.
        true: of the same, in the same order.
    """
    return {
        name: _judge(
            [one[name] for one in estimated],
            np.array([one.mean[name] for one in true]),
            float(np.mean([one.error[name] for one in true])),
        )
        for name in JUDGED
    }


def _judge(estimated: Sequence[Effect], true: np.ndarray, true_error: float) -> JudgedOutcome:
    means = np.array([effect.mean for effect in estimated])
    sd = float(true.std())
    varies = sd > 0.0 and means.std() > 0.0
    coverage = {}
    for level in (f"{level}%" for level in LEVELS):
        low, high = np.array([effect.intervals[level] for effect in estimated]).T
        coverage[level] = float(((low <= true) & (true <= high)).mean())
    return JudgedOutcome(
        people=len(true),
        true_mean=float(true.mean()),
        true_sd=sd,
        mean=float(means.mean()),
        correlation=float(np.corrcoef(means, true)[0, 1]) if varies else None,
        error_to_sd=float(np.sqrt(((means - true) ** 2).mean()) / sd) if sd > 0.0 else None,
        coverage=coverage,
        true_error=true_error,
    )
