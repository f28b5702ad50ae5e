"""The effect of a change by day, as a fan; matplotlib is imported only when drawing."""

from __future__ import annotations

import textwrap
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from human_wm_env.counterfactual.answer import OutcomeEffect, WhatIf
from human_wm_env.counterfactual.effects import LEVELS, Effect
from human_wm_env.counterfactual.pairs import REWARD
from human_wm_env.extras import extras_named
from human_wm_env.person import schema
from human_wm_env.person.rendering import INK, LINE, add_head, date_axis, day_axis, style_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLES = {
    schema.FEATURE_NAMES[schema.HEART_RATE]: "Heart rate (bpm)",
    schema.FEATURE_NAMES[schema.MOOD]: "Mood (0 Stressed to 1 Happy)",
    REWARD: "Reward of the day (0 to 1)",
}
# Of the intervals in LEVELS, the widest the lightest.
COLOURS = dict(zip(LEVELS, ("#7fb0d1", "#b3d0e4", "#dbe8f2"), strict=True))
OTHERS = "#c2571a"
WIDTH = 125  # characters of a line of the sentence


@extras_named("plot")
def effect_chart(answer: WhatIf) -> Figure:
    """Return the effects on heart rate, mood and reward by day, with the answer's sentence.

    Bands hold the effect on this person, day by day; between the dotted lines lie 90% of the
    effects on people drawn from the population.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 7.6), dpi=110, layout="constrained")
    axes = figure.subplots(len(TITLES), 1, sharex=True)
    if answer.first_date is None:
        day_axis(axes[-1])
        first = answer.day
    else:
        first = date_axis(axes[-1], date.fromisoformat(answer.first_date))
    days = first + np.arange(answer.days)
    for axis, (name, title) in zip(axes, TITLES.items(), strict=True):
        style_axis(axis, title)
        _fan(axis, days, answer.effects[name])
    add_head(figure, axes[0], f'Effect of "{answer.change}" on {answer.user or "this person"}')
    figure.supxlabel(
        textwrap.fill(answer.sentence, WIDTH), x=0.01, ha="left", color=INK, fontsize=8.5
    )
    return figure


def _fan(axis: Axes, days: np.ndarray, effect: OutcomeEffect) -> None:
    marker = "o" if len(days) == 1 else ""
    for level in reversed(LEVELS):
        low, high = _ends(effect.by_day, level)
        label = f"{level}%, this person"
        axis.fill_between(days, low, high, color=COLOURS[level], linewidth=0, label=label)
    for place, ends in enumerate(_ends(effect.population_by_day, LEVELS[-1])):
        label = "" if place else f"{LEVELS[-1]}%, population"
        axis.plot(
            days, ends, marker=marker, color=OTHERS, linewidth=1.2, linestyle=":", label=label
        )
    means = [day.mean for day in effect.by_day]
    axis.plot(days, means, marker=marker, color=LINE, linewidth=2.0, label="mean")
    axis.axhline(0.0, color=INK, linewidth=0.8)


def _ends(effects: list[Effect], level: int) -> np.ndarray:
    """Return lower and upper ends of intervals, (2, effects)."""
    return np.array([effect.intervals[f"{level}%"] for effect in effects]).T
