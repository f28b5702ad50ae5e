"""The log of one person before a day, and what a masked cell holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.errors import DataError
from human_wm_env.person import schema
from human_wm_env.person.impossible_values import (
    OutsideBounds,
    mask_impossible,
    warn_of_impossible,
)

LONGEST_LOG_DAYS = 7320
# A log without dates has numbers of days in their place: dates of the years 1 to 20.
FIRST_UNDATED_DAY, LAST_UNDATED_DAY = 1, LONGEST_LOG_DAYS


@dataclass(frozen=True)
class History:
    """Consecutive logged days of one person, the newest last.

    Attributes:
        rows: float32 (days, 10), raw values, 0 (or -1 for categories) where masked.
        observed: bool (days, 10), True where observed.
        weekday: int8 (days,), 0 = Monday, -1 = unknown.
    """

    rows: np.ndarray
    observed: np.ndarray
    weekday: np.ndarray

    @property
    def days(self) -> int:
        """Number of days."""
        return len(self.rows)

    @classmethod
    def from_arrays(
        cls, rows: np.ndarray, observed: np.ndarray, start_weekday: int = -1
    ) -> History:
        """Check a caller's log, and blank its masked cells and impossible values.

        What was impossible is named in one `LogWarning`.

        Args:
            rows: float (days, 10), raw values; anything, NaN included, where masked.
            observed: bool (days, 10).
            start_weekday: weekday of the first row, -1 if unknown.

        Raises:
            DataError: shapes, types or observed values are not those of the schema.
        """
        rows, observed = np.asarray(rows), np.asarray(observed)
        if rows.ndim != 2 or rows.shape[1] != schema.FEATURE_COUNT or rows.shape != observed.shape:
            raise DataError(
                f"rows and observed of shape (days, {schema.FEATURE_COUNT})",
                f"shapes {rows.shape} and {observed.shape}",
                f"Give one column per feature, in the order {', '.join(schema.FEATURE_NAMES)}.",
            )
        weekday = checked_weekdays(np.asarray(start_weekday))
        blanked, possible, noticed = blank_what_is_not_seen(rows, observed)
        warn_of_impossible(noticed, "history")
        return cls(blanked, possible, weekdays(weekday, len(rows)))

    def followed_by(self, rows: np.ndarray, observed: np.ndarray) -> History:
        """Return the log with the days after it, of which only the observed cells are read.

        Args:
            rows: float (days, 10), raw values.
            observed: bool (days, 10).
        """
        more = History.from_arrays(rows, observed)
        following = weekdays(int(self.weekday[-1]), more.days + 1)[1:]
        return History(
            np.concatenate([self.rows, more.rows]),
            np.concatenate([self.observed, more.observed]),
            np.concatenate([self.weekday, following]),
        )


def weekdays(start_weekday: int | np.ndarray, days: int) -> np.ndarray:
    """Return the weekdays of `days` consecutive days; unknown stays unknown.

    Args:
        start_weekday: int or int (users,), -1 where unknown.
        days: number of days.

    Returns:
        int8 (days,) or (users, days).
    """
    start = np.arange(-1, schema.DAYS_PER_WEEK)[:, None]
    running = (start + np.arange(days)) % schema.DAYS_PER_WEEK
    # One row for each way to begin: of many people nothing wider than a byte is made.
    begun = np.where(start < 0, -1, running).astype(np.int8)
    return np.asarray(begun[np.asarray(start_weekday, dtype=np.intp) + 1])


def blank_what_is_not_seen(
    rows: np.ndarray, observed: np.ndarray, user_ids: Sequence[str] | None = None
) -> tuple[np.ndarray, np.ndarray, tuple[OutsideBounds, ...]]:
    """Mask impossible values; return rows whose masked cells hold nothing that could leak.

    Masked continuous cells become 0, masked categories become -1.

    Args:
        rows: float (days, 10) or (users, days, 10); anything where masked.
        observed: bool, the same shape.
        user_ids: see `mask_impossible`.

    Returns:
        float32 rows and bool mask, copies, and what was impossible.

    Raises:
        DataError: the mask is not boolean, an observed cell is not a value of its feature, or
            most values of a feature are impossible.
    """
    check_mask(observed)
    try:
        with np.errstate(over="ignore"):  # what is masked may be anything
            blanked = np.array(rows, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise DataError(
            "numbers; categories as their index in the schema",
            f"rows of dtype {rows.dtype}",
            "Look the indices up in human_wm_env.person.schema.FEATURES.",
        ) from error
    for index, feature in enumerate(schema.FEATURES):
        column, seen = blanked[..., index], observed[..., index]
        if isinstance(feature, schema.Continuous):
            column[~seen] = 0.0
            valid = np.isfinite(column)
            expected = f"finite {feature.name} ({feature.unit}) where observed"
        else:
            column[~seen] = schema.UNKNOWN_CATEGORY
            is_index = (column >= 0) & (column < feature.width) & (column == np.round(column))
            valid = ~seen | is_index
            expected = f"{feature.name} as an index below {feature.width} where observed"
        if not valid.all():
            received = column[~valid].flat[0]
            raise DataError(expected, f"{received}", "Mask the cell, or mend the value.")
    possible, noticed = mask_impossible(blanked, observed, user_ids)
    if possible is observed:
        return blanked, observed.copy(), noticed
    blanked[observed & ~possible] = 0.0  # only numbers can be outside bounds
    return blanked, possible, noticed


def check_mask(observed: np.ndarray) -> None:
    """Raise DataError where a mask is not boolean."""
    if observed.dtype != np.bool_:
        raise DataError(
            "a boolean mask, True where observed",
            f"dtype {observed.dtype}",
            "Convert it explicitly; some files mark MISSING cells with True or 1.",
        )


def checked_weekdays(start_weekday: np.ndarray) -> np.ndarray:
    """Return weekdays as int8, or raise DataError."""
    if not np.isin(start_weekday, np.arange(-1, schema.DAYS_PER_WEEK)).all():
        raise DataError(
            "weekdays from 0 (Monday) to 6 (Sunday), or -1 for unknown",
            f"{np.unique(start_weekday).tolist()}",
            "Convert the weekday of each person's first row.",
        )
    return start_weekday.astype(np.int8)
