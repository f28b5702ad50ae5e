"""Pictures and text of people's days; matplotlib is imported only when drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from human_wm_env import schema

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = (schema.STEPS, schema.SLEEP, schema.HEART_RATE, schema.MOOD)
TITLES = {"steps": "Steps", "sleep_hours": "Sleep", "heart_rate_avg": "Heart rate", "mood": "Mood"}
MOOD_COLOURS = ("#2f9e6e", "#a8c686", "#f2b134", "#d1495b")
LINE, BAND, INK, LOGGED = "#2f6f9f", "#9cc3dd", "#33373d", "#33373d"
BANDS = ((5, 95, 0.35), (25, 75, 0.6))


def render(trail: Sequence[Any], mode: str) -> Any:
    """Draw the first slot's episode.

    Args:
        trail: states of the person worlds, oldest first.
        mode: "rgb_array" gives uint8 (height, width, 3), "ansi" a string.
    """
    rows = np.stack([state.row[0] for state in trail])
    observed = np.stack([state.observed[0] for state in trail])
    days = np.array([int(state.day[0]) - 1 for state in trail])
    if mode == "ansi":
        return as_text(days, rows, observed)
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = episode_figure(days, rows, observed)
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
                cells.append(f"{feature.name} {row[index]:.1f} {feature.unit}")
            else:
                cells.append(f"{feature.name} {feature.categories[int(row[index])]}")
        lines.append(" | ".join(cells))
    return "\n".join(lines)


def _new_figure(panels: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    axes = figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", color="#e6e8eb", linewidth=0.8)
        axis.set_axisbelow(True)
        axis.tick_params(colors=INK, labelsize=9)
    return figure, list(axes)


def episode_figure(days: np.ndarray, rows: np.ndarray, observed: np.ndarray) -> Figure:
    """Return one person's days; filled dots are what the tracker saw, hollow ones what it lost.

    Args:
        days: int (days,).
        rows: float (days, 10), raw rows; blank cells of a log are left out.
        observed: bool (days, 10).
    """
    figure, axes = _new_figure(len(SHOWN), 7.0, 6.0)
    for axis, index in zip(axes, SHOWN, strict=True):
        feature, seen = schema.FEATURES[index], observed[:, index]
        # A log is blank where it is masked; a dream or the simulator knows what was lost.
        blank = 0.0 if isinstance(feature, schema.Continuous) else schema.UNKNOWN_CATEGORY
        values = np.where(~seen & (rows[:, index] == blank), np.nan, rows[:, index])
        if isinstance(feature, schema.Continuous):
            axis.set_ylabel(feature.unit, color=INK, fontsize=9)
        else:
            axis.set_yticks(range(feature.width), feature.categories)
            axis.set_ylim(feature.width - 0.5, -0.5)
        axis.plot(days, values, color=BAND, linewidth=1.0, zorder=1)
        axis.scatter(days[seen], values[seen], s=16, color=LINE, zorder=3)
        axis.scatter(
            days[~seen], values[~seen], s=16, facecolor="white", edgecolor=BAND, zorder=2
        )
        axis.set_title(TITLES[feature.name], loc="left", color=INK, fontsize=10)
    axes[-1].set_xlabel("day", color=INK, fontsize=9)
    return figure


def fan_chart(
    logged_rows: np.ndarray,
    logged_mask: np.ndarray,
    futures: np.ndarray,
    first_day: int,
    title: str,
) -> Figure:
    """Return the imagined futures of one person behind their logged days.

    Bands hold the central 50% and 90% of the futures of each day; thin lines are five of
    them. For moods the bars are the share of futures in each mood.

    Args:
        logged_rows: float (days, 10), raw rows before the start.
        logged_mask: bool (days, 10).
        futures: float (branches, horizon, 10), raw rows.
        first_day: day of the first imagined row.
        title: of the figure.
    """
    figure, axes = _new_figure(len(SHOWN), 8.0, 7.6)
    before = first_day - len(logged_rows) + np.arange(len(logged_rows))
    ahead = first_day + np.arange(futures.shape[1])
    for axis, index in zip(axes, SHOWN, strict=True):
        feature = schema.FEATURES[index]
        if isinstance(feature, schema.Continuous):
            _fan(axis, before, logged_rows, logged_mask, ahead, futures, index)
            axis.set_ylabel(feature.unit, color=INK, fontsize=9)
        else:
            _mood_shares(axis, before, logged_rows, logged_mask, ahead, futures[..., index])
        axis.axvline(first_day - 0.5, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        axis.set_title(TITLES[feature.name], loc="left", color=INK, fontsize=10)
    axes[-1].set_xlabel("day of the log", color=INK, fontsize=9)
    figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize=12)
    return figure


def _fan(
    axis: Axes,
    before: np.ndarray,
    rows: np.ndarray,
    mask: np.ndarray,
    ahead: np.ndarray,
    futures: np.ndarray,
    index: int,
) -> None:
    seen = mask[:, index]
    values = futures[..., index]
    axis.scatter(before[seen], rows[seen, index], s=9, color=LOGGED, zorder=3, label="logged")
    for low, high, alpha in BANDS:
        bottom, top = np.percentile(values, [low, high], axis=0)
        axis.fill_between(
            ahead, bottom, top, color=BAND, alpha=alpha, linewidth=0, label=f"{high - low}%"
        )
    axis.plot(ahead, values[:: max(1, len(values) // 5)][:5].T, color=LINE, linewidth=0.6, alpha=0.6)
    axis.plot(ahead, np.median(values, axis=0), color=LINE, linewidth=1.8, label="median")
    if index == SHOWN[0]:
        axis.legend(frameon=False, fontsize=8, ncols=4, loc="upper left", labelcolor=INK)


def _mood_shares(
    axis: Axes,
    before: np.ndarray,
    rows: np.ndarray,
    mask: np.ndarray,
    ahead: np.ndarray,
    moods: np.ndarray,
) -> None:
    names = schema.categories(schema.MOOD)
    seen = mask[:, schema.MOOD]
    bottom = np.zeros(len(ahead))
    for mood, (name, colour) in enumerate(zip(names, MOOD_COLOURS, strict=True)):
        share = (moods == mood).mean(axis=0)
        axis.bar(ahead, share, bottom=bottom, width=1.0, color=colour, label=name)
        bottom += share
        logged = before[seen & (rows[:, schema.MOOD] == mood)]
        axis.scatter(logged, np.full(len(logged), 0.5), s=12, color=colour, zorder=3)
    axis.set_ylim(0.0, 1.0)
    axis.set_ylabel("share of futures", color=INK, fontsize=9)
    axis.legend(frameon=False, fontsize=8, ncols=4, loc="upper left", labelcolor=INK)
