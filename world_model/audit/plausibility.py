"""Days that contradict themselves, and values outside the bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema
from human_wm_env.person.feasible import HOURS_PER_DAY, MINUTES_PER_HOUR

# Shuffling to sprinting; a tracker that adds some cycling stays below, too.
STRIDE_METRES = (0.3, 2.0)
FEWEST_STEPS = 1000.0  # fewer say nothing about the stride
METRES_PER_KM = 1000.0


@dataclass(frozen=True)
class Plausibility:
    """How often a day contradicts itself.

    Attributes:
        sleep_and_activity_days: days with sleep and active minutes observed.
        over_24_hours: share of them with more than 24 hours of both; None without any.
        stride_days: days with steps (1000 or more) and distance observed.
        odd_stride: share of them with a stride outside 0.3 to 2 m; None without any.
        outside_bounds: per continuous feature, share of its values outside the schema's
            bounds, which are masked, where there are any.
    """

    sleep_and_activity_days: int
    over_24_hours: float | None
    stride_days: int
    odd_stride: float | None
    outside_bounds: dict[str, float]


def check_plausibility(dataset: LogDataset) -> Plausibility:
    """Count days that contradict themselves."""
    sleep, minutes = _both(dataset, schema.SLEEP, schema.MINUTES)
    hours = sleep + minutes / MINUTES_PER_HOUR
    steps, distance = _both(dataset, schema.STEPS, schema.DISTANCE)
    walked = steps >= FEWEST_STEPS
    stride = METRES_PER_KM * distance[walked] / steps[walked]
    odd = (stride < STRIDE_METRES[0]) | (stride > STRIDE_METRES[1])
    return Plausibility(
        sleep_and_activity_days=len(hours),
        over_24_hours=_share(hours > HOURS_PER_DAY),
        stride_days=len(stride),
        odd_stride=_share(odd),
        outside_bounds={one.feature: one.share for one in dataset.impossible},
    )


def _both(dataset: LogDataset, first: int, second: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of two features on the days that have both, float64 (days,)."""
    seen = dataset.observed[..., first] & dataset.observed[..., second]
    rows = dataset.rows
    return rows[..., first][seen].astype(np.float64), rows[..., second][seen].astype(np.float64)


def _share(wrong: np.ndarray) -> float | None:
    return float(wrong.mean()) if len(wrong) else None
