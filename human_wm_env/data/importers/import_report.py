"""What an importer did with a file: every row and value that is not what it seems."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OutsideBounds:
    """Observed values of one feature outside the schema's bounds.

    Attributes:
        feature: its name.
        count: number of such values.
        low, high: the bounds.
        smallest, largest: of the values outside.
        masked: they were masked; otherwise they were kept as logged.
    """

    feature: str
    count: int
    low: float
    high: float
    smallest: float
    largest: float
    masked: bool

    def __str__(self) -> str:
        done = "masked" if self.masked else "kept as logged"
        return (
            f"{self.count} of {self.feature} outside {self.low:g} to {self.high:g} "
            f"({self.smallest:g} to {self.largest:g}), {done}"
        )


@dataclass(frozen=True)
class ImportReport:
    """Counts of an import.

    Attributes:
        file: name of the file, without its folder.
        rows_read: rows of the file, without the header.
        users: number of people.
        first_date, last_date: of the whole file, ISO 8601.
        person_days: days from each person's first to last date, summed.
        dates_without_row: of these, days that the file does not mention: unobserved.
        empty_rows: rows without a single observed cell.
        repeated_rows: rows left out because their person and date came before (or after).
        outside: features with values outside the schema's bounds.
        ignored_columns: columns that are none of the schema's.
    """

    file: str
    rows_read: int
    users: int
    first_date: str
    last_date: str
    person_days: int
    dates_without_row: int
    empty_rows: int
    repeated_rows: int
    outside: tuple[OutsideBounds, ...]
    ignored_columns: tuple[str, ...]

    def summary(self) -> str:
        """Say in one paragraph what was read, left out or noticed."""
        notes = [
            f"{self.rows_read} rows of {self.users} people, {self.first_date} to {self.last_date}"
        ]
        if self.dates_without_row:
            notes.append(f"{self.dates_without_row} dates between without a row (unobserved)")
        if self.empty_rows:
            notes.append(f"{self.empty_rows} rows without any value")
        if self.repeated_rows:
            notes.append(f"{self.repeated_rows} rows left out, their person and date are repeated")
        notes += [str(one) for one in self.outside]
        if self.ignored_columns:
            notes.append(f"columns ignored: {', '.join(self.ignored_columns)}")
        return f"{self.file}: {'; '.join(notes)}."
