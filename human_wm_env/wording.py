"""How numbers of things are said."""

from __future__ import annotations


def counted(number: int, thing: str, things: str | None = None) -> str:
    """Return "1 day" or "3 days"; `things` is the plural of what takes more than an s."""
    return f"{number} {thing if number == 1 else things or f'{thing}s'}"


def counted_people(number: int) -> str:
    """Return "1 person" or "3 people"."""
    return counted(number, "person", "people")
