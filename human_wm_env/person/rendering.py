"""What figures of people share, and an episode as text; matplotlib is imported to draw only."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from human_wm_env.extras import extras_named
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


@extras_named("plot")
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
    day_axis(axes[-1])
    return figure, list(axes)


def day_axis(axis: Axes) -> None:
    """Let an axis show days of a log."""
    from matplotlib.ticker import MaxNLocator

    axis.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axis.set_xlabel("day of the log", color=INK, fontsize=9)


def date_axis(axis: Axes, first_date: date) -> int:
    """Let an axis show dates; return where on it a date stands."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

    locator = AutoDateLocator()
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axis.set_xlabel("")
    return int(date2num(first_date))


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
