"""What a format has to say of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from human_wm_env.exports.day_log import DayLog
from human_wm_env.exports.files import Export
from human_wm_env.exports.ledger import Ledger

# Of a format: a person's id, None where the export names nobody, and a reader of their days.
People = Iterable[tuple[str | None, Callable[[], DayLog | None]]]


@dataclass(frozen=True)
class ReadingOptions:
    """What an import may decide.

    Attributes:
        timezone: name of the person's time zone, such as Europe/Oslo, for exports whose
            stamps are in UTC or bear a wrong offset; None infers it where possible.
        naps: add naps to the night before.
        repeated: which of two different values of one person, day and feature stays:
            "first" or "last"; the other is rejected.
        columns: for tables: our name by the name of a column.
        categories: for tables and diaries: our category by the word, by feature.
        date_format: for tables: of `datetime.strptime`, where dates may be read in two ways.
        decimal: for tables: what stands before decimals, "," or ".", where thousands are parted
            by the other; None sees for itself, and nothing parts thousands.
    """

    timezone: str | None = None
    naps: bool = False
    repeated: str = "first"
    columns: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    decimal: str | None = None
    date_format: str | None = None


class Format(Protocol):
    """A format of exports."""

    name: str

    def recognise(self, export: Export) -> bool:
        """Return True for an export of this format, by its files' content."""
        ...

    def people(self, export: Export, options: ReadingOptions, ledger: Ledger) -> People:
        """Return the people of an export, each with a reader of their days.

        Readers are called one after the other, so that one person is in memory at a time.
        """
        ...
