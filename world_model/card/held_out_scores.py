"""Forecasters beside each other: gains and coverage, with intervals over people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from world_model.card.calibration import LEVELS, Calibration
from world_model.card.forecasts import Cells
from world_model.card.intervals import Interval, mean_interval, mean_of_ratios, ratio_interval
from world_model.card.requirements import coverage_gaps

AVERAGE = "average"


@dataclass(frozen=True)
class Comparison:
    """The model beside the baseline, on one feature or on the average over features.

    Attributes:
        cells: how many were judged.
        r2, crps: of the model; r2_baseline, crps_baseline: of the baseline.
        r2_gain, crps_gain: how much better the model is, with 95% intervals over people; of
            the CRPS as a share of the baseline's.
    """

    cells: int
    r2: float
    r2_baseline: float
    crps: float
    crps_baseline: float
    r2_gain: Interval
    crps_gain: Interval


@dataclass(frozen=True)
class Summary:
    """Where the model is significantly worse one day ahead, and how far coverage is off.

    Attributes:
        significantly_worse: features, and by which score.
        average_r2_gain, average_crps_gain: of the average over features.
        r2_gain_over_blend, crps_gain_over_blend: likewise, over the blend of the statistical
            forecasters.
        coverage_off: the largest distance of the model's coverage from nominal;
            coverage_off_where: on which level and horizon.
    """

    significantly_worse: list[str]
    average_r2_gain: Interval
    average_crps_gain: Interval
    r2_gain_over_blend: Interval
    crps_gain_over_blend: Interval
    coverage_off: float
    coverage_off_where: str


Coverage = dict[str, dict[str, Interval]]  # by feature and level


@dataclass(frozen=True)
class HeldOutScores:
    """What forecasts of held-out days are worth; `dataclasses.asdict` makes it JSON-able.

    Attributes:
        about: data, checkpoints and settings.
        days_ahead: the dream beside the baseline, by horizon and feature, with their average.
        forecasters: statistical ones beside the baseline, by horizon, name and feature.
        dream_beside: the dream beside each of those (as `r2_baseline`), likewise.
        coverage: by forecaster and horizon.
        summary: see there.
        pit: how the PIT values of the dream and of the baseline are distributed, by horizon.
    """

    about: dict[str, object]
    days_ahead: dict[str, dict[str, Comparison]]
    forecasters: dict[str, dict[str, dict[str, Comparison]]]
    dream_beside: dict[str, dict[str, dict[str, Comparison]]]
    coverage: dict[str, dict[str, Coverage]]
    summary: Summary
    pit: dict[str, dict[str, Calibration]] = field(default_factory=dict)


def compare(one: Mapping[str, Cells], other: Mapping[str, Cells]) -> dict[str, Comparison]:
    """Compare a forecaster with the baseline, feature by feature and on the average.

    Features that took a single value on all these days are left out.
    """
    errors, crps = {}, {}  # what is gained, over what, and by whom, of each feature
    rows = {}
    for name, cells in one.items():
        baseline = other[name]
        spread = cells.squared_spread
        if not (spread.sum() > 0.0 and baseline.crps.sum() > 0.0):
            continue
        errors[name] = (baseline.squared_error - cells.squared_error, spread, cells.users)
        crps[name] = (baseline.crps - cells.crps, baseline.crps, cells.users)
        rows[name] = Comparison(
            cells=len(cells.users),
            r2=float(1.0 - cells.squared_error.sum() / spread.sum()),
            r2_baseline=float(1.0 - baseline.squared_error.sum() / spread.sum()),
            crps=float(cells.crps.mean()),
            crps_baseline=float(baseline.crps.mean()),
            r2_gain=ratio_interval(*errors[name]),
            crps_gain=ratio_interval(*crps[name]),
        )
    means = {
        key: float(np.mean([getattr(row, key) for row in rows.values()]))
        for key in ("r2", "r2_baseline", "crps", "crps_baseline")
    }
    rows[AVERAGE] = Comparison(
        cells=sum(row.cells for row in rows.values()),
        **means,
        r2_gain=mean_of_ratios(list(errors.values())),
        crps_gain=mean_of_ratios(list(crps.values())),
    )
    return rows


def coverage(cells: Mapping[str, Cells]) -> Coverage:
    """Return the share of cells inside each central interval: by feature, and of all."""
    users = np.concatenate([each.users for each in cells.values()])
    whole = {
        level: np.concatenate([each.inside(level) for each in cells.values()]) for level in LEVELS
    }
    return {
        **{
            name: {level: mean_interval(each.inside(level), each.users) for level in LEVELS}
            for name, each in cells.items()
        },
        "all": {level: mean_interval(inside, users) for level, inside in whole.items()},
    }


def summarise(
    days_ahead: Mapping[str, Mapping[str, Comparison]],
    over_blend: Comparison,
    covered: Mapping[str, Coverage],
) -> Summary:
    """Say where the model is significantly worse, and how far its coverage is from nominal."""
    first = days_ahead[min(days_ahead, key=int)]
    worse = [
        f"{name} ({what})"
        for name, row in first.items()
        for what, gain in (("R2", row.r2_gain), ("CRPS", row.crps_gain))
        if gain.below_zero
    ]
    off = coverage_gaps({f"{horizon} ahead": each["all"] for horizon, each in covered.items()})
    where = max(off, key=lambda place: off[place])
    average = first[AVERAGE]
    return Summary(
        worse,
        average.r2_gain,
        average.crps_gain,
        over_blend.r2_gain,
        over_blend.crps_gain,
        off[where],
        where,
    )
