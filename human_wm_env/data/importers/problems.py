"""Everything that is wrong with a file, told in one error."""

from __future__ import annotations

from collections.abc import Iterable

from human_wm_env.errors import DataError

LINES_NAMED = 5
PROBLEMS_NAMED = 20


class Problems:
    """Collects problems of a file; the same text in the same column counts once, with its lines.

    Args:
        file: its name.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._lines: dict[tuple[str, str], list[int]] = {}

    def add(self, where: str, what: str, lines: Iterable[int] = ()) -> None:
        """Add a problem.

        Args:
            where: the column, or what else is at fault.
            what: what is wrong with it.
            lines: lines of the file.
        """
        self._lines.setdefault((where, what), []).extend(lines)

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._lines)

    def raise_if_any(self) -> None:
        """Raise one DataError that names every problem, if there are any."""
        if not self._lines:
            return
        told = [_told(*key, lines) for key, lines in self._lines.items()]
        more = len(told) - PROBLEMS_NAMED
        shown = told[:PROBLEMS_NAMED] + ([f"and {more} more"] if more > 0 else [])
        count = "1 problem" if len(told) == 1 else f"{len(told)} problems"
        raise DataError(
            "a CSV file of daily logs, one row a person and date",
            f"{count} in {self.file}:\n  " + "\n  ".join(shown),
            "Mend them all, and empty the cells where nothing was observed: "
            "docs/your_own_logs.md has a table of the columns.",
        )


def _told(where: str, what: str, lines: list[int]) -> str:
    if not lines:
        return f"{where}: {what}"
    named, more = ", ".join(map(str, lines[:LINES_NAMED])), len(lines) - LINES_NAMED
    word = "line" if len(lines) == 1 else "lines"
    return f"{word} {named}{f' and {more} more' if more > 0 else ''}, {where}: {what}"
