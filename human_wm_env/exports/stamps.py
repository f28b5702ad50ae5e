"""Dates and times as exports write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from human_wm_env.errors import ConfigError
from human_wm_env.person.history import FIRST_UNDATED_DAY, LAST_UNDATED_DAY

FIRST_DAY = date(2000, 1, 1).toordinal()
EPOCH = date(1970, 1, 1).toordinal()
DAY_SECONDS = 86400
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ]+(\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?)?"
    r"\s*(?:Z|UTC|([+-])(\d\d):?(\d\d))?"
)
_AMERICAN = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}|\d\d)(?:[ T]+(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AaPp][Mm])?)?"
)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2}):?(\d\d)|Z|(?:UTC|GMT)")


def latest_day() -> int:
    """Return the ordinal of the last day that can have been logged: tomorrow, in some zone."""
    return (datetime.now(UTC) + timedelta(days=1)).date().toordinal()


def possible_day(day: int) -> int | None:
    """Return an ordinal that can be a logged day, None for one before 2000 or in the future."""
    return day if FIRST_DAY <= day <= latest_day() else None


@lru_cache(maxsize=2048)
def read_stamp(text: str) -> tuple[int, int] | None:
    """Read a date, with or without a time of day, as it stands, whatever its zone.

    Returns:
        The ordinal of the date and the seconds since midnight, None for other text. Months
        come first in `3/10/2020` and `03/10/20 07:59:00`: exports are American there.
    """
    text = text.strip()
    found = _ISO.fullmatch(text)
    if found:
        parts = found.groups()
        year, month, day = (int(part) for part in parts[:3])
        hour, minute, second = (int(part or 0) for part in parts[3:6])
    else:
        american = _AMERICAN.fullmatch(text)
        if not american:
            return None
        month, day, year = (int(part) for part in american.groups()[:3])
        hour, minute, second = (int(part or 0) for part in american.groups()[3:6])
        year += 2000 if year < 100 else 0
        half = american.group(7)
        if half:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    if hour > 23 or minute > 59 or second > 60:
        return None
    try:
        ordinal = date(year, month, day).toordinal()
    except ValueError:
        return None
    return ordinal, hour * 3600 + minute * 60 + second


@lru_cache(maxsize=8192)  # the dates of a long log, written in two ways
def read_day(text: str) -> int | None:
    """Return the ordinal of the date of a stamp, None where it is none that can be logged."""
    stamp = read_stamp(text)
    return None if stamp is None else possible_day(stamp[0])


def read_any_day(text: str) -> int | None:
    """Return what `read_day` does, or the number of a day of a log without dates."""
    stamp = read_stamp(text)
    undated = stamp is not None and FIRST_UNDATED_DAY <= stamp[0] <= LAST_UNDATED_DAY
    return stamp[0] if stamp is not None and undated else read_day(text)


def seconds_of(text: str) -> int | None:
    """Return the seconds of a stamp since 1970, as if it were UTC."""
    stamp = read_stamp(text)
    return None if stamp is None else (stamp[0] - EPOCH) * DAY_SECONDS + stamp[1]


@lru_cache(maxsize=1024)
def offset_of(text: str) -> int | None:
    """Return the seconds that an offset such as +0530 or UTC-08:00 is ahead of UTC."""
    found = _OFFSET.fullmatch(text.strip())
    if not found:
        return None
    if not found.group(1):
        return 0
    seconds = int(found.group(2)) * 3600 + int(found.group(3)) * 60
    if seconds > 15 * 3600:
        return None
    return -seconds if found.group(1) == "-" else seconds


def day_of(seconds: float) -> int | None:
    """Return the ordinal of the day of local seconds since 1970, None for an impossible one."""
    if not abs(seconds) < 1e11:
        return None
    return possible_day(EPOCH + int(seconds // DAY_SECONDS))


@lru_cache(maxsize=8192)
def zone_offset(zone: str, utc_quarter: int) -> int:
    """Return how many seconds a zone is ahead of UTC in a quarter of an hour since 1970."""
    when = datetime.fromtimestamp(utc_quarter * 900, UTC)
    offset = when.astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def known_zone(name: str) -> bool:
    """Return True for the name of a time zone such as Europe/Oslo."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def check_zone(name: str | None) -> None:
    """Raise a ConfigError for a setting that names no time zone."""
    if name is not None and not known_zone(name):
        raise ConfigError(
            "timezone as in Europe/Oslo", repr(name), "See the list of tz database names."
        )
