"""Scores on a scale that means something: habit is 0, the oracle planner is 100."""

from __future__ import annotations

import numpy as np

from agents.evaluation.bootstrap_intervals import Bootstrap, Interval, statistic_interval
from agents.protocol import Plain
from agents.rollout import Episodes

FULL_SCORE = 100.0
LARGE_REGRET_QUANTILE = 0.9


def normalised_score(
    agent: np.ndarray,
    habit: np.ndarray,
    oracle: np.ndarray,
    people: np.ndarray,
    bootstrap: Bootstrap | None = None,
) -> Interval:
    """Return 100 (agent - habit) / (oracle - habit), with an interval over people (and runs).

    Args:
        agent: returns, float (episodes,) or (runs, episodes).
        habit: float (episodes,), on the same starts.
        oracle: likewise.
        people: (episodes,).
        bootstrap: settings; None takes the defaults.
    """
    columns = {"agent": agent, "habit": habit, "oracle": oracle}
    return statistic_interval(
        columns,
        people,
        lambda m: FULL_SCORE * (m["agent"] - m["habit"]) / (m["oracle"] - m["habit"]),
        bootstrap,
    )


def headroom(
    constant: np.ndarray,
    habit: np.ndarray,
    oracle: np.ndarray,
    people: np.ndarray,
    bootstrap: Bootstrap | None = None,
) -> Interval:
    """Return what personalising can gain: (oracle - constant) / (oracle - habit)."""
    columns = {"constant": constant, "habit": habit, "oracle": oracle}
    return statistic_interval(
        columns,
        people,
        lambda m: (m["oracle"] - m["constant"]) / (m["oracle"] - m["habit"]),
        bootstrap,
    )


def score_difference(
    agent: np.ndarray,
    other: np.ndarray,
    habit: np.ndarray,
    oracle: np.ndarray,
    people: np.ndarray,
    bootstrap: Bootstrap | None = None,
) -> Interval:
    """Return how much higher an agent's normalised score is, paired over the same episodes.

    Args:
        agent: returns, float (episodes,) or (runs, episodes).
        other: likewise, with runs of its own.
        habit: float (episodes,).
        oracle: likewise.
        people: (episodes,).
        bootstrap: settings; None takes the defaults.
    """
    columns = {"agent": agent, "other": other, "habit": habit, "oracle": oracle}
    return statistic_interval(
        columns,
        people,
        lambda m: FULL_SCORE * (m["agent"] - m["other"]) / (m["oracle"] - m["habit"]),
        bootstrap,
    )


def score_ratio(
    agent: np.ndarray,
    reference: np.ndarray,
    habit: np.ndarray,
    people: np.ndarray,
    bootstrap: Bootstrap | None = None,
) -> Interval:
    """Return the share of a reference's gain over habit that an agent reaches.

    The oracle cancels out: it is the ratio of two normalised scores.

    Args:
        agent: returns, float (episodes,) or (runs, episodes).
        reference: likewise, with runs of its own.
        habit: float (episodes,).
        people: (episodes,).
        bootstrap: settings; None takes the defaults.
    """
    columns = {"agent": agent, "reference": reference, "habit": habit}
    return statistic_interval(
        columns,
        people,
        lambda m: (m["agent"] - m["habit"]) / (m["reference"] - m["habit"]),
        bootstrap,
    )


def regret_of_people(agent: Episodes, oracle: Episodes) -> Plain:
    """Return what each person loses against the oracle planner, mean over their episodes.

    Returns:
        `mean`, `median`, `large` (the 90% quantile) and `by_person`, ids to regret.
    """
    users, who = np.unique(agent.users, return_inverse=True)
    lost = np.bincount(who, weights=oracle.returns - agent.returns) / np.bincount(who)
    return {
        "mean": float(lost.mean()),
        "median": float(np.median(lost)),
        "large": float(np.quantile(lost, LARGE_REGRET_QUANTILE)),
        "by_person": {str(user): float(value) for user, value in zip(users, lost, strict=True)},
    }
