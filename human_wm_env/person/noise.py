"""How the uniform noise of a day is dealt out; the first columns are the same everywhere."""

from __future__ import annotations

FIRST_WEATHER, NEXT_WEATHER, ADHERENCE = range(3)
SHARED_UNIFORMS = 3


def columns(start: int, **widths: int) -> tuple[dict[str, slice], int]:
    """Name consecutive columns.

    Args:
        start: first free column.
        **widths: name and width of each piece.

    Returns:
        The slice of each piece, and the first column after them.
    """
    slices: dict[str, slice] = {}
    for name, width in widths.items():
        slices[name] = slice(start, start + width)
        start += width
    return slices, start
