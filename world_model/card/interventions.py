"""What actions do to a person: a model's effects beside the true ones, person by person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from human_wm_env.person.rewards import DEFAULT_WEIGHTS, RECOVERY_SPAN_BPM

STATES = ("heart rate", "mood")
DAYS = (2, 10, 30)
LEVELS = (0.5, 0.8, 0.95)
#: a mean effect below this share of its spread between people has no meaningful ratio
LEAST_MEAN = 0.25
#: a spread between people below this share of the mean effect is no individual effect
LEAST_SPREAD = 0.1
#: below this share all people answer alike, but for rounding
SAME_SPREAD = 1e-3
_ROUNDING = 1e-9


@dataclass(frozen=True)
class EffectScore:
    """How well effects of one policy on one state are known.

    Attributes:
        policy, state: which.
        true_mean, true_sd: of the effect over people, averaged over the days; bpm or reward.
        ratio: estimated over true mean effect on DAYS; None where the true one is near zero.
        correlation: over people, of estimated and true effects.
        reference_correlation: the same of an estimator that knows the equations, or None.
        relative_rmse: over that of giving every person the true mean; None where that is right.
        coverage: share of true effects inside the intervals of LEVELS.
    """

    policy: str
    state: str
    true_mean: float
    true_sd: float
    ratio: tuple[float | None, ...]
    correlation: float
    reference_correlation: float | None
    relative_rmse: float | None
    coverage: tuple[float, ...]

    @property
    def is_individual(self) -> bool:
        """Whether the effect differs between people enough to be told apart."""
        return self.true_sd > LEAST_SPREAD * abs(self.true_mean)

    def as_row(self) -> dict[str, str | float | None]:
        """Return a row of a table."""
        ratios = {f"ratio day {day}": value for day, value in zip(DAYS, self.ratio, strict=True)}
        covered = zip(LEVELS, self.coverage, strict=True)
        return {
            "policy": self.policy,
            "state": self.state,
            "true mean": self.true_mean,
            "true sd": self.true_sd,
            **ratios,
            "r": self.correlation,
            "r of the reference": self.reference_correlation,
            "rmse / sd": self.relative_rmse,
            **{f"in {level:.0%} interval": value for level, value in covered},
        }


def score_effects(
    estimated: Mapping[str, np.ndarray],
    true: Mapping[str, np.ndarray],
    reference: Mapping[str, np.ndarray] | None = None,
) -> list[EffectScore]:
    """Score a model's effects.

    Args:
        estimated: by policy float (2, people, draws, days), draws of each person's posterior.
        true: by policy float (2, people, days), exact.
        reference: as `estimated`, of an estimator that knows the equations.
    """
    scores = []
    for policy, truth in true.items():
        for state, name in enumerate(STATES):
            draws, exact = estimated[policy][state].mean(axis=2), truth[state].mean(axis=1)
            point = draws.mean(axis=1)
            known = None if reference is None else reference[policy][state].mean(axis=(1, 2))
            scores.append(
                EffectScore(
                    policy=policy,
                    state=name,
                    true_mean=float(exact.mean()),
                    true_sd=float(exact.std()),
                    ratio=tuple(
                        _ratio(estimated[policy][state][..., day - 1], truth[state][:, day - 1])
                        for day in DAYS
                    ),
                    correlation=_correlation(point, exact),
                    reference_correlation=None if known is None else _correlation(known, exact),
                    relative_rmse=_relative_rmse(point, exact),
                    coverage=tuple(_coverage(draws, exact, level) for level in LEVELS),
                )
            )
    return scores


def share_of_best_choice(
    estimated: Mapping[str, np.ndarray], true: Mapping[str, np.ndarray]
) -> float | None:
    """Return what choosing each person's policy gains, as a share of what an oracle gains.

    None where an oracle gains nothing: one policy is the best for all people.

    Gains are over the policy that is best for all; a policy is worth its effect on the reward
    components mood and recovery, with their default weights.
    """
    worth = np.stack([_worth(each.mean(axis=(2, 3))) for each in estimated.values()])
    truth = np.stack([_worth(true[name].mean(axis=2)) for name in estimated])
    people = np.arange(worth.shape[1])
    for_all = truth.mean(axis=1).max()
    chosen = truth[worth.argmax(axis=0), people].mean()
    oracle = truth.max(axis=0).mean()
    if oracle - for_all < _ROUNDING:
        return None
    return float((chosen - for_all) / (oracle - for_all))


def _worth(effects: np.ndarray) -> np.ndarray:
    """Return the reward of effects, float (people,), of (2, people) in bpm and mood reward."""
    recovery = -effects[0] / RECOVERY_SPAN_BPM
    return np.asarray(DEFAULT_WEIGHTS["recovery"] * recovery + DEFAULT_WEIGHTS["mood"] * effects[1])


def _relative_rmse(estimated: np.ndarray, true: np.ndarray) -> float | None:
    if true.std() <= max(_ROUNDING, SAME_SPREAD * abs(true.mean())):
        return None
    return float(np.sqrt(((estimated - true) ** 2).mean()) / true.std())


def _ratio(estimated: np.ndarray, true: np.ndarray) -> float | None:
    if abs(true.mean()) <= LEAST_MEAN * true.std():
        return None
    return float(estimated.mean() / true.mean())


def _correlation(estimated: np.ndarray, true: np.ndarray) -> float:
    if estimated.std() == 0.0 or true.std() == 0.0:
        return 0.0
    return float(np.corrcoef(estimated, true)[0, 1])


def _coverage(draws: np.ndarray, true: np.ndarray, level: float) -> float:
    low, high = np.quantile(draws, [0.5 - level / 2.0, 0.5 + level / 2.0], axis=1)
    return float(((low <= true) & (true <= high)).mean())
