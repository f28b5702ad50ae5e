"""What a benchmark says: table, transfer, sweeps, exploits, and the verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from agents.evaluation.benchmark_entries import (
    BACKPROP,
    DISTILLED,
    EXPLOIT,
    HYBRID,
    BenchmarkEntry,
)
from agents.evaluation.bootstrap_intervals import Bootstrap, clustered_interval, plain_iqm
from agents.evaluation.episode_cache import mean_over_runs
from agents.evaluation.inflation import compare_worlds, inflation
from agents.evaluation.model_exploits import judge_finds
from agents.evaluation.ranked_pairs import ranked_pairs
from agents.evaluation.scores import (
    headroom,
    normalised_score,
    regret_of_people,
    score_difference,
    score_ratio,
)
from agents.protocol import Manifest, Plain
from agents.rollout import Episodes

TRUTH, DREAM, HABIT, ORACLE, CONSTANT = "simulator", "dream", "habit", "oracle", "best_constant"
USUAL = "ppo dream context"  # trained with the usual temperature, pessimism and adherence
DREAM_AGENTS = (BACKPROP, DISTILLED, HYBRID, USUAL)
SINGLE = (ORACLE, CONSTANT, HABIT, "random")


@dataclass(frozen=True)
class BenchmarkResults:
    """Everything that was judged.

    Attributes:
        entries: who was trained.
        episodes: episodes[world][name].
    """

    entries: list[BenchmarkEntry]
    episodes: Mapping[str, Mapping[str, Episodes]]


def report(results: BenchmarkResults, bootstrap: Bootstrap | None = None) -> Plain:
    """Return the numbers of the benchmark page, ready for JSON."""
    truth, dream = results.episodes[TRUTH], results.episodes[DREAM]
    groups: dict[str, list[str]] = {name: [name] for name in SINGLE if name in truth}
    for entry in results.entries:
        groups.setdefault(entry.group, []).append(entry.name)
    varied = {c.group for c in results.entries if c.setting or c.group.startswith(EXPLOIT)}
    table = [
        _row(group, names, truth, dream, bootstrap)
        for group, names in groups.items()
        if group not in varied
    ]
    table.sort(key=lambda row: -row["return"]["mean"])
    transfer = {
        world: compare_worlds(of, truth, bootstrap)
        for world, of in results.episodes.items()
        if world != TRUTH and "," not in world
    }
    sweeps = {
        name: _sweep(name, results, bootstrap) for name in ("temperature", "pessimism", "adherence")
    }
    exploits = _exploits(results, bootstrap)
    return {
        "table": table,
        "transfer": transfer,
        "pairs": {
            world: ranked_pairs(of, truth, full_score=_oracle_gain(truth))
            for world, of in results.episodes.items()
            if world in transfer
        },
        "sweeps": sweeps,
        "exploits": exploits,
        "verdicts": _verdicts(transfer, exploits, groups, truth, bootstrap),
    }


def _oracle_gain(truth: Mapping[str, Episodes]) -> float:
    return float((truth[ORACLE].returns - truth[HABIT].returns).mean())


def _row(
    group: str,
    names: list[str],
    truth: Mapping[str, Episodes],
    dream: Mapping[str, Episodes],
    bootstrap: Bootstrap | None,
) -> Plain:
    runs = [truth[name] for name in names]
    mean, habit, oracle = mean_over_runs(runs), truth[HABIT], truth[ORACLE]
    every = _returns(truth, names)
    score = normalised_score(every, habit.returns, oracle.returns, mean.users, bootstrap)
    row: Plain = {
        "agent": group,
        "runs": len(runs),
        "return": clustered_interval(every, mean.users, bootstrap).plain(),
        "iqm": plain_iqm(every.reshape(-1), np.tile(mean.users, len(runs)), bootstrap),
        "score": score.plain(),
        "score_of_runs": [
            normalised_score(run, habit.returns, oracle.returns, mean.users, bootstrap).mean
            for run in every
        ],
        "regret": regret_of_people(mean, oracle),
        "components": {name: float(v.mean()) for name, v in mean.components.items()},
    }
    if all(name in dream for name in names):
        row["dream return"] = clustered_interval(
            _returns(dream, names), mean.users, bootstrap
        ).plain()
        ratio = inflation([dream[name] for name in names], dream[HABIT], runs, habit, bootstrap)
        row["inflation"] = None if ratio is None else ratio.plain()
    return row


def _returns(of: Mapping[str, Episodes], names: Sequence[str]) -> np.ndarray:
    """Return the returns of runs, (runs, episodes)."""
    return np.stack([of[name].returns for name in names])


def _sweep(name: str, results: BenchmarkResults, bootstrap: Bootstrap | None) -> list[Any]:
    """Return a row per value; the agent that was trained as usual stands for the usual one."""
    varied = {c.setting[1]: c for c in results.entries if c.setting and c.setting[0] == name}
    if not varied:
        return []
    usual = [c for c in results.entries if c.group == USUAL]
    if usual and getattr(usual[0].env, name) is not None:
        varied.setdefault(getattr(usual[0].env, name), usual[0])
    rows = []
    for value, entry in varied.items():
        own, real = DREAM, TRUTH
        if entry.own_world is not None:
            own = f"dream, {name} {value:g}"
            real = f"simulator, {name} {value:g}" if name == "adherence" else TRUTH
        row: Plain = {name: value}
        for label, world in ((DREAM, own), (TRUTH, real)):
            of = results.episodes[world]
            users = of[HABIT].users
            row[label] = clustered_interval(of[entry.name].returns, users, bootstrap).plain()
            row[f"{label} habit"] = float(of[HABIT].returns.mean())
        rows.append(row)
    return sorted(rows, key=lambda row: row[name])


def _exploits(results: BenchmarkResults, bootstrap: Bootstrap | None) -> list[Plain]:
    """Return what was found in dreams of the searched temperatures, and by others in them."""
    truth = results.episodes[TRUTH]
    searches = [c for c in results.entries if c.group.startswith(EXPLOIT) and c.own_world]
    rows: list[Plain] = []
    for value in sorted({c.own_world[1] for c in searches if c.own_world}):
        dream = results.episodes[f"dream, temperature {value:g}"]
        names = [c.name for c in results.entries if c.name in dream]
        finds = judge_finds(
            {name: dream[name] for name in names},
            truth,
            dream_habit=dream[HABIT],
            truth_habit=truth[HABIT],
            oracle=truth[ORACLE],
            bootstrap=bootstrap,
        )
        rows += [{"temperature": value, **asdict(find)} for find in finds]
    return rows


def _verdicts(
    transfer: Manifest,
    exploits: list[Plain],
    groups: Mapping[str, list[str]],
    truth: Mapping[str, Episodes],
    bootstrap: Bootstrap | None,
) -> Plain:
    habit, oracle, users = truth[HABIT].returns, truth[ORACLE].returns, truth[HABIT].users
    gainable = headroom(truth[CONSTANT].returns, habit, oracle, users, bootstrap)

    def beats(one: str, other: str) -> dict[str, float]:
        first, second = (_returns(truth, groups[name]) for name in (one, other))
        return score_difference(first, second, habit, oracle, users, bootstrap).plain()

    def share(name: str, other: str) -> dict[str, float]:
        one, reference = (_returns(truth, groups[each]) for each in (name, other))
        return score_ratio(one, reference, habit, users, bootstrap).plain()

    searched = [find for find in exploits if find["name"].startswith(EXPLOIT)]
    found: Plain = {
        "headroom (wanted .20)": gainable.plain(),
        "policy ranking: rank correlation (wanted .9)": transfer[DREAM]["rank_correlation"],
        "calibration: median inflation (wanted .85 to 1.1)": transfer[DREAM]["median_inflation"],
        "exploitability: exploits (wanted none)": sum(find["is_exploit"] for find in exploits),
        "exploitability: most gained in a searched dream over the simulator": max(
            (find["dream_gain"]["mean"] - find["truth_gain"]["mean"] for find in searched),
            default=None,
        ),
        "planner minus best constant, score": beats("planner", CONSTANT),
        "planner minus planner in an untrained dream, score": beats(
            "planner", "planner, untrained dream"
        ),
    }
    for group in (*DREAM_AGENTS, *(g for g in groups if g.startswith("residual_planner"))):
        if group in groups:
            lift = f"optimisation lift: {group}, share of the planner's gain"
            found[lift] = share(group, "planner")
    pair = (USUAL, "ppo simulator context")
    if all(name in groups for name in pair):
        found["ppo from the dream, share of ppo from the simulator (wanted .95)"] = share(*pair)
        found["ppo from the simulator minus best constant, score"] = beats(pair[1], CONSTANT)
        found["ppo from the dream minus best constant, score"] = beats(pair[0], CONSTANT)
    return found
