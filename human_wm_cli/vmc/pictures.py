"""Pictures of a run: what V keeps, what M dreams, and dream against reality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from agents.vector_tasks.paired import PairedRuns
from human_wm_cli.console import Facts
from human_wm_env.random_streams import Stream
from human_wm_env.vector_dream.checkpoint import VectorCheckpoint
from human_wm_env.vector_dream.episodes import Episode
from human_wm_env.vector_dream.task import Task, make_real
from human_wm_env.vector_dream.world import VectorDreamWorld

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DREAMS, MOST_STEPS, MOST_ENTRIES = 20, 60, 4
MOST_BARS = 24
REAL, DREAMT, OTHER = "#1f2933", "#2f7ed8", "#b8c1cc"


def groups_of(task: Task) -> dict[str, slice]:
    """Return named stretches of an observation: MuJoCo's own, else every entry.

    Where there are very many entries without names, they come in equal stretches.
    """
    env = make_real(task.env_id, task.kwargs)
    try:
        structure: Mapping[str, int] = getattr(env.unwrapped, "observation_structure", {})
    finally:
        env.close()
    sizes = {name: size for name, size in structure.items() if name != "skipped_qpos" and size}
    if sum(sizes.values()) == task.observation_width:
        ends = np.cumsum(list(sizes.values())).tolist()
        return {
            name: slice(end - size, end)
            for (name, size), end in zip(sizes.items(), ends, strict=True)
        }
    step = -(-task.observation_width // MOST_BARS)
    return {
        f"{first}" if step == 1 else f"{first}..": slice(first, first + step)
        for first in range(0, task.observation_width, step)
    }


def reconstruction(task: Task, of_v: Facts) -> Figure:
    """Draw the variance of each group of entries that V explains, beside PCA."""
    from matplotlib.figure import Figure

    groups = groups_of(task)
    figure = Figure(figsize=(max(5.0, 0.5 * len(groups) + 2.0), 3.2), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(groups))
    for shift, (label, key, colour) in enumerate(
        (("V", "per_entry", DREAMT), ("PCA", "pca_per_entry", OTHER))
    ):
        heights = [_mean(of_v[key][part]) for part in groups.values()]
        axes.bar(places + 0.4 * shift - 0.2, heights, 0.38, label=label, color=colour)
    axes.set_xticks(places, list(groups), rotation=30 if len(groups) > 6 else 0)
    axes.set_ylim(min(0.0, axes.get_ylim()[0]), 1.02)
    axes.set_ylabel("variance explained, held-out episodes")
    axes.set_xlabel("entries of the observation")
    axes.legend(frameon=False)
    return figure


def _mean(values: list[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else 0.0


def futures(checkpoint: VectorCheckpoint, episode: Episode, seed: int) -> Figure:
    """Draw one real episode and dreams of the same actions from its first observation."""
    from matplotlib.figure import Figure

    steps = min(len(episode), MOST_STEPS)
    real, dreamt = episode.observations[: steps + 1], _dreams(checkpoint, episode, steps, seed)
    spread = real.std(axis=0)
    entries = np.sort(np.argsort(-spread, kind="stable")[:MOST_ENTRIES])
    figure = Figure(figsize=(7.0, 1.6 * len(entries) + 0.6), layout="constrained")
    rows = figure.subplots(len(entries), 1, sharex=True, squeeze=False)[:, 0]
    for axes, entry in zip(rows, entries.tolist(), strict=True):
        axes.plot(dreamt[:, :, entry].T, color=DREAMT, alpha=0.35, linewidth=0.8)
        axes.plot(real[:, entry], color=REAL, linewidth=1.8)
        axes.set_ylabel(f"entry {entry}")
    rows[0].set_title(
        f"one held-out real episode (dark) and {DREAMS} dreams of the same actions", fontsize=10
    )
    rows[-1].set_xlabel("step")
    return figure


def _dreams(checkpoint: VectorCheckpoint, episode: Episode, steps: int, seed: int) -> np.ndarray:
    """Return (dreams, steps + 1, width); NaN after a dream's end."""
    world = VectorDreamWorld(checkpoint, view="decoded", uncertainty=False)
    streams = [Stream((seed, 0, 0), (seed, slot, 0)) for slot in range(DREAMS)]
    state, seen = world.reset([episode.observations[0]] * DREAMS, streams)
    found = np.full((DREAMS, steps + 1, seen.shape[1]), np.nan)
    alive = np.ones(DREAMS, dtype=bool)
    found[:, 0] = seen
    for step in range(steps):
        moved = world.step(state, np.repeat(episode.actions[step : step + 1], DREAMS, axis=0))
        state = moved.state
        found[alive, step + 1] = moved.observation[alive]
        alive &= ~moved.terminated
    return found


def controllers(runs: PairedRuns, judged: Facts, trained: list[str]) -> Figure:
    """Draw every controller's mean return in reality against that in the dream."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, 4.4), layout="constrained")
    axes = figure.subplots()
    for name in runs.real:
        dream, real = (world[name].returns.mean() for world in (runs.dream, runs.real))
        own = name in trained
        axes.scatter(
            dream, real, s=46 if own else 18, color=DREAMT if own else OTHER, zorder=2 + own
        )
        if own:
            axes.annotate(name, (dream, real), textcoords="offset points", xytext=(6, -10))
    low, high = axes.get_xlim()
    axes.plot([low, high], [low, high], color=REAL, linewidth=0.8, linestyle=":")
    correlation = judged["rank_correlation"]["mean"]
    axes.set_title(f"{len(runs.real)} controllers, rank correlation {correlation:.2f}", fontsize=10)
    axes.set_xlabel("mean return in the dream")
    axes.set_ylabel("mean return in reality")
    return figure
