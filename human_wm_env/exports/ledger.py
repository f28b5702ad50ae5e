"""Where every value that was read went: kept, merged or rejected."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TextIO

import numpy as np

from human_wm_env.errors import DataError
from human_wm_env.exports.reasons import Reason
from human_wm_env.person import schema

# Values of rows or files that could not be placed in any feature.
UNPLACED = -1
_MAIL = re.compile(r"[^\s/@]+@[^\s/@]+\.[A-Za-z]{2,}")
_LONGEST_TEXT = 400
_MOST_NOTES = 200
_MOST_KINDS = 1000  # of what is unused, and of reasons: memory does not grow with people
OTHERS = "others"
REJECTED_COLUMNS = ("file", "place", "column", "value", "reason", "why", "values")


class Where(NamedTuple):
    """Where a value stood: a file of the export, and a line or a path within it."""

    file: str
    place: str


class Ledger:
    """Counts what was read, feature by feature, and writes down what was rejected.

    Every value that a reader counts as read ends up kept, merged (said twice, or replaced by
    a better source) or rejected; `check_balance` raises where one does not.

    Args:
        rejected: open text file that the rejected values are written to, as CSV.
        strict: raise at the first value that cannot be used, instead of writing it down.
    """

    def __init__(self, rejected: TextIO, *, strict: bool = False) -> None:
        self._strict = strict
        self._writer = csv.writer(rejected, lineterminator="\n")
        self._writer.writerow(REJECTED_COLUMNS)
        self.format = "?"
        self.was_read: Counter[tuple[str, int]] = Counter()
        self.kept: Counter[tuple[str, int]] = Counter()
        self.merged: Counter[tuple[str, int]] = Counter()
        self.rejected: Counter[tuple[str, int]] = Counter()
        self.unused: Counter[str] = Counter()
        self.notes: dict[str, int] = {}
        self._reasons: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], str] = {}

    def read(self, feature: int, values: int = 1) -> None:
        """Count values as read."""
        self.was_read[self.format, feature] += values

    def keep(self, format_name: str, feature: int, values: int) -> None:
        """Count values that a cell of the table was made of."""
        self.kept[format_name, feature] += values

    def merge(self, feature: int, values: int = 1, *, format_name: str | None = None) -> None:
        """Count values that were said twice, or stood behind a better source."""
        self.merged[format_name or self.format, feature] += values

    def reject(
        self,
        feature: int,
        where: Where,
        column: str,
        value: object,
        why: str,
        *,
        reason: Reason = Reason.QUARANTINED,
        values: int = 1,
        format_name: str | None = None,
    ) -> None:
        """Write down values that no cell was made of.

        Raises:
            DataError: the import is strict, and the value cannot be used.
        """
        text, column, why = clean(value), clean(column), clean(why)
        file, place = clean(where.file), clean(where.place)
        if self._strict and reason is Reason.QUARANTINED:
            raise DataError(
                f"only values that can be used (strict=true), and {why}",
                f"{text!r} ({file}, {place}, {column})",
                "Correct the export, or import it with strict=false, which sets it aside.",
            )
        self.rejected[format_name or self.format, feature] += values
        if reason is Reason.QUARANTINED:
            self._remember(column, why, values, f"{text!r} ({file}, {place})")
        self._writer.writerow((file, place, column, text, reason.word, why, values))

    def reject_rows(
        self,
        features: Sequence[int],
        values: np.ndarray,
        lines: Iterable[tuple[str, str, str, str]],
        why: str,
    ) -> None:
        """Write down rows of a table, one line each, that no cell was made of.

        Args:
            features: columns of `values`.
            values: bool (rows, features), True where the row has a value, counted as read.
            lines: file, place, column and value of each row.
            why: as in `reject`.
        """
        for feature, count in zip(features, values.sum(axis=0).tolist(), strict=True):
            self.rejected[self.format, feature] += count
        lost, why = values.sum(axis=1).tolist(), clean(why)
        for line, count in zip(lines, lost, strict=True):
            if not count:
                continue
            file, place, column, value = map(clean, line)
            if self._strict:
                raise DataError(
                    f"only values that can be used (strict=true), and {why}",
                    f"{value!r} ({file}, {place}, {column})",
                    "Correct the export, or import it with strict=false, which sets it aside.",
                )
            self._remember(column, why, count, f"{value!r} ({file}, {place})")
            self._writer.writerow((file, place, column, value, Reason.QUARANTINED.word, why, count))

    def _remember(self, column: str, why: str, values: int, example: str) -> None:
        key = column, why
        if key not in self._reasons and len(self._reasons) >= _MOST_KINDS:
            key = "", f"{OTHERS}, each written down"
        self._reasons[key] += values
        self._examples.setdefault(key, example)

    def commonest(self, most: int = 5, *, examples: bool = True) -> list[str]:
        """Say why most values that cannot be used were rejected.

        Args:
            most: reasons.
            examples: give one of each: what stood there, which is somebody's.
        """
        return [
            f"{values} value{'s' if values > 1 else ''}, {f'{column}: ' if column else ''}{why}"
            + (f"; for instance {self._examples[column, why]}" if examples else "")
            for (column, why), values in self._reasons.most_common(most)
        ]

    def reject_file(self, file: str, why: str) -> None:
        """Write down a file that could not be read at all, as one value without a feature."""
        self.read(UNPLACED)
        self.reject(UNPLACED, Where(file, "whole file"), "", "", why)

    def skip(self, kind: str, entries: int = 1) -> None:
        """Count entries of the export that are no feature of a day."""
        kind = clean(kind)
        if kind not in self.unused and len(self.unused) >= _MOST_KINDS:
            kind = OTHERS
        self.unused[kind] += entries

    def commonest_unused(self, most: int = 50) -> dict[str, int]:
        """Return how many entries are of each kind that is no feature of a day.

        Args:
            most: kinds; the rest is counted together.
        """
        common = dict(self.unused.most_common(most))
        rest = self.unused.total() - sum(common.values())
        return {**common, OTHERS: common.get(OTHERS, 0) + rest} if rest else common

    def note(self, text: str) -> None:
        """Remember a sentence for the end of the import; the same one is said once."""
        text = clean(text)
        if text not in self.notes and len(self.notes) >= _MOST_NOTES:
            text = "there is more to say than is said here"
        self.notes[text] = self.notes.get(text, 0) + 1

    def table(self) -> list[dict[str, str | int]]:
        """Return one row a format and feature: read, kept, merged, rejected."""
        return [
            {
                "format": key[0],
                "feature": "(unplaced)" if key[1] == UNPLACED else schema.FEATURE_NAMES[key[1]],
                "read": self.was_read[key],
                "kept": self.kept[key],
                "merged": self.merged[key],
                "rejected": self.rejected[key],
            }
            for key in sorted(self.was_read | self.kept | self.merged | self.rejected)
        ]

    def check_balance(self) -> None:
        """Raise RuntimeError where read is not kept + merged + rejected: an error of a reader."""
        for row in self.table():
            if row["read"] != int(row["kept"]) + int(row["merged"]) + int(row["rejected"]):
                raise RuntimeError(f"the values of an import do not balance: {row}")


def clean(value: object) -> str:
    """Return a value as short printable text without e-mail addresses; cleaned text stays."""
    text = str(value)[: 2 * _LONGEST_TEXT]
    if "@" in text:
        text = _MAIL.sub("[e-mail]", text)
    if not text.isprintable():
        text = "".join(one if one.isprintable() else "?" for one in text)
    return text if len(text) <= _LONGEST_TEXT + 3 else f"{text[:_LONGEST_TEXT]}..."
