"""What an importer did with a file: every row and value that is not what it seems."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from human_wm_env.person.impossible_values import OutsideBounds


@dataclass(frozen=True)
class ImportReport:
    """Counts of an import.

    Attributes:
        file: name of the file, without its folder.
        rows_read: rows of the file, without the header.
        users: number of people.
        first_date, last_date: of the whole file, ISO 8601.
        person_days: days from each person's first to last date, summed.
        dates_without_row: of these, days of which the file says nothing: unobserved.
        empty_rows: rows without a single observed cell; a log ends before those at its end.
        repeated_rows: rows left out because their person and date came before (or after).
        outside: features with values outside the schema's bounds, which were masked.
        ignored_columns: columns that are none of the schema's.
        absent_columns: features without a column, not observed.
        people_without_value: ids of people whose rows are all empty; they are left out.
        notes: what else is odd, in sentences without an end.
        read_as: how columns with names, units or numbers of their own were understood.
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
    absent_columns: tuple[str, ...] = ()
    people_without_value: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    read_as: tuple[str, ...] = ()

    def summary(self) -> str:
        """Say what was read, left out or noticed, a line each."""
        people = "one person" if self.users == 1 else f"{self.users} people"
        first = f"{self.rows_read} rows of {people}, {self.first_date} to {self.last_date}"
        notes: list[str] = []
        notes += self.read_as
        if self.dates_without_row:
            notes.append(f"{self.dates_without_row} dates between without a row (unobserved)")
        if self.empty_rows:
            notes.append(f"{self.empty_rows} rows without any value")
        if self.repeated_rows:
            notes.append(f"{self.repeated_rows} rows left out, their person and date are repeated")
        notes += [str(one) for one in self.outside]
        if self.ignored_columns:
            notes.append(f"columns ignored: {', '.join(self.ignored_columns)}")
        if self.absent_columns:
            notes.append(f"no column, so not observed: {', '.join(self.absent_columns)}")
        if self.people_without_value:
            empty = ", ".join(self.people_without_value)
            notes.append(f"people left out, without any value: {empty}")
        notes += self.notes
        return "\n  ".join([f"{self.file}: {first}", *notes])

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.summary())}</pre>"
