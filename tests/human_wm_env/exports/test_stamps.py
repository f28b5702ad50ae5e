"""Dates, offsets and zones by hand."""

from __future__ import annotations

from datetime import date

import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.exports import stamps


@pytest.mark.parametrize(
    ("text", "day", "seconds"),
    [
        ("2021-05-24", date(2021, 5, 24), 0),
        (" 2021-05-24T07:08:09.5Z ", date(2021, 5, 24), 25689),
        ("2021-05-24 07:08 +0200", date(2021, 5, 24), 25680),
        ("3/10/2020", date(2020, 3, 10), 0),
        ("03/10/20 07:59:01", date(2020, 3, 10), 28741),
        ("3/10/2020 12:30 AM", date(2020, 3, 10), 1800),
        ("3/10/2020 12:30 pm", date(2020, 3, 10), 45000),
        ("2020-02-29 23:59:60", date(2020, 2, 29), 86400),
    ],
)
def test_a_stamp_is_read_as_it_stands(text: str, day: date, seconds: int) -> None:
    assert stamps.read_stamp(text) == (day.toordinal(), seconds)
    assert stamps.read_day(text) == day.toordinal()
    since = (day.toordinal() - date(1970, 1, 1).toordinal()) * 86400 + seconds
    assert stamps.seconds_of(text) == since


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2021-02-30", "2021-05-24 24:00", "2021-05-24 10:60", "3/10/2020 13:00 PM"],
)
def test_what_is_no_stamp(text: str) -> None:
    assert stamps.read_stamp(text) is None and stamps.seconds_of(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Z", 0),
        ("UTC", 0),
        (" GMT ", 0),
        ("+0530", 19800),
        ("UTC-08:00", -28800),
        ("+15:00", 54000),
        ("-15:01", None),
        ("Oslo", None),
    ],
)
def test_offsets(text: str, seconds: int | None) -> None:
    assert stamps.offset_of(text) == seconds


def test_days_that_can_be_logged() -> None:
    first = date(2000, 1, 1).toordinal()
    assert stamps.possible_day(first) == first and stamps.possible_day(first - 1) is None
    last = stamps.latest_day()
    assert stamps.possible_day(last) == last and stamps.possible_day(last + 1) is None
    noon = 946684800.0 + 43200.0  # of 2000-01-01
    assert stamps.day_of(noon) == first and stamps.day_of(noon - 86400.0) is None
    assert stamps.day_of(1e12) is None and stamps.day_of(float("nan")) is None


def test_zones_in_winter_and_summer() -> None:
    quarter = 1609459200 // 900  # 2021-01-01
    assert stamps.zone_offset("Europe/Oslo", quarter) == 3600
    assert stamps.zone_offset("Europe/Oslo", quarter + 182 * 96) == 7200
    assert stamps.zone_offset("UTC", quarter) == 0
    assert stamps.known_zone("Asia/Kolkata") and not stamps.known_zone("Mars/Base")
    stamps.check_zone(None)
    with pytest.raises(ConfigError, match="'Mars/Base'"):
        stamps.check_zone("Mars/Base")
