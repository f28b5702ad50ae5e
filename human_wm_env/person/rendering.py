"""Pictures and text of people's days; matplotlib is imported only when drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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
MOODS = tuple(
    zip(schema.categories(schema.MOOD), ("#2f9e6e", "#a8c686", "#f2b134", "#d1495b"), strict=True)
)
LINE, BAND, INK = "#2f6f9f", "#9cc3dd", "#33373d"
# Percentiles and colour, the wider band first.
BANDS = ((5, 95, "#d7e6f1"), (25, 75, BAND))
THIN_LINES = 3
STRIP = (1.06, 1.26)  # of logged moods, in the units of the shares
LEGEND: dict[str, Any] = {"frameon": False, "fontsize": 8, "labelcolor": INK}


def render(trail: Sequence[Any], mode: str, user: str = "") -> Any:
    """Draw the first slot's episode.

    Args:
        trail: states of the person worlds, oldest first.
        mode: "rgb_array" gives uint8 (height, width, 3), "ansi" a string.
        user: the person's id, "" for somebody whose log the caller gave.
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


def _new_figure(width: float, height: float) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    axes = figure.subplots(len(SHOWN), 1, sharex=True, squeeze=False)[:, 0]
    for axis, index in zip(axes, SHOWN, strict=True):
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", color="#e6e8eb", linewidth=0.8)
        axis.set_axisbelow(True)
        axis.tick_params(colors=INK, labelsize=9)
        axis.set_title(TITLES[index], loc="left", color=INK, fontsize=10)
        if isinstance(schema.FEATURES[index], schema.Continuous):
            axis.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
            axis.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))  # no rounded labels
    axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes[-1].set_xlabel("day of the log", color=INK, fontsize=9)
    return figure, list(axes)


def _head(figure: Figure, axis: Axes, title: str) -> None:
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
        user: the person's id; "" is somebody whose log the caller gave.
    """
    figure, axes = _new_figure(7.0, 6.6)
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
    _head(figure, axes[0], f"{user or 'A log of your own'}, days {days[0]} to {days[-1]}")
    return figure


def fan_chart(
    logged_rows: np.ndarray,
    logged_mask: np.ndarray,
    *,
    draws: np.ndarray,
    futures: np.ndarray,
    first_day: int,
    title: str,
) -> Figure:
    """Return the imagined futures of one person behind their logged days.

    Bands hold the central 50% and 90% of the draws of each day; thin lines are three of the
    futures. For moods the bars are the share of draws in each mood, and the strip above them
    the logged moods.

    Args:
        logged_rows: float (days, 10), raw rows before the start.
        logged_mask: bool (days, 10).
        draws: float (draws, horizon, 10), raw rows of independent draws, 500 or more.
        futures: float (branches, horizon, 10), raw rows of single futures.
        first_day: day of the first imagined row.
        title: of the figure.
    """
    figure, axes = _new_figure(8.0, 8.2)
    before = first_day - len(logged_rows) + np.arange(len(logged_rows))
    ahead = first_day + np.arange(draws.shape[1])
    for axis, index in zip(axes, SHOWN, strict=True):
        seen = logged_mask[:, index]
        logged, values = logged_rows[seen, index], draws[..., index]
        if isinstance(schema.FEATURES[index], schema.Continuous):
            axis.scatter(before[seen], logged, s=9, color=INK, zorder=3, label="logged")
            _fan(axis, ahead, values, futures[..., index])
        else:
            _mood_shares(axis, ahead, values)
            _mood_strip(axis, before[seen], logged, first_day)
        axis.axvline(first_day - 0.5, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    axes[0].set_xlim(before[0] - 1, ahead[-1] + 1)
    _head(figure, axes[0], title)
    return figure


def _fan(axis: Axes, ahead: np.ndarray, draws: np.ndarray, futures: np.ndarray) -> None:
    """Draw bands and median of draws (draws, horizon), and some futures (branches, horizon)."""
    for low, high, colour in BANDS:
        bottom, top = np.percentile(draws, [low, high], axis=0)
        label = f"{high - low}% of {len(draws)} draws"
        axis.fill_between(ahead, bottom, top, color=colour, linewidth=0, label=label)
    # The first, the middle and the last of the 125 share no draw of any block.
    chosen = np.unique(np.linspace(0, len(futures) - 1, THIN_LINES).round().astype(int))
    for place, future in enumerate(futures[chosen]):
        label = "" if place else f"{len(chosen)} single futures"
        axis.plot(ahead, future, color=LINE, linewidth=0.6, alpha=0.8, label=label)
    axis.plot(ahead, np.median(draws, axis=0), color=LINE, linewidth=2.0, label="median")


def _mood_shares(axis: Axes, ahead: np.ndarray, moods: np.ndarray) -> None:
    from matplotlib.ticker import PercentFormatter

    bottom = np.zeros(len(ahead))
    for mood, (name, colour) in enumerate(MOODS):
        share = (moods == mood).mean(axis=0)
        axis.bar(ahead, share, bottom=bottom, width=1.0, color=colour, label=name)
        bottom += share
    axis.set_title(f"Mood (share of {len(moods)} draws)", loc="left", color=INK, fontsize=10)
    axis.set_yticks([0.0, 0.5, 1.0])
    axis.yaxis.set_major_formatter(PercentFormatter(1.0))
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(MOODS), **LEGEND)


def _mood_strip(axis: Axes, before: np.ndarray, logged: np.ndarray, first_day: int) -> None:
    """Show logged moods in a strip above the bars."""
    axis.set_ylim(0.0, STRIP[1])
    axis.axhspan(*STRIP, color="#f2f3f5", linewidth=0)
    middle = sum(STRIP) / 2
    for mood, (_, colour) in enumerate(MOODS):
        days = before[logged == mood]
        axis.scatter(days, np.full(len(days), middle), s=14, color=colour, zorder=3)
    axis.text(first_day, middle, "logged", va="center", color=INK, fontsize=8)
