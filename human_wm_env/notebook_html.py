"""Tables of HTML, by which a notebook shows an object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a line of text and a table below it; every text is escaped.

    Args:
        caption: what the table is of.
        head: names of the columns.
        rows: a text a column.
    """
    first = _row("th", head)
    return (
        f"<p>{escape(caption)}</p><table>{first}{''.join(_row('td', one) for one in rows)}</table>"
    )


def _row(cell: str, texts: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{cell}>{escape(one)}</{cell}>' for one in texts)}</tr>"
