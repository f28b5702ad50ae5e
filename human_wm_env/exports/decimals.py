"""Numbers as people of other countries write them: a comma before decimals, thousands in groups."""

from __future__ import annotations

import re
from collections.abc import Callable

from human_wm_env.settings import one_of

COMMA, POINT = ",", "."
# Takes a number's text as it stands in a table, returns it with a point before its decimals.
Rewrite = Callable[[str], str]
_GROUPED = {
    COMMA: re.compile(r"\s*([+-]?)(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d+))?\s*"),
    POINT: re.compile(r"\s*([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?\s*"),
}


def rewrite_for(decimal: str | None, *, comma_possible: bool) -> tuple[Rewrite, bool]:
    """Return how numbers of a table are rewritten.

    Args:
        decimal: what stands before decimals, "," or "."; the other one may part thousands. None:
            a comma is taken for a point where it can be one, and nothing parts thousands.
        comma_possible: the table's cells are not separated by commas.

    Returns:
        The function, and whether numbers that Python reads as they are have to go through it.

    Raises:
        ConfigError: `decimal` is neither.
    """
    if decimal is None:
        return (_comma_to_point if comma_possible else str), False
    pattern = _GROUPED[one_of(decimal, (COMMA, POINT), "decimal")]

    def rewrite(text: str) -> str:
        found = pattern.fullmatch(text)
        if found is None:
            return f"{text} (decimal is {decimal!r})"  # no number
        sign, whole, decimals = found.groups()
        return f"{sign}{whole.replace(COMMA, '').replace(POINT, '')}.{decimals or 0}"

    return rewrite, True


def _comma_to_point(text: str) -> str:
    return text.replace(COMMA, POINT)
