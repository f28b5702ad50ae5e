"""A large folder of imported logs, read a person at a time into arrays that stay on disk.

An import writes all days of a person next to one another, in order. Two passes over the shards:
the first finds how long everybody's log is and what is odd about it, the second lays the days out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np

from human_wm_env.data.dataset import LogDataset, days_to_last, in_order
from human_wm_env.data.disk_arrays import DiskArray
from human_wm_env.data.folder import PARQUET, files_of, read_manifest
from human_wm_env.data.importers.folder_table import batches_of
from human_wm_env.data.importers.import_report import ImportReport
from human_wm_env.files.cache import cache_folder
from human_wm_env.person import schema
from human_wm_env.person.history import LONGEST_LOG_DAYS, blank_what_is_not_seen
from human_wm_env.person.impossible_values import (
    FEWEST_VALUES,
    MOST,
    OutsideBounds,
    is_impossible,
    warn_of_impossible,
)

#: logs of so many days of all people together stay on disk; fewer are read into memory
LARGE_PERSON_DAYS = 2_000_000


class NotInOrderError(Exception):
    """The folder has to be read as a table: a row repeats, is out of order, or is refused."""


def is_large(folder: Path) -> bool:
    """Return whether a folder's logs are better not all in memory."""
    manifest = read_manifest(folder)
    days, entries = manifest.get("person_days"), manifest["files"].get("days")
    is_parquet = isinstance(entries, list) and all(
        isinstance(one, dict) and str(one.get("name")).endswith(PARQUET) for one in entries
    )
    return is_parquet and isinstance(days, int) and days > LARGE_PERSON_DAYS


def read_large_folder(
    folder: Path, name: str, split_seed: int, *, refuses_impossible: bool
) -> tuple[LogDataset, ImportReport]:
    """Read a folder of Parquet shards.

    Args:
        folder: of imported logs.
        name: of the data set.
        split_seed: of the split into train, validation and test people.
        refuses_impossible: whether a value outside the schema's bounds is an error.

    Raises:
        NotInOrderError: `read_folder` has to read it, and tells what is wrong.
        DataError: a file is missing, damaged or not as an import writes it; or there is no room.
    """
    files = files_of(folder, "days")
    found = _look_through(files)
    if not any(found.days) or max(found.days) > LONGEST_LOG_DAYS:
        raise NotInOrderError
    if found.wrong_of_all().any() and (refuses_impossible or found.are_of_another_unit()):
        raise NotInOrderError
    whose = [place for place, days in enumerate(found.days) if days]
    ids = [found.ids[place] for place in whose]
    order = in_order(ids)
    chosen = np.array([whose[one] for one in order])
    user_ids = [found.ids[place] for place in chosen]
    impossible = found.outside_bounds(chosen, user_ids)
    warn_of_impossible(impossible, name)
    first = np.array(found.first, dtype=np.int64)[chosen]
    rows, observed, logged = _lay_out(files, user_ids, first, max(found.days))
    nothing = np.empty((len(ids), 0, schema.FEATURE_COUNT), dtype=np.float32)
    # All checks but those of the cells, which were made as these were laid out.
    empty = LogDataset.from_arrays(
        nothing,
        np.zeros(nothing.shape, dtype=bool),
        user_ids=user_ids,
        start_date=first,
        split_seed=split_seed,
        name=name,
    )
    dataset = replace(
        empty, rows=rows, observed=observed, days_logged=logged, impossible=impossible
    )
    last = first + np.array(found.days)[chosen] - 1
    nobody = [place for place, days in enumerate(found.days) if not days]
    report = ImportReport(
        file=folder.name,
        rows_read=sum(found.rows),
        users=len(ids),
        first_date=date.fromordinal(int(first.min())).isoformat(),
        last_date=date.fromordinal(int(last.max())).isoformat(),
        person_days=sum(found.days),
        dates_without_row=sum(found.days) - sum(found.filled),
        empty_rows=sum(found.rows) - sum(found.filled),
        repeated_rows=0,
        outside=impossible,
        ignored_columns=(),
        absent_columns=(),
        people_without_value=tuple(sorted_ids([found.ids[place] for place in nobody])),
        notes=(),
    )
    return dataset, report


def sorted_ids(ids: list[str]) -> list[str]:
    """Return ids as people sort them."""
    return [ids[place] for place in in_order(ids)]


