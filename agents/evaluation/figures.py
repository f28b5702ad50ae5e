"""Figures of a benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from agents.protocol import Manifest

MOST_NAMED = 10  # policies of a picture that are all named; of more only the references
COLOURS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0")


def score_figure(scores: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw normalised scores with their intervals, the best on top.

    Args:
        scores: by agent, {mean, low, high}; one person has no low and high.
    """
    names = sorted(scores, key=lambda name: scores[name]["mean"])
    figure = Figure(figsize=(7.0, 0.3 * len(names) + 1.2), layout="constrained")
    axes = figure.subplots()
    for place, name in enumerate(names):
        score = scores[name]
        ends = [score.get(end, score["mean"]) for end in ("low", "high")]
        axes.plot(ends, [place, place], color=COLOURS[0], linewidth=3)
        axes.plot(score["mean"], place, "o", color=COLOURS[0])
    axes.set_yticks(range(len(names)), names)
    for reference in (0, 100):
        axes.axvline(reference, color="0.7", linewidth=1, zorder=0)
    axes.set_xlabel("score in the simulator (habit 0, oracle planner 100)")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def transfer_figure(dream: Mapping[str, float], truth: Mapping[str, float], title: str) -> Figure:
    """Draw each policy's mean return in the dream against that in the simulator."""
    figure = Figure(figsize=(5.0, 5.0), layout="constrained")
    axes = figure.subplots()
    names = [name for name in truth if name in dream]
    x, y = [truth[name] for name in names], [dream[name] for name in names]
    low, high = min(x + y) - 0.5, max(x + y) + 0.5
    axes.plot([low, high], [low, high], color="0.7", linewidth=1)
    axes.scatter(x, y, color=COLOURS[0], s=18)
    few = len(names) <= MOST_NAMED
    named = [name for name in names if few or name in ("habit", "best_constant", "random")]
    _name_points(axes, {name: (truth[name], dream[name]) for name in named}, low, high)
    axes.set(xlim=(low, high), ylim=(low, high), title=title)
    axes.set(xlabel="return in the simulator", ylabel="return in the dream")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _name_points(
    axes: Axes, points: Mapping[str, tuple[float, float]], low: float, high: float
) -> None:
    """Write names beside points, away from the diagonal's end and apart from each other."""
    gap = 0.045 * (high - low)
    placed, above = {}, -np.inf
    for name, (x, y) in sorted(points.items(), key=lambda item: item[1][1]):
        placed[name] = above = max(y + (-gap if x < 0.5 * (low + high) else gap), above + gap)
    excess = max(0.0, above - (high - gap))
    for name, (x, y) in points.items():
        right = x < 0.5 * (low + high)
        axes.annotate(
            name,
            (x, y),
            xytext=(
                x + (0.03 if right else -0.03) * (high - low),
                max(placed[name] - excess, low + 0.5 * gap),
            ),
            ha="left" if right else "right",
            va="center",
            fontsize=8,
            arrowprops={"arrowstyle": "-", "color": "0.7", "linewidth": 0.6, "shrinkB": 3},
        )


def sweep_figure(rows: Sequence[Manifest], setting: str) -> Figure:
    """Draw returns in dream and simulator over a setting of the training.

    Args:
        rows: each with the setting, `dream` and `simulator` as {mean, low, high}.
        setting: its name.
    """
    figure = Figure(figsize=(5.0, 3.4), layout="constrained")
    axes = figure.subplots()
    x = [row[setting] for row in rows]
    for world, colour in zip(("dream", "simulator"), COLOURS, strict=False):
        mean = [row[world]["mean"] for row in rows]
        below = [row[world]["mean"] - row[world].get("low", row[world]["mean"]) for row in rows]
        above = [row[world].get("high", row[world]["mean"]) - row[world]["mean"] for row in rows]
        axes.errorbar(x, mean, (below, above), marker="o", capsize=3, color=colour, label=world)
    axes.set(xlabel=setting, ylabel="return of the agent")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
