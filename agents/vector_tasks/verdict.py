"""Whether what a dream says of controllers holds in the real environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from agents.evaluation.bootstrap_intervals import Bootstrap, clustered_interval, statistic_interval
from agents.evaluation.inflation import compare_worlds
from agents.evaluation.model_exploits import judge_finds
from agents.rollout import Episodes
from agents.vector_tasks.controllers import RANDOM
from agents.vector_tasks.paired import PairedRuns

Facts = dict[str, Any]
RESAMPLES = Bootstrap(resamples=2000)


def judge(runs: PairedRuns, trained: Sequence[str]) -> Facts:
    """Return what the comparison of the two worlds says.

    Args:
        runs: of controllers of all qualities, `RANDOM` among them.
        trained: names of those that were trained in the dream.

    Returns:
        `controllers`: mean return with its interval and mean length in both worlds, by name;
        `best`: the trained one with the highest mean return in the dream, chosen without a
        look at the real returns; `rank_correlation` and `inflation` (how far the gain over
        chance shrinks, of the trained ones); `exploits`: trained ones that surely beat chance
        in the dream and may lose to it in reality; `episode_length`: dreamed over real mean
        length under chance and under the best one; `told`, under these two, what the real
        environment says of its rewards and velocities, means a step.
    """
    best = max(trained, key=lambda name: runs.dream[name].returns.mean())
    compared = compare_worlds(runs.dream, runs.real, RESAMPLES, habit=RANDOM)
    truly_best = max(runs.real.values(), key=lambda each: each.returns.mean())
    finds = judge_finds(
        {name: runs.dream[name] for name in trained},
        runs.real,
        dream_habit=runs.dream[RANDOM],
        truth_habit=runs.real[RANDOM],
        oracle=truly_best,
        bootstrap=RESAMPLES,
    )
    return {
        "best": best,
        "controllers": {
            name: {"dream": numbers(runs.dream[name]), "real": numbers(runs.real[name])}
            for name in runs.real
        },
        "compared": len(runs.real),
        "rank_correlation": compared["rank_correlation"],
        "inflation": {name: compared["inflation"][name] for name in trained},
        "exploits": {
            find.name: {
                "dream_gain": find.dream_gain.plain(),
                "real_gain": find.truth_gain.plain(),
                "is_exploit": find.is_exploit,
            }
            for find in finds
        },
        "episode_length": {
            name: length_ratio(runs.dream[name], runs.real[name]) for name in (RANDOM, best)
        },
        "told": {name: runs.told.get(name, {}) for name in (RANDOM, best)},
    }


def numbers(episodes: Episodes) -> Facts:
    """Return mean return with its interval, and mean length."""
    found = clustered_interval(episodes.returns[None], episodes.users, RESAMPLES)
    return {"return": found.plain(), "length": float(episodes.lengths.mean())}


def length_ratio(dream: Episodes, real: Episodes) -> Facts:
    """Return dreamed over real mean length, with the interval over pairs of episodes, and both."""
    columns = {
        "dream": dream.lengths[None].astype(float),
        "real": real.lengths[None].astype(float),
    }
    ratio = statistic_interval(
        columns, real.users, lambda means: means["dream"] / means["real"], RESAMPLES
    )
    tails = {
        name: dict(zip(("p10", "p50", "p90"), np.quantile(values, [0.1, 0.5, 0.9]), strict=True))
        for name, values in columns.items()
    }
    return {"ratio": ratio.plain(), **tails}
