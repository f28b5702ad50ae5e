"""A column that is mostly impossible is in another unit: refused, with the unit it looks like."""

from __future__ import annotations

import numpy as np

from human_wm_env.errors import DataError
from human_wm_env.exports.merging import Impossible
from human_wm_env.person import schema

FEWEST_CELLS = 5
# Units that a column may be in, and what its numbers are divided by.
_UNITS: dict[int, tuple[tuple[str, float], ...]] = {
    schema.SLEEP: (("minutes", 60.0), ("seconds", 3600.0), ("milliseconds", 3.6e6)),
    schema.DISTANCE: (("metres", 1000.0), ("centimetres", 1e5)),
    schema.CALORIES: (("kJ", 4.184), ("cal", 1000.0), ("thousands of kcal", 0.001)),
    schema.MINUTES: (("seconds", 60.0), ("milliseconds", 60000.0)),
    schema.HEART_RATE: (("beats a second", 1 / 60),),
}


def check_units(impossible: Impossible) -> None:
    """Raise a DataError where most cells of a feature were impossible."""
    for feature in schema.CONTINUOUS_FEATURES:
        wrong, right = int(impossible.cells[feature]), int(impossible.possible[feature])
        if wrong < FEWEST_CELLS or wrong <= right:
            continue
        bounds = schema.continuous(feature)
        median = float(np.median(impossible.values[feature]))
        likely = next(
            (
                (unit, factor)
                for unit, factor in _UNITS.get(feature, ())
                if bounds.low <= median / factor <= bounds.high
            ),
            None,
        )
        remedy = (
            f"They look like {likely[0]}: divide the column by {likely[1]:g}."
            if likely
            else "Leave the column out, or correct it."
        )
        raise DataError(
            f"{bounds.name} in {bounds.unit}, {bounds.low:g} to {bounds.high:g}",
            f"{wrong} of {wrong + right} days outside, in the middle {median:g}",
            remedy,
        )
