"""Daily logs in a CSV file: one row a person and date, one column a feature.

The header has `date`, `user_id` (without one all rows are of one person, "me") and any of the
schema's features, in any order; other columns are ignored and reported. A feature without a
column, and an empty cell, are not observed. The text None in workout_type is a category: a rest
day was logged.

A person's log runs from the first to the last date with an observed cell, one row a calendar day;
dates without a row are unobserved. Impossible values are masked (`person/impossible_values.py`).
Nothing is lost silently: see `ImportReport`.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.folder import is_folder_of_logs, splits_by_id
from human_wm_env.data.frames import Frame
from human_wm_env.data.importers.columns import DATE
from human_wm_env.data.importers.csv_table import (
    ONLY_PERSON,
    Table,
    read_table,
    table_of,
    text_rows,
)
from human_wm_env.data.importers.folder_table import read_folder
from human_wm_env.data.importers.import_report import ImportReport
from human_wm_env.data.importers.large_folder import (
    NotInOrderError,
    is_large,
    read_large_folder,
)
from human_wm_env.data.splits import split_by_id
from human_wm_env.errors import DataError, LogWarning
from human_wm_env.person import schema
from human_wm_env.person.history import LONGEST_LOG_DAYS
from human_wm_env.settings import one_of

# A longer log of one person is a mistyped year; it would fill the memory with gaps.
# All logs are as long as the longest. Days that may be laid out for each row of the file, and for
# the whole of a small one: few rows must not fill the memory.
MOST_DAYS_PER_ROW, FEW_DAYS = 100, 2_000_000

Repeated = Literal["error", "first", "last"]
Outside = Literal["mask", "error"]


@dataclass(frozen=True)
class Imported:
    """Logs from a file.

    Attributes:
        dataset: the logs.
        report: what was noticed on the way.
    """

    dataset: LogDataset
    report: ImportReport

    def _repr_html_(self) -> str:
        return self.report._repr_html_() + self.dataset._repr_html_()


def read_daily_csv(
    path: Path | str | Frame,
    *,
    name: str | None = None,
    repeated: str = "error",
    outside: str = "mask",
    date_format: str | None = None,
    split_seed: int = 0,
) -> Imported:
    """Read daily logs; a `LogWarning` says what was odd or impossible.

    Args:
        path: the file, UTF-8, or a folder of imported logs; or a pandas DataFrame with the same
            columns, in which a rest day is the text "None", and NaN and None are not observed.
        name: what to call the data set; defaults to the file's name without its ending.
        repeated: what a second row of the same person and date is: an "error", or
            left out and counted, keeping the "first" or the "last" one.
        outside: what a value outside the schema's bounds is: masked and counted ("mask"), or
            an "error".
        date_format: of `datetime.strptime`, such as "%d/%m/%Y", where dates may be read in two
            ways.
        split_seed: of the split into train, validation and test people.

    Raises:
        DataError: the file, columns or cells are not as described; the message names all of them
            with their lines.
        ConfigError: `repeated` or `outside` is none of the choices.
    """
    one_of(repeated, get_args(Repeated), "repeated")
    one_of(outside, get_args(Outside), "outside")
    if isinstance(path, Frame):
        file, imported = Path("DataFrame"), False
        text = io.StringIO(path.to_csv(index=False), newline="")
        table = table_of(text_rows(text, file.name), file.name, date_format)
    else:
        file = Path(path)
        imported = is_folder_of_logs(file)
        if imported and is_large(file):
            large = _read_large(file, name, outside, split_seed)
            if large is not None:
                return large
        table = read_folder(file) if imported else read_table(file, date_format)
    for note in table.notes:
        warnings.warn(f"{file.name}: {note}.", LogWarning, stacklevel=2)
    kept = _resolve_repetitions(table, repeated)
    if outside == "error":
        _refuse_impossible(kept)
    logs = _assemble(table, kept, file.stem if name is None else name, split_seed)
    return _dealt_by_id(logs, file, split_seed) if imported else logs


def _read_large(file: Path, name: str | None, outside: str, split_seed: int) -> Imported | None:
    """Return logs that stay on disk; None where the folder has to be read as a table."""
    called = file.stem if name is None else name
    try:
        found = read_large_folder(file, called, split_seed, refuses_impossible=outside == "error")
    except NotInOrderError:
        return None
    return _dealt_by_id(Imported(*found), file, split_seed)


def _dealt_by_id(logs: Imported, folder: Path, split_seed: int) -> Imported:
    """Return logs whose people are dealt into splits as their folder says."""
    if not splits_by_id(folder):
        return logs
    dealt = split_by_id(logs.dataset.user_ids, split_seed)
    return replace(logs, dataset=replace(logs.dataset, split_of=dealt))


def _resolve_repetitions(table: Table, repeated: str) -> Table:
    """Return the rows to keep, sorted by person and date."""
    # lexsort is stable: repetitions stay in the order of the file.
    order = np.lexsort((table.day, table.user))
    user, day = table.user[order], table.day[order]
    again = np.zeros(len(order), dtype=bool)
    again[1:] = (user[1:] == user[:-1]) & (day[1:] == day[:-1])
    if repeated == "error" and again.any():
        second = int(np.flatnonzero(again)[0])
        rows = order[[second - 1, second]]
        when = date.fromordinal(int(table.day[rows[1]])).isoformat()
        who = table.user_ids[table.user[rows[1]]]
        raise DataError(
            "one row for each person and date",
            f"user {who!r} twice on {when} ({table.file}, lines {table.line[rows[0]]} and "
            f"{table.line[rows[1]]}, column {DATE}; {int(again.sum())} repeated rows in all)",
            "Remove one of them, or load the file with read_daily_csv(..., repeated='first')."
            + (" Several people need a column user_id." if who == ONLY_PERSON else ""),
        )
    dropped = again if repeated != "last" else np.append(again[1:], False)
    return table[order[~dropped]]


def _refuse_impossible(table: Table) -> None:
    for index in schema.CONTINUOUS_FEATURES:
        feature = schema.continuous(index)
        column = table.values[:, index]
        wrong = (column < feature.low) | (column > feature.high)  # False for NaN
        if wrong.any():
            row = int(np.flatnonzero(wrong)[np.argmin(table.line[wrong])])
            raise DataError(
                f"{feature.name} from {feature.low:g} to {feature.high:g} {feature.unit}",
                f"{column[row]:g} ({table.file}, line {table.line[row]}, column {feature.name}; "
                f"{int(wrong.sum())} such values in all)",
                "Correct it, or load the file with read_daily_csv(..., outside='mask').",
            )


def _assemble(table: Table, kept: Table, name: str, split_seed: int) -> Imported:
    """Lay the rows with an observed cell on each person's calendar."""
    full = ~np.isnan(kept.values).all(axis=1)
    filled = kept[full]
    if not full.any():
        raise DataError(
            "at least one observed value", f"none ({table.file})", "Export the logs again."
        )
    present = np.unique(filled.user)
    user_ids = tuple(table.user_ids[user] for user in present)
    user = np.searchsorted(present, filled.user)
    begins = np.searchsorted(user, np.arange(len(present)))
    ends = np.append(begins[1:], len(user)) - 1
    first, days = filled.day[begins], filled.day[ends] - filled.day[begins] + 1
    _check_length(filled, user_ids, begins, ends, days)
    rows = np.full((len(present), int(days.max()), schema.FEATURE_COUNT), np.nan)
    rows[user, filled.day - first[user]] = filled.values
    dataset = LogDataset.from_arrays(
        rows,
        ~np.isnan(rows),
        user_ids=user_ids,
        start_date=first,
        split_seed=split_seed,
        name=name,
    )
    report = ImportReport(
        file=table.file,
        rows_read=len(table.user),
        users=len(present),
        first_date=date.fromordinal(int(filled.day.min())).isoformat(),
        last_date=date.fromordinal(int(filled.day.max())).isoformat(),
        person_days=int(days.sum()),
        dates_without_row=int(days.sum()) - len(filled.user),
        empty_rows=int(np.isnan(table.values).all(axis=1).sum()),
        repeated_rows=len(table.user) - len(kept.user),
        outside=dataset.impossible,
        ignored_columns=table.ignored_columns,
        absent_columns=table.absent_columns,
        people_without_value=tuple(
            table.user_ids[one] for one in np.setdiff1d(np.arange(len(table.user_ids)), present)
        ),
        notes=table.notes,
        read_as=table.read_as,
    )
    return Imported(dataset, report)


def _check_length(
    table: Table, user_ids: tuple[str, ...], begins: np.ndarray, ends: np.ndarray, days: np.ndarray
) -> None:
    longest = int(days.argmax())
    if days[longest] > LONGEST_LOG_DAYS:
        rows = [int(begins[longest]), int(ends[longest])]
        dates = [date.fromordinal(int(table.day[row])).isoformat() for row in rows]
        raise DataError(
            f"at most {LONGEST_LOG_DAYS} days from a person's first to last date",
            f"{days[longest]} days of user {user_ids[longest]!r}: {dates[0]} to {dates[1]} "
            f"({table.file}, lines {table.line[rows[0]]} and {table.line[rows[1]]}, column {DATE})",
            "Look for a mistyped year.",
        )
    laid_out = len(days) * int(days.max())
    if laid_out > max(FEW_DAYS, MOST_DAYS_PER_ROW * len(table.user)):
        raise DataError(
            f"at most {MOST_DAYS_PER_ROW} days laid out for each row",
            f"{len(days)} people of up to {days.max()} days with {len(table.user)} rows in all "
            f"({table.file})",
            "Look for a mistyped year, or import people with long logs by themselves.",
        )
