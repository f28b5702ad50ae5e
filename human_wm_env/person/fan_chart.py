"""The fan chart of a person's imagined futures; matplotlib is imported only when drawing."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from human_wm_env.person import schema
from human_wm_env.person.rendering import (
    BAND,
    INK,
    LEGEND,
    LINE,
    SHOWN,
    add_head,
    date_axis,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Apart for colour-blind readers, too: blue for good moods, warm for bad ones.
MOODS = tuple(
    zip(schema.categories(schema.MOOD), ("#1f6fa8", "#8fc4e3", "#f2b134", "#a63a1e"), strict=True)
)
# Percentiles and colour, the wider band first.
BANDS = ((5, 95, "#d7e6f1"), (25, 75, BAND))
THIN_LINES = 3
HOLLOW: dict[str, Any] = {"facecolors": "none", "edgecolors": INK, "linewidths": 0.9, "zorder": 3}
STRIP = (1.06, 1.26)  # of logged moods, in the units of the shares


def fan_chart(
    logged_rows: np.ndarray,
    logged_mask: np.ndarray,
    *,
    draws: np.ndarray,
    futures: np.ndarray,
    first_day: int,
    title: str,
    first_date: date | None = None,
    later_rows: np.ndarray | None = None,
    later_mask: np.ndarray | None = None,
) -> Figure:
    """Return the imagined futures of one person behind their logged days.

    Bands hold the central 50% and 90% of the draws of each day; thin lines are three of the
    futures. For moods the bars are the share of draws in each mood, and the strip above them
    the logged moods. Hollow dots are days that were logged later.

    Args:
        logged_rows: float (days, 10), raw rows before the start.
        logged_mask: bool (days, 10).
        draws: float (draws, horizon, 10), raw rows of independent draws, 500 or more.
        futures: float (branches, horizon, 10), raw rows of single futures.
        first_day: day of the first imagined row.
        title: of the figure.
        first_date: date of the first imagined row; the axis then has dates.
        later_rows: float (days, 10), raw rows that were logged from the start on, where they are
            known.
        later_mask: bool (days, 10).
    """
    figure, axes = new_figure(8.0, 8.2)
    if first_date is not None:
        first_day = date_axis(axes[-1], first_date)
    before = first_day - len(logged_rows) + np.arange(len(logged_rows))
    ahead = first_day + np.arange(draws.shape[1])
    if later_rows is None or later_mask is None:
        later_rows, later_mask = logged_rows[:0], logged_mask[:0]
    for axis, index in zip(axes, SHOWN, strict=True):
        seen = logged_mask[:, index]
        logged, values = logged_rows[seen, index], draws[..., index]
        known = later_mask[: len(ahead), index]
        later = later_rows[: len(ahead)][known, index]
        after = ahead[: len(known)][known]
        if isinstance(schema.FEATURES[index], schema.Continuous):
            axis.scatter(before[seen], logged, s=9, color=INK, zorder=3, label="logged")
            _fan(axis, ahead, values, futures[..., index])
            if len(later):
                axis.scatter(after, later, s=12, **HOLLOW, label="logged later")
            _limit(axis, values, np.concatenate([logged, later]))
        else:
            _mood_shares(axis, ahead, values)
            _mood_strip(axis, np.append(before[seen], after), np.append(logged, later))
        axis.axvline(first_day - 0.5, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    axes[0].set_xlim(before[0] - 1, ahead[-1] + 1)
    add_head(figure, axes[0], title)
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


def _limit(axis: Axes, draws: np.ndarray, logged: np.ndarray) -> None:
    """Let an axis show the bands and what was logged; a single future may leave it."""
    low, high = np.percentile(draws, [BANDS[0][0], BANDS[0][1]], axis=0)
    shown = np.concatenate([low, high, logged])
    room = 0.08 * float(np.ptp(shown)) or 1.0
    axis.set_ylim(float(shown.min()) - room, float(shown.max()) + room)


def _mood_shares(axis: Axes, ahead: np.ndarray, moods: np.ndarray) -> None:
    bottom = np.zeros(len(ahead))
    for mood, (name, colour) in enumerate(MOODS):
        share = (moods == mood).mean(axis=0)
        axis.bar(ahead, share, bottom=bottom, width=1.0, color=colour, label=name)
        bottom += share
    axis.set_title(f"Mood (share of {len(moods)} draws)", loc="left", color=INK, fontsize=10)
    axis.set_yticks([0.0, 0.5, 1.0, sum(STRIP) / 2], ["0%", "50%", "100%", "logged"])
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(MOODS), **LEGEND)


def _mood_strip(axis: Axes, days: np.ndarray, logged: np.ndarray) -> None:
    """Show logged moods in a strip above the bars."""
    axis.set_ylim(0.0, STRIP[1])
    axis.axhspan(*STRIP, color="#f2f3f5", linewidth=0)
    middle = sum(STRIP) / 2
    for mood, (_, colour) in enumerate(MOODS):
        own = days[logged == mood]
        axis.scatter(own, np.full(len(own), middle), s=14, color=colour, zorder=3)
