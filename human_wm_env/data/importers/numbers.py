"""Numbers of a column as people of all countries write them, and durations.

A single cell may be read in two ways: 9.500 is nine and a half, or thousands in groups. What the
other cells of its column and the other columns of the table say decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from human_wm_env.data.importers.cells import NOT_OBSERVED, read_number
from human_wm_env.person import schema

COMMA, POINT = ",", "."
_SPACES = re.compile(r"(?<=\d)[ \u00a0\u202f'\u2019](?=\d{3}(?!\d))")
_GROUPS = {  # what parts thousands where the key stands before decimals
    POINT: re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?"),
    COMMA: re.compile(r"([+-]?)(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d+))?"),
}
_ALL_GROUPS = {
    POINT: re.compile(r"[+-]?\d{1,3}(?:,\d{3})+"),
    COMMA: re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+"),
}
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")
_WORDS = re.compile(
    r"(?:(\d{1,2})\s*(?:h|hr|hrs|hours?|std\.?|stunden?))?\s*"
    r"(?:(\d{1,3})\s*(?:m|min|mins|minutes?|minuten?)\.?)?",
    re.IGNORECASE,
)
# Apps write the day's steps without decimals: 9.500 are not nine and a half.
_WHOLE = (schema.STEPS,)
_IN_HOURS = {schema.SLEEP: 1.0, schema.MINUTES: 60.0}


class NumberColumn:
    """Reads the cells of one feature; those that may mean several things when all were seen.

    Args:
        index: of the feature.
        factor: what numbers are multiplied by; durations such as 7:30 have their unit.
    """

    def __init__(self, index: int, factor: float = 1.0) -> None:
        self.index, self.factor = index, factor
        self._unread: list[tuple[int, str]] = []
        #: cells that are numbers as they stand, and thousands in groups as well
        self._grouped: list[tuple[int, str]] | None = []
        self._count = 0
        self._decimal_point = False

    def read(self, text: str) -> float:
        """Return a cell's number; NaN where it is empty, or has to wait for `settle`."""
        row, self._count = self._count, self._count + 1
        try:
            value = read_number(text)
        except ValueError:
            self._unread.append((row, text))
            return NOT_OBSERVED
        if POINT in text:
            if _ALL_GROUPS[COMMA].fullmatch(text) is None:
                self._grouped, self._decimal_point = None, True
            elif self._grouped is not None:
                self._grouped.append((row, text))
        return value * self.factor

    @property
    def decimal(self) -> str | None:
        """What surely stands before decimals in this column, None where nothing shows it."""
        if self._decimal_point:
            return POINT
        texts = [text for _, text in self._unread]
        if any(
            _DECIMAL_COMMA.fullmatch(text) and not _ALL_GROUPS[POINT].fullmatch(text)
            for text in texts
        ):
            return COMMA
        both = [text for text in texts if COMMA in text and POINT in text]
        for decimal in (COMMA, POINT):
            if both and all(_GROUPS[decimal].fullmatch(text) for text in both):
                return decimal
        return None

    def settle(
        self, decimal: str | None
    ) -> tuple[list[tuple[int, float]], list[tuple[int, str]], str]:
        """Read the cells that had to wait.

        Args:
            decimal: what stands before decimals in the table, as far as other columns show it.

        Returns:
            Rows and their values; rows and texts that are no number; and how the column was read,
            "" where it was read as it stands.
        """
        style = self.style(decimal)
        values, wrong = [], []
        for row, text in self._unread:
            value = self.styled(text, style)
            if value is None:
                wrong.append((row, text))
            else:
                values.append((row, value))
        if style == COMMA:
            for row, text in self._grouped or []:
                value = self.styled(text, style)
                assert value is not None  # it is digits in groups
                values.append((row, value))
        return values, wrong, self.told(style)

    def style(self, decimal: str | None) -> str | None:
        """Return what stands before decimals in marked cells; None: all are read as they stand.

        Args:
            decimal: see `settle`.
        """
        unread = [_SPACES.sub("", text) for _, text in self._unread]
        numbers = [text for text in unread if self._duration(text) is None]
        return self._style(numbers, decimal)

    def styled(self, text: str, style: str | None) -> float | None:
        """Return a filled cell's value in our unit, None where it is no number.

        Args:
            text: the cell.
            style: what `style` returned, of this column's cells or the first of them.
        """
        try:
            value = read_number(text)
        except ValueError:
            pass
        else:
            if style != COMMA or _ALL_GROUPS[COMMA].fullmatch(text) is None:
                return value * self.factor
        text = _SPACES.sub("", text)
        hours = self._duration(text)
        if hours is not None:
            return hours
        found = None if style is None else _value(text, style)
        return None if found is None else found * self.factor

    def told(self, style: str | None) -> str:
        """Say how the cells so far were read, "" if as they stand."""
        said = []
        unread = [(text, _SPACES.sub("", text)) for _, text in self._unread]
        if any(self._duration(text) is not None for _, text in unread):
            said.append("durations are read as hours and minutes")
        if style is not None:
            texts = [text for _, text in unread if self._duration(text) is None]
            said += _told([*texts, *(text for _, text in self._grouped or [])], style)
        if any(before != after for before, after in unread):
            said.append("a blank parts thousands")
        return ", ".join(said)

    def _duration(self, text: str) -> float | None:
        """Return a duration in the feature's unit, None where the text is none."""
        if self.index not in _IN_HOURS:
            return None
        clock, words = _CLOCK.fullmatch(text), _WORDS.fullmatch(text)
        if clock is not None:
            if self.index != schema.SLEEP and clock[3] is None:
                return None  # hours and minutes, or minutes and seconds
            hours = int(clock[1]) + int(clock[2]) / 60 + int(clock[3] or 0) / 3600
        elif words is not None and any(words.groups()):
            hours = int(words[1] or 0) + int(words[2] or 0) / 60
        else:
            return None
        return hours * _IN_HOURS[self.index]

    def _style(self, unread: Sequence[str], decimal: str | None) -> str | None:
        """Return what stands before decimals; None where cells are to be read as they stand."""
        grouped = [text for _, text in self._grouped or []]
        marked = [text for text in unread if COMMA in text or text.count(POINT) > 1]
        if not marked and not grouped:
            # Blanks between thousands, or no numbers at all.
            return POINT if unread else None
        fits = {
            style: sum(_GROUPS[style].fullmatch(text) is not None for text in unread)
            for style in (POINT, COMMA)
        }
        if self._decimal_point:
            fits[COMMA] = -1
        if fits[POINT] != fits[COMMA]:
            return max(fits, key=lambda style: fits[style])
        own = self.decimal or decimal
        if own is not None and self.index not in _WHOLE:
            return own if marked or own == COMMA else None
        return self._by_size(marked, grouped)

    def _by_size(self, marked: Sequence[str], grouped: Sequence[str]) -> str | None:
        """Choose between thousands and three decimals by what is possible for the feature."""
        texts = list(marked or grouped)
        thousands, decimals = (POINT, COMMA) if marked else (COMMA, POINT)
        possible = {}
        for style in (thousands, decimals):
            values = np.array([_value(text, style) for text in texts], dtype=float) * self.factor
            feature = schema.continuous(self.index)
            possible[style] = float(((values >= feature.low) & (values <= feature.high)).mean())
        even = possible[thousands] == possible[decimals] and self.index in _WHOLE
        if possible[thousands] > possible[decimals] or even:
            return thousands
        return decimals if marked else None


def decimal_of(columns: Sequence[NumberColumn]) -> str | None:
    """Return what stands before decimals in a table, None where no column or several show it."""
    shown = {column.decimal for column in columns} - {None}
    return shown.pop() if len(shown) == 1 else None


def _value(text: str, style: str) -> float | None:
    found = _GROUPS[style].fullmatch(text)
    if found is None:
        return None
    sign, whole, decimals = found.groups()
    return float(f"{sign}{whole.replace(COMMA, '').replace(POINT, '')}.{decimals or 0}")


def _told(texts: Sequence[str], style: str) -> list[str]:
    other = POINT if style == COMMA else COMMA
    said = []
    if style == COMMA and any(COMMA in text for text in texts):
        said.append("',' stands before decimals")
    if any(other in text for text in texts):
        said.append(f"{other!r} parts thousands")
    return said