@dataclass
class _Found:
    """What the first pass finds of each person, in the order of the files.

    Attributes:
        ids: of the people.
        first: ordinal of the first day with a value; 0 without one.
        days: from there to the last one.
        rows, filled: rows of the files, and those with a value.
        seen, wrong: int (10,) of each person, values of each feature, and those outside bounds.
        smallest, largest: float32 (10,), of all values outside bounds.
    """

    ids: list[str] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    filled: list[int] = field(default_factory=list)
    seen: list[np.ndarray] = field(default_factory=list)
    wrong: list[np.ndarray] = field(default_factory=list)
    smallest: np.ndarray = field(
        default_factory=lambda: np.full(schema.FEATURE_COUNT, np.inf, dtype=np.float32)
    )
    largest: np.ndarray = field(
        default_factory=lambda: np.full(schema.FEATURE_COUNT, -np.inf, dtype=np.float32)
    )

    def add(self, person: str, days: np.ndarray, values: np.ndarray) -> None:
        """Take a person's rows."""
        has = ~np.isnan(values)
        full = np.flatnonzero(has.any(axis=1))
        self.ids.append(person)
        self.first.append(int(days[full[0]]) if len(full) else 0)
        self.days.append(int(days[full[-1]] - days[full[0]]) + 1 if len(full) else 0)
        self.rows.append(len(days))
        self.filled.append(len(full))
        outside = _outside(values)
        self.seen.append(has.sum(axis=0, dtype=np.int32))
        self.wrong.append(outside.sum(axis=0, dtype=np.int32))
        if outside.any():
            with np.errstate(over="ignore"):
                cells = values.astype(np.float32)
            self.smallest = np.where(outside, cells, self.smallest).min(axis=0)
            self.largest = np.where(outside, cells, self.largest).max(axis=0)

    def wrong_of_all(self) -> np.ndarray:
        """Return how many values of each feature are outside bounds, int (10,)."""
        return np.asarray(np.sum(self.wrong, axis=0, dtype=np.int64))

    def are_of_another_unit(self) -> bool:
        """Return whether most values of a feature are, which is an error."""
        seen, wrong = np.sum(self.seen, axis=0, dtype=np.int64), self.wrong_of_all()
        return bool(((wrong > MOST * seen) & (seen >= FEWEST_VALUES)).any())

    def outside_bounds(self, chosen: np.ndarray, user_ids: list[str]) -> tuple[OutsideBounds, ...]:
        """Return what `mask_impossible` would notice of the people who are kept."""
        total = self.wrong_of_all()
        if not total.any():
            return ()
        seen, wrong = np.array(self.seen)[chosen], np.array(self.wrong)[chosen]
        mostly = (wrong > MOST * seen) & (seen >= FEWEST_VALUES) & (len(chosen) > 1)
        return tuple(
            OutsideBounds(
                schema.continuous(index).name,
                int(total[index]),
                int(seen[:, index].sum()),
                schema.continuous(index).low,
                schema.continuous(index).high,
                float(self.smallest[index]),
                float(self.largest[index]),
                tuple(user_ids[user] for user in np.flatnonzero(mostly[:, index]).tolist()),
            )
            for index in np.flatnonzero(total).tolist()
        )


def _outside(values: np.ndarray) -> np.ndarray:
    """Return which values are impossible, bool (days, 10)."""
    found = np.zeros(values.shape, dtype=bool)
    with np.errstate(over="ignore"):
        cells = values.astype(np.float32)  # as they are judged everywhere
    for index in schema.CONTINUOUS_FEATURES:
        found[:, index] = is_impossible(index, cells[:, index])
    return found


def _look_through(files: list[Path]) -> _Found:
    found, known = _Found(), set[str]()
    for person, days, values in _people(files):
        if person in known or (np.diff(days) <= 0).any():
            raise NotInOrderError
        known.add(person)
        found.add(person, days, values)
    return found


def _lay_out(
    files: list[Path], user_ids: list[str], first: np.ndarray, days: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Write everybody's calendar.

    Returns:
        Rows float32 and observed bool (users, days, 10), both on disk, and the days to the last
        observed cell of each, int32 (users,).
    """
    folder, shape = cache_folder(), (len(user_ids), days, schema.FEATURE_COUNT)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    where = None if folder is None else str(folder)
    logged = np.zeros(len(user_ids), dtype=np.int32)
    place = {person: user for user, person in enumerate(user_ids)}
    with (
        DiskArray(shape, np.float32, where) as rows,
        DiskArray(shape, np.bool_, where) as observed,
    ):
        for person, when, values in _people(files):
            user = place.get(person)
            if user is None:  # without any value
                continue
            full = ~np.isnan(values).all(axis=1)
            own = np.full(shape[1:], np.nan)
            own[when[full] - first[user]] = values[full]
            own[_outside(own)] = np.nan
            cells, seen, _ = blank_what_is_not_seen(own, ~np.isnan(own))
            rows.write(user, cells[None])
            observed.write(user, seen[None])
            logged[user] = days_to_last(seen[None])[0]
        return rows.mapped(), observed.mapped(), logged


def _people(files: list[Path]) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield each run of rows of one person: id, days as ordinals, and values (rows, 10)."""
    person: str | None = None
    days: list[np.ndarray] = []
    values: list[np.ndarray] = []
    for file in files:
        for names, which, when, cells in batches_of(file):
            edges = np.flatnonzero(np.diff(which, prepend=-1, append=-1))
            for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
                name = names[which[begin]]
                if name != person:
                    if person is not None:
                        yield person, np.concatenate(days), np.concatenate(values)
                    person, days, values = name, [], []
                days.append(when[begin:end])
                values.append(cells[begin:end])
    if person is not None:
        yield person, np.concatenate(days), np.concatenate(values)
