"""How far the dream's verdict holds in the simulator: inflation and rank correlation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import scipy.stats

from agents.evaluation.bootstrap_intervals import (
    Bootstrap,
    Interval,
    clustered_interval,
    drawn_people,
    percentile_interval,
    statistic_interval,
)
from agents.protocol import Plain
from agents.rollout import Episodes
from human_wm_env.errors import DataError

FEWEST_POLICIES = 3


def inflation(
    dream: Sequence[Episodes],
    dream_habit: Episodes,
    truth: Sequence[Episodes],
    truth_habit: Episodes,
    bootstrap: Bootstrap | None = None,
) -> Interval | None:
    """Return (dream - dream habit) / (truth - truth habit): 1 is unbiased, more is too good.

    The interval resamples people and runs, the same ones in both worlds.

    Args:
        dream: an agent's runs (training seeds).
        dream_habit: on the same starts.
        truth: the same runs.
        truth_habit: on the same starts.
        bootstrap: settings; None takes the defaults.

    Returns:
        None where the gain in truth does not differ from 0 for sure: then the ratio says nothing.
    """
    users = truth_habit.users
    columns = {
        "dream": np.stack([run.returns for run in dream]) - dream_habit.returns,
        "truth": np.stack([run.returns for run in truth]) - truth_habit.returns,
    }
    gain = clustered_interval(columns["truth"], users, bootstrap)
    if not (gain.above_zero or gain.below_zero):
        return None
    return statistic_interval(
        columns, users, lambda m: m["dream"] / m["truth"], bootstrap, same_runs=True
    )


def rank_correlation(
    dream: Mapping[str, Episodes], truth: Mapping[str, Episodes], bootstrap: Bootstrap | None = None
) -> Interval:
    """Return Spearman's correlation of the policies' mean returns in dream and truth.

    The interval resamples people, the same ones in both worlds. 0 where all policies earn the same
    in one of the worlds, which then ranks none of them.

    Args:
        dream: by policy; those in both are used.
        truth: likewise.
        bootstrap: settings; None takes the defaults.

    Raises:
        DataError: fewer than three policies in both.
    """
    bootstrap = bootstrap or Bootstrap()
    names = [name for name in truth if name in dream]
    if len(names) < FEWEST_POLICIES:
        raise DataError(
            f"at least {FEWEST_POLICIES} policies in both worlds", f"{len(names)}", "Run more."
        )
    rng = np.random.default_rng(bootstrap.seed)
    resamples = min(bootstrap.resamples, 2000)
    who, drawn = drawn_people(truth[names[0]].users, rng, resamples)

    def sums(of: Mapping[str, Episodes]) -> np.ndarray:
        return np.stack([np.bincount(who, weights=of[name].returns) for name in names])

    in_dream, in_truth = sums(dream), sums(truth)  # (policies, people)
    found = [
        _ranked_alike(one, other)
        for one, other in zip(drawn @ in_dream.T, drawn @ in_truth.T, strict=True)
    ]
    point = _ranked_alike(in_dream.sum(axis=1), in_truth.sum(axis=1))
    if drawn.shape[1] == 1:
        return Interval(float(point), None, None)
    return percentile_interval(point, found, bootstrap)


def _ranked_alike(one: np.ndarray, other: np.ndarray) -> float:
    if np.ptp(one) == 0.0 or np.ptp(other) == 0.0:
        return 0.0
    return float(scipy.stats.spearmanr(one, other).statistic)


def compare_worlds(
    dream: Mapping[str, Episodes],
    truth: Mapping[str, Episodes],
    bootstrap: Bootstrap | None = None,
    *,
    habit: str = "habit",
) -> Plain:
    """Return inflation of each policy and the rank correlation of all, as plain numbers.

    Args:
        dream: results by policy.
        truth: likewise, on the same starts.
        bootstrap: settings; None takes the defaults.
        habit: the name of the habit among them.
    """
    both = [name for name in truth if name in dream and name != habit]
    ratios = {
        name: inflation([dream[name]], dream[habit], [truth[name]], truth[habit], bootstrap)
        for name in both
    }
    known = [ratio.mean for ratio in ratios.values() if ratio is not None]
    return {
        "policies": len(both) + 1,
        "inflation": {
            name: None if ratio is None else ratio.plain() for name, ratio in ratios.items()
        },
        "median_inflation": float(np.median(known)) if known else None,
        "rank_correlation": rank_correlation(dream, truth, bootstrap).plain()
        if len(both) + 1 >= FEWEST_POLICIES
        else None,
    }
