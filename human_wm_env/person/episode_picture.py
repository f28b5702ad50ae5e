"""Frames of an episode: one figure, laid out once, on which only what changed is drawn."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from human_wm_env.extras import extras_named
from human_wm_env.person import schema
from human_wm_env.person.rendering import (
    BAND,
    INK,
    LINE,
    SHOWN,
    add_head,
    as_text,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

# What a panel shows: the first of these that holds all days. A few, since each is laid out anew.
RANGES = {
    schema.STEPS: ((0.0, 20_000.0), (0.0, 50_000.0)),
    schema.SLEEP: ((3.0, 12.0), (0.0, 16.0)),
    schema.HEART_RATE: ((45.0, 105.0), (30.0, 180.0)),
}
KEPT_BACKGROUNDS = 16  # 2 MB each
_DRAWING = threading.Lock()


class Days(Protocol):
    """What is drawn of a state of the person worlds, batch-first."""

    row: np.ndarray
    observed: np.ndarray
    day: np.ndarray


def render(
    trail: Sequence[Days], mode: str, *, slot: int = 0, horizon: int = 1, user: str = ""
) -> np.ndarray | str:
    """Draw one slot's episode so far.

    Args:
        trail: states of the person worlds, oldest first.
        mode: "rgb_array" gives uint8 (height, width, 3), "ansi" a string.
        slot: whose episode.
        horizon: days it may last: the width of the picture.
        user: the person's id, "" where the caller gave the log.
    """
    rows = np.stack([state.row[slot] for state in trail])
    observed = np.stack([state.observed[slot] for state in trail])
    days = np.array([int(state.day[slot]) - 1 for state in trail])
    if mode == "ansi":
        return as_text(days, rows, observed)
    with _DRAWING:  # one figure a process
        picture = _picture()
        picture.show(days, rows, observed, user, last_day=int(days[0]) + horizon)
        return picture.pixels()


class EpisodePicture:
    """One person's days; filled dots are what the tracker saw, hollow ones what it lost.

    Attributes:
        figure: of which only the artists of the days change.
    """

    @extras_named("plot")
    def __init__(self) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        self.figure, axes = new_figure(7.0, 6.6)
        self._canvas = FigureCanvasAgg(self.figure)
        self._axes = dict(zip(SHOWN, axes, strict=True))
        self._lines = {
            index: self._axes[index].plot([], [], color=BAND, linewidth=1.0)[0] for index in RANGES
        }
        self._seen = {index: _dots(axis, LINE) for index, axis in self._axes.items()}
        self._lost = {index: _dots(axis, "white") for index, axis in self._axes.items()}
        self._seen[schema.STEPS].set_label("logged")
        self._lost[schema.STEPS].set_label("lost by the tracker")
        feature = schema.FEATURES[schema.MOOD]
        assert isinstance(feature, schema.Categorical)
        self._axes[schema.MOOD].set_yticks(range(feature.width), feature.categories)
        self._axes[schema.MOOD].set_ylim(feature.width - 0.5, -0.5)
        add_head(self.figure, axes[0], " ")
        self._set_ranges((0, 100), {index: usual for index, (usual, _) in RANGES.items()})
        self._canvas.draw()  # solves the layout, for this once
        self.figure.set_layout_engine("none")
        above = self.figure.legends[0].get_title()
        place = self.figure.transFigure.inverted().transform(above.get_window_extent().p0)
        #: who and when, in the legend's place for a title, which cannot be drawn by itself
        self.title = self.figure.text(
            place[0], place[1] + 0.004, "", fontsize=above.get_fontsize(), color=INK
        )
        changing = (self._lines, self._lost, self._seen)  # the later ones on top
        self._changing = [
            (self._axes[index], line) for of in changing for index, line in of.items()
        ]
        for artist in (self.title, *(line for _, line in self._changing)):
            artist.set_animated(True)
        self._backgrounds: OrderedDict[object, Any] = OrderedDict()

    def show(
        self,
        days: np.ndarray,
        rows: np.ndarray,
        observed: np.ndarray,
        user: str = "",
        *,
        last_day: int | None = None,
    ) -> None:
        """Take an episode to be drawn.

        Args:
            days: int (days,).
            rows: float (days, 10), raw rows; blank cells of a log are left out.
            observed: bool (days, 10).
            user: the person's id; "" where the caller gave the log.
            last_day: right end of the picture; None is the last of the days.
        """
        ranges = {}
        for index in SHOWN:
            seen, continuous = observed[:, index], index in RANGES
            # A log is blank where it is masked; a dream or the simulator knows what was lost.
            blank = 0.0 if continuous else schema.UNKNOWN_CATEGORY
            values = np.where(~seen & (rows[:, index] == blank), np.nan, rows[:, index])
            if continuous:
                self._lines[index].set_data(days, values)
                ranges[index] = _range_of(index, values)
            self._seen[index].set_data(days[seen], values[seen])
            self._lost[index].set_data(days[~seen], values[~seen])
        self._set_ranges((int(days[0]), max(int(days[-1]), last_day or 0)), ranges)
        self.title.set_text(f"{user or 'A log of your own'}, days {days[0]} to {days[-1]}")

    def _set_ranges(self, days: tuple[int, int], ranges: dict[int, tuple[float, float]]) -> None:
        self._background = (days, tuple(ranges.values()))
        self._axes[schema.STEPS].set_xlim(days[0] - 0.7, days[1] + 0.7)  # shared by all
        for index, (low, high) in ranges.items():
            self._axes[index].set_ylim(low, high)

    def pixels(self) -> np.ndarray:
        """Return the picture, uint8 (height, width, 3)."""
        background = self._backgrounds.pop(self._background, None)
        if background is None:
            self._canvas.draw()
            background = self._canvas.copy_from_bbox(self.figure.bbox)
            if len(self._backgrounds) >= KEPT_BACKGROUNDS:
                self._backgrounds.popitem(last=False)
        self._backgrounds[self._background] = background
        self._canvas.restore_region(background)
        for axis, line in self._changing:
            axis.draw_artist(line)
        self.figure.draw_artist(self.title)
        return np.asarray(self._canvas.buffer_rgba())[..., :3].copy()


_picture = functools.cache(EpisodePicture)


def _dots(axis: Axes, colour: str) -> Line2D:
    return axis.plot(
        *([], [], "o"), markersize=4.2, markerfacecolor=colour, markeredgecolor=LINE, mew=0.8
    )[0]


def _range_of(index: int, values: np.ndarray) -> tuple[float, float]:
    """Return the first range of a feature that holds the values, or what they span."""
    known = values[~np.isnan(values)]
    for low, high in RANGES[index]:
        if ((low <= known) & (known <= high)).all():
            return low, high
    low, high = RANGES[index][-1]
    return min(low, float(known.min())), max(high, float(known.max()))
