"""Numbers of a column as people of all countries write them, and durations.

A single cell may be read in two ways: 9.500 is nine and a half, or thousands in groups. What the
other cells of its column and the other columns of the table say decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from human_wm_env.data.importers.cells import NOT_OBSERVED, Settled, read_number
from human_wm_env.person import schema

COMMA, POINT = ",", "."
_SPACES = re.compile(r"(?<=\d)[ \u00a0\u202f'\u2019](?=\d{3}(?!\d))")
_GROUPS = {  # what parts thousands where the key stands before decimals
    POINT: re.compile(r"([+-]?)([1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.(\d+))?"),
    COMMA: re.compile(r"([+-]?)([1-9]\d{0,2}(?:\.\d{3})+|\d+)(?:,(\d+))?"),
}
_ALL_GROUPS = {
    POINT: re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+"),
    COMMA: re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+"),
}
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
_CLOCK = re.compile(r"(?:0 days? )?(\d{1,2}):([0-5]\d)(?::([0-5]\d)(?:\.0+)?)?")
_HOURS = r"(?:h|hr|hrs|hours?|std\.?|stunden?)"
_MINUTES = r"(?:m|min|mins|minutes?|minuten?)\.?"
_IN_WORDS = (
    re.compile(
        rf"(?P<h>\d{{1,2}}) ?{_HOURS} ?(?:(?P<m>[0-5]?\d)(?: ?{_MINUTES})?)?"
        r"(?: ?(?P<s>[0-5]?\d) ?s(?:ec)?)?",
        re.IGNORECASE,
    ),
    re.compile(rf"(?P<h>\d{{1,2}}[.,]\d+) ?{_HOURS}", re.IGNORECASE),
    re.compile(rf"(?P<m>\d{{1,4}}) ?{_MINUTES}", re.IGNORECASE),
)
# Apps write the day's steps without decimals: 9.500 are not nine and a half. So they do metres and
# seconds, whose factors are small.
_WHOLE = (schema.STEPS,)
# A median of steps with decimals is not less, where there are so many.
LEAST_STEPS, FEWEST_STEPS = 100.0, 5
_IN_HOURS = {schema.SLEEP: 1.0, schema.MINUTES: 60.0}


class NumberColumn:
    """Reads the cells of one feature; those that may mean several things when all were seen.

    Args:
        index: of the feature.
        factor: what numbers are multiplied by; durations such as 7:30 have their unit.
        decimal: what stands before decimals, where it is known; the other sign parts thousands.
    """

    def __init__(self, index: int, factor: float = 1.0, decimal: str | None = None) -> None:
        self.index, self.factor, self._given = index, factor, decimal
        self._waiting: list[tuple[int, str]] = []
        #: cells that are numbers as they stand, and thousands in groups as well
        self._grouped: list[tuple[int, str]] | None = []
        self._count = 0
        self._decimal_point = False
        self._is_whole = index in _WHOLE or factor < 1.0

    def read(self, text: str) -> float:
        """Return a cell's number; NaN where it is empty, or has to wait for `settle`."""
        row, self._count = self._count, self._count + 1
        try:
            value = read_number(text)
        except ValueError:
            self._waiting.append((row, text))
            return NOT_OBSERVED
        if POINT in text:
            if self._given is not None:
                self._waiting.append((row, text))
                return NOT_OBSERVED
            if _ALL_GROUPS[COMMA].fullmatch(text) is None:
                self._grouped, self._decimal_point = None, True
            elif self._grouped is not None:
                self._grouped.append((row, text))
        return value * self.factor

    def read_all(self, texts: Sequence[str]) -> np.ndarray:
        """Return what `read` does of many cells, in less time where they are plain numbers."""
        written = "".join(texts)
        plain = self._given is None and (self._grouped is None or POINT not in written)
        if plain and "_" not in written:
            try:
                values = np.array([float(text) if text else NOT_OBSERVED for text in texts])
            except ValueError:
                pass
            else:
                if not np.isinf(values).any():
                    self._count += len(texts)
                    return values * self.factor
        return np.array([self.read(text.strip()) for text in texts])

    @property
    def decimal(self) -> str | None:
        """What surely stands before decimals in this column, None where nothing shows it."""
        if self._decimal_point:
            return POINT
        texts = [text for _, text in self._waiting]
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

    def settle(self, decimal: str | None) -> Settled:
        """Read the cells that had to wait.

        Args:
            decimal: what stands before decimals in the table, as far as other columns show it.
        """
        waiting = [(row, text, _SPACES.sub("", text)) for row, text in self._waiting]
        durations = {row: self._duration(text) for row, _, text in waiting}
        numbers = [text for row, _, text in waiting if durations[row] is None]
        style = self._given or self._style(numbers, decimal)
        values: list[tuple[int, float]] = []
        wrong = []
        for row, as_it_stands, text in waiting:
            value = durations[row]
            if value is None and style is not None:
                number = _value(text, style)
                value = None if number is None else number * self.factor
            if value is None:
                wrong.append((row, as_it_stands))
            else:
                values.append((row, value))
        grouped = self._grouped or []
        if style == COMMA:
            values += [(row, _read(text) * self.factor) for row, text in grouped]
        told = []
        if any(value is not None for value in durations.values()):
            told.append("durations are read as hours and minutes")
        if style is not None:
            told += _told([*numbers, *(text for _, text in grouped)], style)
        if any(before != after for _, before, after in waiting):
            told.append("a blank parts thousands")
        return Settled(values, wrong, ", ".join(told))

    def _duration(self, text: str) -> float | None:
        """Return a duration in the feature's unit, None where the text is none."""
        if self.index not in _IN_HOURS:
            return None
        clock = _CLOCK.fullmatch(text)
        if clock is not None:
            if self.index != schema.SLEEP and clock[3] is None:
                return None  # hours and minutes, or minutes and seconds
            hours = int(clock[1]) + int(clock[2]) / 60 + int(clock[3] or 0) / 3600
            return hours * _IN_HOURS[self.index]
        for form in _IN_WORDS:
            words = form.fullmatch(text)
            if words is not None:
                parts = words.groupdict()
                hours = float((parts.get("h") or "0").replace(COMMA, POINT))
                hours += float(parts.get("m") or 0) / 60 + float(parts.get("s") or 0) / 3600
                return hours * _IN_HOURS[self.index]
        return None

    def _style(self, waiting: Sequence[str], decimal: str | None) -> str | None:
        """Return what stands before decimals; None where cells are to be read as they stand."""
        grouped = [text for _, text in self._grouped or []]
        marked = [text for text in waiting if COMMA in text or text.count(POINT) > 1]
        if not marked and not grouped:
            # Blanks between thousands, or no numbers at all.
            return POINT if waiting else None
        fits = {
            style: sum(_GROUPS[style].fullmatch(text) is not None for text in waiting)
            for style in (POINT, COMMA)
        }
        if self._decimal_point:
            fits[COMMA] = -1
        if fits[POINT] != fits[COMMA]:
            return max(fits, key=lambda style: fits[style])
        own = self.decimal or decimal
        if own is not None and not self._is_whole:
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
        even = possible[thousands] == possible[decimals] and self._is_whole
        if possible[thousands] > possible[decimals] or even:
            return thousands
        return decimals if marked else None


def lost_zeros(index: int, values: np.ndarray) -> str | None:
    """Say that whole numbers of a column look like thousands that have lost zeros, None if not.

    A spreadsheet that takes 9.500 for a number writes 9.5.

    Args:
        index: of the feature.
        values: (rows,), NaN where there is none.
    """
    known = values[~np.isnan(values)]
    if index not in _WHOLE or len(known) < FEWEST_STEPS or (known % 1.0 != 0.0).mean() < 0.5:
        return None
    middle = float(np.median(known))
    if middle >= LEAST_STEPS:
        return None
    return (
        f"half of its values are below {middle:.4g}, most with decimals, as if the unit were "
        "thousands: write 9500 for 9.5"
    )


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


def _read(text: str) -> float:
    value = _value(text, COMMA)
    assert value is not None  # it is digits in groups
    return value


def _told(texts: Sequence[str], style: str) -> list[str]:
    other = POINT if style == COMMA else COMMA
    said = []
    if style == COMMA and any(COMMA in text for text in texts):
        said.append("',' stands before decimals")
    if any(other in text for text in texts):
        said.append(f"{other!r} parts thousands")
    return said
