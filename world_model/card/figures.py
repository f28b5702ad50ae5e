"""Pictures of a model card: are forecasts as wide as they should be?"""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from world_model.card.calibration import BINS, LEVELS, Calibration
from world_model.card.intervals import Interval

COLOURS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#9c6ade", "#8a8f98")
_ROW = 4  # panels of PIT histograms side by side


def pit_figure(calibrations: Mapping[str, Calibration], title: str) -> Figure:
    """Draw PIT histograms: flat is calibrated, a hill too wide, a valley too narrow.

    Args:
        calibrations: by what they are of, a panel each.
        title: of the figure.
    """
    rows = -(-len(calibrations) // _ROW)
    figure = Figure(figsize=(9.0, 2.0 * rows + 0.8), layout="constrained")
    panels = figure.subplots(rows, _ROW, sharey=True, squeeze=False).ravel()
    for axis, (name, each) in zip(panels, calibrations.items(), strict=False):
        places = [(bar + 0.5) / BINS for bar in range(BINS)]
        axis.bar(places, each.histogram, width=0.9 / BINS, color=COLOURS[0])
        axis.axhline(1.0 / BINS, color="0.4", linewidth=1)
        axis.set_title(f"{name}, {each.cells:,} cells", fontsize=9)
        axis.set_xlim(0.0, 1.0)
    for axis in panels[len(calibrations) :]:
        axis.set_axis_off()
    for axis in panels:
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title)
    figure.supxlabel("where the logged value lies among the draws (PIT)", fontsize=9)
    figure.supylabel("share of cells", fontsize=9)
    return figure


def coverage_figure(covered: Mapping[str, Mapping[str, Interval]], title: str) -> Figure:
    """Draw how many logged values central intervals hold, against how many they should.

    Args:
        covered: by line and level, such as "50%".
        title: of the figure.
    """
    figure = Figure(figsize=(6.0, 5.0), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="calibrated")
    apart = 0.012  # lines side by side, so that their intervals can be told apart
    for place, (name, levels) in enumerate(covered.items()):
        x = [LEVELS[level] + apart * (place - (len(covered) - 1) / 2) for level in levels]
        means = [each.mean for each in levels.values()]
        below = [0.0 if each.low is None else each.mean - each.low for each in levels.values()]
        above = [0.0 if each.high is None else each.high - each.mean for each in levels.values()]
        colour = COLOURS[place % len(COLOURS)]
        axes.errorbar(x, means, (below, above), fmt="o", ms=4, capsize=2, color=colour, label=name)
    axes.set_xticks(list(LEVELS.values()), list(LEVELS))
    axes.set_yticks(list(LEVELS.values()), list(LEVELS))
    axes.set(xlim=(0.4, 1.02), ylim=(0.3, 1.02), title=title)
    axes.set(xlabel="nominal", ylabel="share of logged values inside, 95% intervals over people")
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
