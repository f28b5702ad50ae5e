"""Dates of a text table, as trackers write them: read where they can mean one day only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

_TIME = (
    r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?"
    r"(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?"
)
_YEAR_FIRST = re.compile(rf"(\d{{4}})(?:([-/.])(\d{{1,2}})\2(\d{{1,2}})|(\d{{2}})(\d{{2}})){_TIME}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}")
_WITH_NAME = re.compile(rf"(?:[A-Za-z]{{3,9}},? )?(\w+)[ -](\w+),?[ -](\d{{4}}){_TIME}")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_PIVOT = 69  # two digits: 69 is 1969, 68 is 2068, as in POSIX
UNREADABLE = "is no date; write it as 2024-05-31"
UNTOLD = "and no other row tells"


def read_dates(
    texts: Sequence[str], date_format: str | None = None
) -> tuple[dict[str, int], dict[str, str]]:
    """Read the dates of a column; a time of day is left out.

    Read are 2024-05-31, 2024/05/31, 20240531, 31 May 2024, May 31, 2024 and, where the column
    shows which of them is the month, 31/05/2024 or 05/31/2024, with . or - as well.

    Args:
        texts: the different cells of the column.
        date_format: of `datetime.strptime`, for all cells; None finds out.

    Returns:
        Proleptic Gregorian ordinals by text, and for each of the other texts what is wrong.
    """
    if date_format is not None:
        return _by_format(texts, date_format)
    found: dict[str, int] = {}
    orders: list[dict[str, int | None]] = [{}, {}, {}]  # month, day or year first
    wrong: dict[str, str] = {}
    for text in texts:
        numbers = _YEAR_LAST.fullmatch(text)
        if numbers:
            first, second, last = numbers[1], numbers[3], numbers[4]
            orders[0][text] = _ordinal(_year(last), int(first), int(second))
            orders[1][text] = _ordinal(_year(last), int(second), int(first))
            short = len(first) == len(last) == 2
            orders[2][text] = _ordinal(_year(first), int(second), int(last)) if short else None
            continue
        ordinal = _one_meaning(text)
        if ordinal is None:
            wrong[text] = UNREADABLE
        else:
            found[text] = ordinal
    settled, unsettled = _settle(orders)
    return found | settled, wrong | unsettled


def _by_format(texts: Sequence[str], date_format: str) -> tuple[dict[str, int], dict[str, str]]:
    found, wrong = {}, {}
    for text in texts:
        try:
            found[text] = datetime.strptime(text, date_format).toordinal()
        except ValueError:
            wrong[text] = f"is no date written as {date_format}"
    return found, wrong


def _one_meaning(text: str) -> int | None:
    numbers = _YEAR_FIRST.fullmatch(text)
    if numbers:
        return _ordinal(
            int(numbers[1]), int(numbers[3] or numbers[5]), int(numbers[4] or numbers[6])
        )
    named = _WITH_NAME.fullmatch(text)
    if named is None:
        return None
    one, other, year = named[1].lower(), named[2].lower(), int(named[3])
    name, day = (other, one) if one.isdecimal() else (one, other)
    months = [i + 1 for i, month in enumerate(_MONTHS) if name in (month, month[:3])]
    if not months or not day.isdecimal():
        return None
    return _ordinal(year, months[0], int(day))


def _settle(orders: list[dict[str, int | None]]) -> tuple[dict[str, int], dict[str, str]]:
    """Choose the order that all cells allow; where several do, and differ, none is chosen."""
    texts = list(orders[0])
    wrong = {text: UNREADABLE for text in texts if all(order[text] is None for order in orders)}
    left = [text for text in texts if text not in wrong]
    readings = [
        {text: day for text in left if (day := order[text]) is not None} for order in orders
    ]
    whole = [reading for reading in readings if len(reading) == len(left)]
    whole = [one for place, one in enumerate(whole) if one not in whole[:place]]
    if len(whole) == 1:
        return whole[0], wrong
    if whole:
        text = next(text for text in left if len({reading[text] for reading in whole}) > 1)
        days = list(dict.fromkeys(date.fromordinal(one[text]).isoformat() for one in whole))
        numbers = _YEAR_LAST.fullmatch(text)
        written = numbers[2] if numbers else "/"
        year = "%Y" if numbers and len(numbers[4]) == 4 else "%y"
        form = written.join(("%d", "%m", year))
        why = (
            f"may be {' or '.join(days)}, {UNTOLD}: "
            f"load the file with read_daily_csv(..., date_format='{form}'), or %m before %d"
        )
        return {}, wrong | {text: why}
    larger = max(readings, key=len)
    why = "has day and month the other way round than other rows"
    return larger, wrong | {text: why for text in left if text not in larger}


def _year(digits: str) -> int:
    return (
        int(digits) if len(digits) == 4 else int(digits) + (1900 if int(digits) >= _PIVOT else 2000)
    )


def _ordinal(year: int, month: int, day: int) -> int | None:
    try:
        return date(year, month, day).toordinal()
    except ValueError:
        return None
