"""Frames and text of an episode; matplotlib is imported only when drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from human_wm_env.person import schema

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLES = {
    schema.STEPS: "Steps a day",
    schema.SLEEP: "Sleep (hours)",
    schema.HEART_RATE: "Heart rate (bpm)",
    schema.MOOD: "Mood",
}
SHOWN = tuple(TITLES)
LINE, BAND, INK = "#2f6f9f", "#9cc3dd", "#33373d"
LEGEND: dict[str, Any] = {"frameon": False, "fontsize": 8, "labelcolor": INK}


class Days(Protocol):
    """What is drawn of a state of the person worlds, batch-first."""

    row: np.ndarray
    observed: np.ndarray
    day: np.ndarray


def render(trail: Sequence[Days], mode: str, user: str = "") -> np.ndarray | str:
    """Draw the first slot's episode.

    Args:
        trail: states of the person worlds, oldest first.
        mode: "rgb_array" gives uint8 (height, width, 3), "ansi" a string.
        user: the person's id, "" where the caller gave the log.
    """
    rows = np.stack([state.row[0] for state in trail])
    observed = np.stack([state.observed[0] for state in trail])
    days = np.array([int(state.day[0]) - 1 for state in trail])
    if mode == "ansi":
        return as_text(days, rows, observed)
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = episode_figure(days, rows, observed, user)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def as_text(days: np.ndarray, rows: np.ndarray, observed: np.ndarray) -> str:
    """Return a line per day; a masked value is shown as a dot."""
    lines = []
    for day, row, seen in zip(days, rows, observed, strict=True):
        cells = [f"day {day:4d}"]
        for index, feature in enumerate(schema.FEATURES):
            if not seen[index]:
                cells.append(f"{feature.name} .")
            elif isinstance(feature, schema.Continuous):
                unit = "" if feature.unit in feature.name else f" {feature.unit}"
                cells.append(f"{feature.name} {row[index]:.1f}{unit}")
            else:
                cells.append(f"{feature.name} {feature.categories[int(row[index])]}")
        lines.append(" | ".join(cells))
    return "\n".join(lines)


def new_figure(width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure of so many inches, and its axes: one for each of `SHOWN`."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    axes = figure.subplots(len(SHOWN), 1, sharex=True, squeeze=False)[:, 0]
    for axis, index in zip(axes, SHOWN, strict=True):
        style_axis(axis, TITLES[index])
        if isinstance(schema.FEATURES[index], schema.Continuous):
            axis.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
            axis.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))  # no rounded labels
    axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes[-1].set_xlabel("day of the log", color=INK, fontsize=9)
    return figure, list(axes)


def style_axis(axis: Axes, title: str) -> None:
    """Give a panel its title and the look of all panels."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", color="#e6e8eb", linewidth=0.8)
    axis.set_axisbelow(True)
    axis.tick_params(colors=INK, labelsize=9)
    axis.set_title(title, loc="left", color=INK, fontsize=10)


def add_head(figure: Figure, axis: Axes, title: str) -> None:
    """Put the figure's title above one row that names what is drawn in a panel."""
    handles, labels = axis.get_legend_handles_labels()
    head = figure.legend(
        handles,
        labels,
        title=title,
        title_fontsize=12,
        alignment="left",
        loc="outside upper left",
        ncols=len(labels),
        **LEGEND,
    )
    head.get_title().set_color(INK)


def episode_figure(
    days: np.ndarray, rows: np.ndarray, observed: np.ndarray, user: str = ""
) -> Figure:
    """Return one person's days; filled dots are what the tracker saw, hollow ones what it lost.

    Args:
        days: int (days,).
        rows: float (days, 10), raw rows; blank cells of a log are left out.
        observed: bool (days, 10).
        user: the person's id; "" where the caller gave the log.
    """
    figure, axes = new_figure(7.0, 6.6)
    for axis, index in zip(axes, SHOWN, strict=True):
        feature, seen = schema.FEATURES[index], observed[:, index]
        # A log is blank where it is masked; a dream or the simulator knows what was lost.
        blank = 0.0 if isinstance(feature, schema.Continuous) else schema.UNKNOWN_CATEGORY
        values = np.where(~seen & (rows[:, index] == blank), np.nan, rows[:, index])
        if isinstance(feature, schema.Continuous):
            axis.plot(days, values, color=BAND, linewidth=1.0, zorder=1)
        else:
            axis.set_yticks(range(feature.width), feature.categories)
            axis.set_ylim(feature.width - 0.5, -0.5)
        axis.scatter(days[seen], values[seen], s=18, color=LINE, zorder=3, label="logged")
        axis.scatter(
            days[~seen],
            values[~seen],
            s=18,
            facecolor="white",
            edgecolor=LINE,
            linewidth=0.8,
            zorder=2,
            label="lost by the tracker",
        )
    add_head(figure, axes[0], f"{user or 'A log of your own'}, days {days[0]} to {days[-1]}")
    return figure
