"""Daily logs in a CSV file: one row a person and date, one column a feature.

The header has `user_id`, `date` (YYYY-MM-DD) and the ten features of the schema, in any
order; other columns are ignored and reported. An empty cell is not observed. The
text None in workout_type is a category: a rest day was logged.

A person's log runs from the first to the last date, one row a calendar day; dates
without a row are unobserved. Nothing is lost silently: see `ImportReport`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.importers.cells import Place
from human_wm_env.data.importers.csv_table import DATE, Table, read_table
from human_wm_env.data.importers.import_report import ImportReport, OutsideBounds
from human_wm_env.errors import DataError
from human_wm_env.person import schema
from human_wm_env.settings import one_of

# A longer log of one person is a mistyped year; it would fill the memory with gaps.
LONGEST_LOG_DAYS = 7320
# All logs are as long as the longest. Days that may be laid out for each row of the file, and for
# the whole of a small one: few rows must not fill the memory.
MOST_DAYS_PER_ROW, FEW_DAYS = 100, 2_000_000

Repeated = Literal["error", "first", "last"]
Outside = Literal["keep", "mask", "error"]


@dataclass(frozen=True)
class Imported:
    """Logs from a file.

    Attributes:
        dataset: the logs.
        report: what was noticed on the way.
    """

    dataset: LogDataset
    report: ImportReport


def read_daily_csv(
    path: Path | str,
    *,
    name: str | None = None,
    repeated: str = "error",
    outside: str = "keep",
    split_seed: int = 0,
) -> Imported:
    """Read daily logs.

    Args:
        path: the file, UTF-8.
        name: what to call the data set; defaults to the file's name without its ending.
        repeated: what a second row of the same person and date is: an "error", or
            left out and counted, keeping the "first" or the "last" one.
        outside: what a value outside the schema's bounds is: kept as logged and
            counted ("keep"; the nets see it clipped, `schema.encode_rows`), masked
            and counted ("mask"), or an "error".
        split_seed: of the split into train, validation and test people.

    Raises:
        DataError: the file, a column or a cell is not as described; the message names
            file, line and column.
        ConfigError: `repeated` or `outside` is none of the choices.
    """
    one_of(repeated, get_args(Repeated), "repeated")
    one_of(outside, get_args(Outside), "outside")
    file = Path(path)
    table = read_table(file)
    kept = _resolve_repetitions(table, repeated)
    noticed = _outside_bounds(kept, outside)
    return _assemble(table, kept, noticed, file.stem if name is None else name, split_seed)


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
            "Remove one of them, or read the file with repeated='first' or 'last' "
            "(data.repeated=first).",
        )
    dropped = again if repeated != "last" else np.append(again[1:], False)
    return table[order[~dropped]]


def _outside_bounds(table: Table, outside: str) -> tuple[OutsideBounds, ...]:
    """Count what is outside the bounds, and mask it in place where asked."""
    noticed = []
    for index in schema.CONTINUOUS_FEATURES:
        feature = schema.continuous(index)
        column = table.values[:, index]
        wrong = (column < feature.low) | (column > feature.high)  # False for NaN
        if not wrong.any():
            continue
        if outside == "error":
            row = int(np.flatnonzero(wrong)[np.argmin(table.line[wrong])])
            raise DataError(
                f"{feature.name} from {feature.low:g} to {feature.high:g} {feature.unit}",
                f"{column[row]:g} ({Place(table.file, int(table.line[row]), feature.name)}; "
                f"{int(wrong.sum())} such values in all)",
                "Correct it, or read the file with outside='keep' or 'mask' (data.outside=mask).",
            )
        values = column[wrong]
        noticed.append(
            OutsideBounds(
                feature.name,
                int(wrong.sum()),
                feature.low,
                feature.high,
                float(values.min()),
                float(values.max()),
                outside == "mask",
            )
        )
        if outside == "mask":
            column[wrong] = np.nan
    return tuple(noticed)


def _assemble(
    table: Table,
    kept: Table,
    noticed: tuple[OutsideBounds, ...],
    name: str,
    split_seed: int,
) -> Imported:
    """Lay the rows on each person's calendar."""
    people = len(table.user_ids)
    begins = np.searchsorted(kept.user, np.arange(people))
    ends = np.append(begins[1:], len(kept.user)) - 1
    first = kept.day[begins]
    logged = kept.day[ends] - first + 1
    _check_length(kept, begins, ends, logged)
    rows = np.full((people, int(logged.max()), schema.FEATURE_COUNT), np.nan)
    rows[kept.user, kept.day - first[kept.user]] = kept.values
    dataset = LogDataset.from_arrays(
        rows,
        ~np.isnan(rows),
        user_ids=table.user_ids,
        start_weekday=(first - 1) % schema.DAYS_PER_WEEK,  # ordinal 1 was a Monday
        days_logged=logged,
        split_seed=split_seed,
        name=name,
    )
    report = ImportReport(
        file=table.file,
        rows_read=len(table.user),
        users=people,
        first_date=date.fromordinal(int(table.day.min())).isoformat(),
        last_date=date.fromordinal(int(table.day.max())).isoformat(),
        person_days=int(logged.sum()),
        dates_without_row=int(logged.sum()) - len(kept.user),
        empty_rows=int(np.isnan(table.values).all(axis=1).sum()),
        repeated_rows=len(table.user) - len(kept.user),
        outside=noticed,
        ignored_columns=table.ignored_columns,
    )
    return Imported(dataset, report)


def _check_length(table: Table, begins: np.ndarray, ends: np.ndarray, logged: np.ndarray) -> None:
    longest = int(logged.argmax())
    if logged[longest] > LONGEST_LOG_DAYS:
        rows = [int(begins[longest]), int(ends[longest])]
        dates = [date.fromordinal(int(table.day[row])).isoformat() for row in rows]
        raise DataError(
            f"at most {LONGEST_LOG_DAYS} days from a person's first to last date",
            f"{logged[longest]} days of user {table.user_ids[longest]!r}: {dates[0]} to {dates[1]} "
            f"({table.file}, lines {table.line[rows[0]]} and {table.line[rows[1]]}, column {DATE})",
            "Look for a mistyped year.",
        )
    laid_out = len(logged) * int(logged.max())
    if laid_out > max(FEW_DAYS, MOST_DAYS_PER_ROW * len(table.user)):
        raise DataError(
            f"at most {MOST_DAYS_PER_ROW} days laid out for each row",
            f"{len(logged)} people of up to {logged.max()} days with {len(table.user)} rows in all "
            f"({table.file})",
            "Look for a mistyped year, or import people with long logs by themselves.",
        )
