from __future__ import annotations

import numpy as np
import pytest

from world_model.card.calibration import LEVELS, calibrate
from world_model.card.figures import coverage_figure, pit_figure
from world_model.card.intervals import Interval


def test_pit_histograms_are_bars_of_each_bin() -> None:
    pit = np.array([0.05, 0.05, 0.95, 0.5])
    each = calibrate(pit, np.array([0, 0, 1, 2]))
    figure = pit_figure({f"day {day}": each for day in range(5)}, "PIT")
    shown = [axis for axis in figure.axes if axis.axison]
    assert [axis.get_title() for axis in shown] == [f"day {day}, 4 cells" for day in range(5)]
    heights = [bar.get_height() for bar in shown[0].patches]
    assert heights == pytest.approx([0.5, 0, 0, 0, 0, 0.25, 0, 0, 0, 0.25])


def test_coverage_is_drawn_with_its_interval_and_one_person_without() -> None:
    covered = {
        "dream": {
            level: Interval(nominal - 0.1, nominal - 0.2, nominal)
            for level, nominal in LEVELS.items()
        },
        "one person": {level: Interval(nominal, None, None) for level, nominal in LEVELS.items()},
    }
    axes = coverage_figure(covered, "Coverage").axes[0]
    dots = [np.asarray(line.get_ydata(), float) for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots[0], [0.4, 0.7, 0.85])
    np.testing.assert_allclose(dots[1], [0.5, 0.8, 0.95])
    first, second = (np.array(bars.get_segments()) for bars in axes.collections)
    np.testing.assert_allclose(first[0, :, 1], [0.3, 0.5])
    assert (second[:, 0, 1] == second[:, 1, 1]).all()
