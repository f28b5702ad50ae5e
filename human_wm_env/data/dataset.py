"""The container of logged days: users x days x features with a mask per cell."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from human_wm_env.data.disk_arrays import in_parts, is_mapped, let_go
from human_wm_env.errors import ConfigError, DataError, did_you_mean
from human_wm_env.person import schema
from human_wm_env.person.history import (
    LAST_UNDATED_DAY,
    History,
    blank_what_is_not_seen,
    check_mask,
    checked_weekdays,
    weekdays,
)
from human_wm_env.person.impossible_values import OutsideBounds, warn_of_impossible

SPLIT_SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
SPLITS = (*SPLIT_SHARES, "all")
_WHOLE_NUMBER = re.compile(r"[+-]?\d+\.0+")
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class LogDataset:
    """Masked daily logs of several people.

    Masked cells hold 0 (continuous) or -1 (categories), so that nothing behind the
    mask can leak. Build it with `from_arrays`, which checks and blanks. Rows and mask of a large
    folder of logs are mapped from a file (`importers/large_folder.py`): who passes over all people
    takes `parts`, so that only some of them are in memory.

    Attributes:
        rows: float32 (users, days, 10), raw values.
        observed: bool (users, days, 10), True where observed.
        user_ids: one string per user, all different.
        start_weekday: int8 (users,), weekday of the first row, -1 if unknown.
        days_logged: int32 (users,), rows after these are padding and fully masked.
        split_of: one of train, validation, test per user.
        name: what to call the data set in tables.
        start_date: int (users,), proleptic Gregorian ordinal of the first row, up to
            LAST_UNDATED_DAY for somebody without dates; None where no dates are known.
        impossible: what was masked because it was outside the schema's bounds.
    """

    rows: np.ndarray
    observed: np.ndarray
    user_ids: tuple[str, ...]
    start_weekday: np.ndarray
    days_logged: np.ndarray
    split_of: tuple[str, ...]
    name: str
    start_date: np.ndarray | None = None
    impossible: tuple[OutsideBounds, ...] = ()

    @classmethod
    def from_arrays(
        cls,
        rows: np.ndarray,
        observed: np.ndarray,
        *,
        user_ids: Sequence[str] | None = None,
        start_weekday: np.ndarray | None = None,
        days_logged: np.ndarray | None = None,
        start_date: np.ndarray | None = None,
        split_seed: int = 0,
        name: str = "logs",
    ) -> LogDataset:
        """Check the arrays, mask impossible values, blank masked cells, and split the users.

        What was impossible (`person/impossible_values.py`) is named in one `LogWarning`.

        Args:
            rows: float (users, days, 10); anything where masked.
            observed: bool (users, days, 10).
            user_ids: defaults to "0", "1", ...
            start_weekday: defaults to that of start_date, else unknown.
            days_logged: defaults to each person's last day with an observed cell.
            start_date: dates of the first rows as proleptic Gregorian ordinals
                (`date.toordinal`), up to LAST_UNDATED_DAY numbers of days; defaults to unknown.
            split_seed: the people, sorted by id, are shuffled with it, then cut 80 / 10 / 10.
            name: what to call the data set in tables.

        Raises:
            DataError: shapes disagree, ids repeat, an observed value is no value of its
                feature, or most values of a feature are impossible.
        """
        rows, observed = np.asarray(rows), np.asarray(observed)
        if rows.ndim != 3 or rows.shape[2] != schema.FEATURE_COUNT or rows.shape != observed.shape:
            raise DataError(
                f"rows and observed of shape (users, days, {schema.FEATURE_COUNT})",
                f"shapes {rows.shape} and {observed.shape}",
                f"Give one column per feature, in the order {', '.join(schema.FEATURE_NAMES)}.",
            )
        check_mask(observed)
        users, days = rows.shape[:2]
        ids = tuple(plain_id(i) for i in (range(users) if user_ids is None else user_ids))
        if len(ids) != users or len(set(ids)) != users:
            raise DataError(
                f"{users} different user ids",
                f"{len(ids)} ids, {len(set(ids))} of them different",
                "Give each user one id of its own.",
            )
        dates = None if start_date is None else np.asarray(start_date)
        if dates is not None and (dates <= LAST_UNDATED_DAY).all():
            dates = None
        if start_weekday is None and dates is not None:
            start_weekday = np.where(
                dates > LAST_UNDATED_DAY,
                (dates - 1) % schema.DAYS_PER_WEEK,  # ordinal 1 was a Monday
                -1,
            )
        weekday = np.full(users, -1) if start_weekday is None else np.asarray(start_weekday)
        logged = np.full(users, days) if days_logged is None else np.asarray(days_logged)
        for label, array in (
            *(("start_weekday", weekday), ("days_logged", logged)),
            ("start_date", logged if dates is None else dates),
        ):
            if array.shape != (users,):
                raise DataError(
                    f"{label} of shape ({users},)", f"shape {array.shape}", "One value per user."
                )
        weekday = checked_weekdays(weekday)
        if not ((logged >= 0) & (logged <= days) & (logged == np.round(logged))).all():
            raise DataError(
                f"days_logged as whole numbers from 0 to the {days} days of the array",
                f"{np.unique(logged).tolist()[:10]}",
                "Count the rows of each person before the padding.",
            )
        seen = observed & (np.arange(days) < logged[:, None])[:, :, None]
        rows, seen, impossible = blank_what_is_not_seen(rows, seen, ids)
        warn_of_impossible(impossible, name)
        if days_logged is None:
            logged = days_to_last(seen)
        return cls(
            rows=rows,
            observed=seen,
            user_ids=ids,
            start_weekday=weekday,
            days_logged=logged.astype(np.int32),
            split_of=split_people(ids, split_seed),
            name=name,
            start_date=None if dates is None else dates.astype(np.int64),
            impossible=impossible,
        )

    @property
    def users(self) -> int:
        """Number of people."""
        return self.rows.shape[0]

    @property
    def days(self) -> int:
        """Number of days of the longest log."""
        return self.rows.shape[1]

    @cached_property
    def weekday(self) -> np.ndarray:
        """Weekday of every row, int8 (users, days), -1 where unknown."""
        return weekdays(self.start_weekday, self.days)

    @cached_property
    def first_observed_day(self) -> np.ndarray:
        """First day with an observed cell, int (users,); `days` where there is none."""
        first = np.empty(self.users, dtype=np.intp)
        for part, _, observed in self.parts():
            some = np.any(observed, axis=2)
            first[part] = np.where(some.any(axis=1), some.argmax(axis=1), self.days)
        return first

    def __deepcopy__(self, memo: dict[int, object]) -> LogDataset:
        """Return itself: it is never written to, and Gymnasium copies every spec it hands out."""
        return self

    @cached_property
    def _index_of(self) -> Mapping[str, int]:
        return {user_id: index for index, user_id in enumerate(self.user_ids)}

    def index_of(self, user_id: str) -> int:
        """Return the position of a user.

        Raises:
            DataError: there is no such user.
        """
        index = self._index_of.get(plain_id(user_id))
        if index is None:
            raise DataError(
                f"a user of the data set {self.name!r} ({self.users} users)",
                f"user {user_id!r}",
                did_you_mean(str(user_id), self.user_ids[:20])
                if len(self.user_ids) <= 20
                else f"Ids run from {self.user_ids[0]!r} to {self.user_ids[-1]!r}.",
            )
        return index

    def day_of(self, user: int, when: object) -> int:
        """Return the day of a user's log that a date such as "2024-05-01" is; 0 is the first row.

        The day may lie outside the log.

        Raises:
            ConfigError: no date.
            DataError: dates are not known.
        """
        try:
            ordinal = date.fromisoformat(str(when)[:10]).toordinal()
        except ValueError as error:
            raise ConfigError(
                "a day as a whole number or a date as YYYY-MM-DD",
                repr(when),
                "Count days from 0, the first row of the log, or write a date such as 2024-05-01.",
            ) from error
        if self.start_date is None:
            raise DataError(
                f"a day counted from 0: no dates are known of {self.name!r}",
                repr(when),
                "Give LogDataset.from_arrays a start_date, or count days.",
            )
        return ordinal - int(self.start_date[user])

    def date_of(self, user: int, day: int) -> date | None:
        """Return the date of a day of a user's log, None where dates are not known."""
        if self.start_date is None:
            return None
        ordinal = int(self.start_date[user]) + day
        return date.fromordinal(ordinal) if 0 < ordinal <= date.max.toordinal() else None

    def users_of(self, split: str) -> np.ndarray:
        """Return the positions of the people of one split, int (people,).

        Raises:
            DataError: the split is unknown or empty.
        """
        if split not in SPLITS:
            raise DataError(
                f"a split out of {', '.join(SPLITS)}", repr(split), did_you_mean(split, SPLITS)
            )
        if split == "all":
            return np.arange(self.users)
        chosen = np.asarray([i for i, s in enumerate(self.split_of) if s == split])
        if len(chosen) == 0:
            raise DataError(
                f"people in split {split!r}",
                f"none among {self.users} users",
                "Use split='all' for small data sets, as a setting env.split or evaluation.split.",
            )
        return chosen

    def history(self, user: int, day: int) -> History:
        """Return the days before `day` of the user at position `user`; never a later row."""
        rows, observed = self.rows[user, :day], self.observed[user, :day]
        if is_mapped(self.rows):
            rows, observed = np.array(rows), np.array(observed)
            let_go(self.rows, self.observed)
        return History(rows, observed, self.weekday[user, :day])

    def histories(self, users: np.ndarray, days: np.ndarray) -> list[History]:
        """Return the days before `days` of several users, int (n,) each."""
        return [self.history(int(u), int(day)) for u, day in zip(users, days, strict=True)]

    def windows(
        self, users: np.ndarray, starts: np.ndarray, length: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cut windows of equal length.

        Args:
            users: int (windows,), positions of users.
            starts: int (windows,), first day of each window.
            length: days of each window; a window must end within the array.

        Returns:
            rows float32 and observed bool (windows, length, 10), weekday int8 (windows, length).
        """
        days = starts[:, None] + np.arange(length)
        at = (users[:, None], days)
        found = self.rows[at], self.observed[at], self.weekday[at]
        let_go(self.rows, self.observed)
        return found

    def cells(self, users: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return copies of the rows and the mask of some people.

        Args:
            users: int (people,), positions.

        Returns:
            rows float32 and observed bool, (people, days, 10).
        """
        found = self.rows[users], self.observed[users]
        let_go(self.rows, self.observed)
        return found

    def of_people(self, users: np.ndarray) -> LogDataset:
        """Return the logs of some people alone, int (people,), in memory."""
        rows, observed = self.cells(users)
        return replace(
            self,
            rows=rows,
            observed=observed,
            user_ids=tuple(self.user_ids[user] for user in users.tolist()),
            start_weekday=self.start_weekday[users],
            days_logged=self.days_logged[users],
            split_of=tuple(self.split_of[user] for user in users.tolist()),
            start_date=None if self.start_date is None else self.start_date[users],
        )

    def parts(
        self, users: np.ndarray | None = None
    ) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Pass over people, a few at a time.

        Args:
            users: int (people,), positions; None passes over all.

        Yields:
            Which of `users`, and their rows and mask, not to be written to.
        """
        for part in in_parts(self.users if users is None else len(users)):
            if users is None:
                yield part, self.rows[part], self.observed[part]
                let_go(self.rows, self.observed)
            else:
                yield part, *self.cells(users[part])

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what was logged, hexadecimal; goes into manifests."""
        digest = hashlib.sha256()
        for array in (self.rows, self.observed, self.start_weekday, self.days_logged):
            for part in in_parts(len(array)):
                digest.update(np.ascontiguousarray(array[part]).tobytes())
                let_go(array)
        digest.update("\0".join(self.user_ids).encode())
        return digest.hexdigest()

    def to_frame(self) -> Any:
        """Return the logs as a pandas DataFrame; see `human_wm_env.data.frames.to_frame`."""
        from human_wm_env.data.frames import to_frame

        return to_frame(self)

    def _repr_html_(self) -> str:
        from human_wm_env.data.frames import as_html

        return as_html(self)

    def _observed_cells(self) -> int:
        return sum(int(np.count_nonzero(observed)) for _, _, observed in self.parts())

    def described(self) -> dict[str, str | int | float]:
        """Return what a manifest says about the logs; they are recognised by `sha256`."""
        return {
            "name": self.name,
            "users": self.users,
            "days": self.days,
            "observed_share": round(self._observed_cells() / max(1, self.observed.size), 4),
            "sha256": self.fingerprint,
        }


def plain_id(given: object) -> str:
    """Return an id as text; a whole number is written without a decimal point.

    Tables that once had an empty cell write their ids 1 as 1.0: that is the same person.
    """
    text = str(given).strip()
    return text[: text.index(".")] if _WHOLE_NUMBER.fullmatch(text) else text


def in_order(ids: Sequence[str]) -> list[int]:
    """Return the positions of ids sorted as people sort them: p2 before p10."""

    def parts(index: int) -> list[tuple[int, int, str]]:
        cut = _DIGITS.split(ids[index])
        return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in cut if part]

    return sorted(range(len(ids)), key=lambda index: (parts(index), ids[index]))


def split_people(user_ids: Sequence[str], seed: int) -> tuple[str, ...]:
    """Deal people into train, validation and test, 80 / 10 / 10, by a seeded shuffle.

    Every split gets at least one person where there are three or more. It does not depend on
    the order in which people are given.
    """
    users = len(user_ids)
    order = np.random.default_rng(np.random.SeedSequence([seed, users])).permutation(users)
    held_out = max(1, round(users * SPLIT_SHARES["test"])) if users >= 3 else 0
    labels = np.full(users, "train", dtype=object)
    people = np.array(in_order(user_ids), dtype=np.intp)[order]
    labels[people[:held_out]] = "test"
    labels[people[held_out : 2 * held_out]] = "validation"
    return tuple(labels.tolist())


def days_to_last(observed: np.ndarray) -> np.ndarray:
    """Return the days up to the last one with an observed cell, int (users,); 0 without one."""
    some = observed.any(axis=2)
    days: np.ndarray = (some * np.arange(1, observed.shape[1] + 1)).max(axis=1, initial=0)
    return days
