"""Are futures as wide as they should be? Randomised PIT values and coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from world_model.card.intervals import Interval, mean_interval

LEVELS = {"50%": 0.5, "80%": 0.8, "95%": 0.95}
BINS = 10


def randomised_pit(draws: np.ndarray, truth: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Return where the truth lies among the draws, in [0, 1).

    If the truth is one more draw of the forecast, the result is exactly uniform, with ties
    broken at random: for point masses and for categories (by their order in the schema).

    Args:
        draws: float (n, draws).
        truth: float (n,).
        uniform: float (n,), noise in [0, 1).

    Source: Smith 1985; Czado, Gneiting & Held 2009 for the randomised form.
    """
    below = (draws < truth[:, None]).sum(axis=1)
    equal = (draws == truth[:, None]).sum(axis=1)
    position: np.ndarray = (below + uniform * (equal + 1)) / (draws.shape[1] + 1)
    return position


@dataclass(frozen=True)
class Calibration:
    """How one forecaster's PIT values are distributed over some observed cells.

    Attributes:
        cells: how many.
        coverage: by level, the share of cells inside the central interval.
        histogram: share of cells in each of ten equal bins, 0.1 each if calibrated.
    """

    cells: int
    coverage: dict[str, Interval]
    histogram: list[float]

    @property
    def worst(self) -> float:
        """The largest distance from nominal of any level."""
        return max(abs(self.coverage[name].mean - level) for name, level in LEVELS.items())


def calibrate(pit: np.ndarray, people: np.ndarray) -> Calibration:
    """Summarise PIT values; the central interval of level L holds those within L / 2 of 0.5.

    Args:
        pit: float (cells,), in [0, 1).
        people: (cells,), whose they are.
    """
    inside = {name: np.abs(pit - 0.5) <= level / 2.0 for name, level in LEVELS.items()}
    counts, _ = np.histogram(pit, bins=BINS, range=(0.0, 1.0))
    return Calibration(
        cells=len(pit),
        coverage={name: mean_interval(hit, people) for name, hit in inside.items()},
        histogram=[float(share) for share in counts / max(1, len(pit))],
    )
