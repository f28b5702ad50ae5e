"""What an evaluation says: one row per agent, one JSON-ready result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from agents.evaluation.bootstrap_intervals import (
    Bootstrap,
    clustered_interval,
    paired_interval,
    plain_iqm,
)
from agents.evaluation.paired_runs import Results
from agents.evaluation.scores import normalised_score, regret_of_people
from agents.protocol import Manifest, Plain
from agents.rollout import Episodes

REFERENCES = ("habit", "random")
HABIT, ORACLE = "habit", "oracle"  # 0 and 100 of the normalised score


def summarise(
    results: Results,
    bootstrap: Bootstrap | None = None,
    *,
    references: Sequence[str] = REFERENCES,
) -> dict[str, dict[str, Plain]]:
    """Return means and intervals as plain numbers.

    Args:
        results: results[world][agent], of `run_paired`.
        bootstrap: settings of the intervals; None takes the defaults.
        references: agents that the others are compared with, where they took part.

    Returns:
        summary[world][agent], each with `return`, `iqm` and `minus_<reference>` as
        {mean, low, high} (`iqm` without the ends where no person has two episodes), `components`
        as means, `uncertainty`, `episodes`, `people`; where habit and the oracle took part,
        also `score` (habit 0, oracle 100) and `regret`.
    """
    return {
        world: {
            name: _summary(name, episodes, of_agents, references, bootstrap)
            for name, episodes in of_agents.items()
        }
        for world, of_agents in results.items()
    }


def _summary(
    name: str,
    episodes: Episodes,
    of_agents: Mapping[str, Episodes],
    references: Sequence[str],
    bootstrap: Bootstrap | None,
) -> Plain:
    users = episodes.users
    differences = {
        f"minus_{reference}": paired_interval(
            episodes.returns, of_agents[reference].returns, users, bootstrap
        ).plain()
        for reference in references
        if reference in of_agents and reference != name
    }
    return {
        "return": clustered_interval(episodes.returns, users, bootstrap).plain(),
        "iqm": plain_iqm(episodes.returns, users, bootstrap),
        **differences,
        **_scores(episodes, of_agents, bootstrap),
        "components": {part: float(v.mean()) for part, v in episodes.components.items()},
        "uncertainty": float(episodes.uncertainty.mean()),
        "episodes": len(users),
        "people": len(np.unique(users)),
    }


def _scores(
    episodes: Episodes, of_agents: Mapping[str, Episodes], bootstrap: Bootstrap | None
) -> Plain:
    if HABIT not in of_agents or ORACLE not in of_agents:
        return {}
    habit, oracle = of_agents[HABIT], of_agents[ORACLE]
    score = normalised_score(
        episodes.returns, habit.returns, oracle.returns, episodes.users, bootstrap
    )
    return {"score": score.plain(), "regret": regret_of_people(episodes, oracle)}


def table_rows(summary: Mapping[str, Mapping[str, Manifest]], truth: str) -> list[Plain]:
    """Lay a summary out for printing.

    Args:
        summary: of `summarise`.
        truth: the world whose differences and components are shown; the last one of the
            summary where it took no part.

    Returns:
        One row per agent: its return in each world, then its paired differences and its
        reward components in the world `truth`.
    """
    shown = truth if truth in summary else list(summary)[-1]
    rows = []
    for name, of_agent in summary[shown].items():
        row: Plain = {"agent": name}
        for world in summary:
            there = summary[world].get(name)
            row[f"return in {world}"] = interval_text(there["return"]) if there else None
        row["IQM"] = interval_text(of_agent["iqm"])
        if "score" in of_agent:
            row["score"] = interval_text(of_agent["score"])
        for key, value in of_agent.items():
            if key.startswith("minus_"):
                row[f"- {key.removeprefix('minus_')}"] = interval_text(value)
        row |= {part: round(mean, 3) for part, mean in of_agent["components"].items()}
        rows.append(row)
    return rows


def brief_rows(summary: Mapping[str, Mapping[str, Manifest]], truth: str) -> list[Plain]:
    """Lay out returns alone, and what they are over habit: a table of less than 100 columns.

    Args:
        summary: of `summarise`.
        truth: as in `table_rows`.
    """
    kept = ("agent", "return in", "score", f"- {HABIT}")
    return [
        {
            key.replace(f"- {HABIT}", f"over {HABIT}"): value
            for key, value in row.items()
            if key.startswith(kept)
        }
        for row in table_rows(summary, truth)
    ]


def log_rows(
    estimates: Mapping[str, Manifest],
    summary: Mapping[str, Mapping[str, Manifest]],
) -> list[Plain]:
    """Lay estimates from the log out beside the returns in the worlds.

    Args:
        estimates: by agent, see `estimate_agents`.
        summary: of `summarise`.
    """
    return [
        {
            "agent": name,
            "fitted Q": interval_text(estimate["fitted_q"]),
            "doubly robust": interval_text(estimate["doubly_robust"]),
            "effective windows": round(estimate["effective_windows"], 1),
            **{world: interval_text(of[name]["return"]) for world, of in summary.items()},
        }
        for name, estimate in estimates.items()
    ]


def interval_text(value: Mapping[str, float], digits: int = 2) -> str:
    """Write a value with its interval, where it has one."""
    mean = f"{value['mean']:.{digits}f}"
    if value.get("low") is None:
        return mean
    return f"{mean} [{value['low']:.{digits}f}, {value['high']:.{digits}f}]"
