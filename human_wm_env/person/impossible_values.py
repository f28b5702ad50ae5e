"""What an impossible value is, decided once for all that reads logs: it is masked, and counted.

A value is impossible outside its feature's bounds in `person/schema.py`: a heart rate of 0, a
sentinel of -1, 1e10 steps. Training, worlds, rewards, baselines and the audit see logs after this.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.errors import DataError, LogWarning
from human_wm_env.person import schema

MOST = 0.5  # a larger share of a column outside its bounds is another unit, not a few bad cells
ROUNDING = 1e-5  # of a feature's scale: what float32 leaves of a value on its bound
FEWEST_VALUES = 5  # a column of fewer is no column to judge by
PEOPLE_NAMED = 5

# What trackers export in place of the schema's unit, and how many of these make one of it.
_OTHER_UNITS: dict[int, tuple[tuple[str, float], ...]] = {
    schema.SLEEP: (("minutes", 60.0), ("seconds", 3600.0), ("milliseconds", 3.6e6)),
    schema.MINUTES: (("seconds", 60.0), ("milliseconds", 6e4)),
    schema.DISTANCE: (("metres", 1e3), ("centimetres", 1e5)),
    schema.CALORIES: (("kilojoules", 4.184), ("calories (not kcal)", 1e3), ("joules", 4184.0)),
    schema.HEART_RATE: (("beats per second", 1.0 / 60.0),),
}


@dataclass(frozen=True)
class OutsideBounds:
    """Observed values of one feature outside the schema's bounds; they were masked.

    Attributes:
        feature: its name.
        count: number of such values, of `observed` in all.
        low, high: the bounds.
        smallest, largest: of the values outside.
        mostly: ids of the people of whom most values were outside.
    """

    feature: str
    count: int
    observed: int
    low: float
    high: float
    smallest: float
    largest: float
    mostly: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Of the observed values, in (0, 1]."""
        return self.count / self.observed

    def __str__(self) -> str:
        values = (
            f"{self.smallest:g}"
            if self.smallest == self.largest
            else f"{self.smallest:g} to {self.largest:g}"
        )
        text = (
            f"{self.count} of {self.observed} values of {self.feature} outside {self.low:g} to "
            f"{self.high:g} ({values}), masked"
        )
        if self.mostly:
            more = len(self.mostly) - PEOPLE_NAMED
            names = ", ".join(self.mostly[:PEOPLE_NAMED]) + (
                f" and {more} more" if more > 0 else ""
            )
            text += f", most values of {names}: another unit?"
        return text


def is_impossible(index: int, values: np.ndarray) -> np.ndarray:
    """Return where values of a continuous feature are outside its bounds; NaN is not."""
    slack = ROUNDING * schema.SCALES[index]
    low, high = schema.LOWS[index] - slack, schema.HIGHS[index] + slack
    outside: np.ndarray = (values < low) | (values > high)
    return outside


def mask_impossible(
    rows: np.ndarray, observed: np.ndarray, user_ids: Sequence[str] | None = None
) -> tuple[np.ndarray, tuple[OutsideBounds, ...]]:
    """Return the mask without impossible values, and what was masked.

    Args:
        rows: float32 (days, 10) or (users, days, 10), raw; anything where masked.
        observed: bool, the same shape.
        user_ids: of users, to name those of whom most values are impossible.

    Returns:
        bool, the shape of `observed` (itself where nothing is impossible), and one entry for each
        feature with impossible values.

    Raises:
        DataError: more than half of a feature's values are impossible; it names the likely unit.
    """
    possible, noticed = observed, []
    for index in schema.CONTINUOUS_FEATURES:
        column, seen = rows[..., index], observed[..., index]
        wrong = seen & is_impossible(index, column)
        if not wrong.any():
            continue
        found = _describe(index, column, seen, wrong, user_ids)
        if found.share > MOST and found.observed >= FEWEST_VALUES:
            raise another_unit(index, column[seen], found)
        noticed.append(found)
        if possible is observed:
            possible = observed.copy()
        possible[..., index] &= ~wrong
    return possible, tuple(noticed)


def warn_of_impossible(noticed: Sequence[OutsideBounds], name: str) -> None:
    """Say in one `LogWarning` what was masked, if anything was."""
    if noticed:
        said = "; ".join(map(str, noticed))
        warnings.warn(f"{name}: {said}.", LogWarning, stacklevel=3)


def _describe(
    index: int,
    column: np.ndarray,
    seen: np.ndarray,
    wrong: np.ndarray,
    user_ids: Sequence[str] | None,
) -> OutsideBounds:
    feature, values = schema.continuous(index), column[wrong]
    mostly: tuple[str, ...] = ()
    if user_ids is not None and len(user_ids) > 1:
        of_person, of_them = seen.sum(axis=-1), wrong.sum(axis=-1)
        who = (of_them > MOST * of_person) & (of_person >= FEWEST_VALUES)
        mostly = tuple(user_ids[user] for user in np.flatnonzero(who).tolist())
    return OutsideBounds(
        feature.name,
        int(wrong.sum()),
        int(seen.sum()),
        feature.low,
        feature.high,
        float(values.min()),
        float(values.max()),
        mostly,
    )


def another_unit(index: int, values: np.ndarray, found: OutsideBounds) -> DataError:
    """Build the error for a mostly impossible feature; it names the likely unit."""
    feature = schema.continuous(index)
    remedy = f"Give {feature.name} in {feature.unit}, or leave the column out."
    for unit, factor in _OTHER_UNITS.get(index, ()):
        converted = np.median(values) / factor
        if feature.low <= converted <= feature.high:
            by = f"divide by {factor:g}" if factor >= 1.0 else f"multiply by {1.0 / factor:g}"
            remedy = f"It looks like {unit}: {by}."
            break
    return DataError(
        f"{feature.name} from {feature.low:g} to {feature.high:g} {feature.unit}",
        f"{found.count} of {found.observed} values outside ({found.smallest:g} to "
        f"{found.largest:g})",
        remedy,
    )
