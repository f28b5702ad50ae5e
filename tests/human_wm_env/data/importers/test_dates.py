"""Dates as trackers write them, and those that may be two days."""

from __future__ import annotations

from datetime import date

import pytest

from human_wm_env.data.importers.dates import read_dates

DAY = date(2021, 5, 24).toordinal()


@pytest.mark.parametrize(
    "text",
    [
        *("2021-05-24", "2021/05/24", "2021.05.24", "20210524", "2021-5-24", "2021/5/24"),
        *("2021-05-24 00:00:00", "2021-05-24T23:59:59.5Z", "2021-05-24 00:00:00-0700"),
        *("24 May 2021", "24-May-2021", "May 24, 2021", "Monday, May 24, 2021", "24 may 2021"),
        *("24/05/2021", "24.5.2021", "5/24/2021", "5/24/21", "5/24/2021 12:00:00 AM"),
    ],
)
def test_a_day_is_written_in_many_ways(text: str) -> None:
    assert read_dates([text]) == ({text: DAY}, {})


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2021-13-01", "2021-02-30", "31/31/2021", "24 Mai 2021", "2021-5/24"]
)
def test_what_is_no_day_is_told(text: str) -> None:
    found, wrong = read_dates([text])
    assert found == {} and "is no date" in wrong[text]


def test_other_rows_tell_which_number_is_the_month() -> None:
    found, wrong = read_dates(["03/04/2024", "13/04/2024"])
    assert wrong == {} and found["03/04/2024"] == date(2024, 4, 3).toordinal()
    found, wrong = read_dates(["03/04/2024", "04/13/2024"])
    assert wrong == {} and found["03/04/2024"] == date(2024, 3, 4).toordinal()
    found, wrong = read_dates(["05/05/2024"])
    assert wrong == {} and found["05/05/2024"] == date(2024, 5, 5).toordinal()


def test_a_date_that_may_be_two_days_is_never_guessed() -> None:
    found, wrong = read_dates(["03.04.2024", "05.05.2024"])
    assert found == {}
    assert "2024-03-04 or 2024-04-03" in wrong["03.04.2024"]
    assert "date_format='%d.%m.%Y'" in wrong["03.04.2024"]
    found, wrong = read_dates(["03.04.2024"], "%d.%m.%Y")
    assert (found, wrong) == ({"03.04.2024": date(2024, 4, 3).toordinal()}, {})
    assert (
        "is no date written as %d.%m.%Y" in read_dates(["2024-04-03"], "%d.%m.%Y")[1]["2024-04-03"]
    )


def test_rows_that_contradict_each_other_are_told() -> None:
    _, wrong = read_dates(["13/04/2024", "14/04/2024", "04/15/2024"])
    assert list(wrong) == ["04/15/2024"] and "other way round" in wrong["04/15/2024"]


def test_the_year_may_come_first_with_two_digits() -> None:
    found, wrong = read_dates(["24-05-20", "24-05-21", "24-05-31"])
    assert wrong.keys() == {"24-05-20"}  # 24 May 2020, or 20 May 2024
    assert "2020-05-24 or 2024-05-20" in wrong["24-05-20"]
    found, wrong = read_dates(["32-05-20", "32-05-21"])
    assert wrong == {} and found["32-05-20"] == date(2032, 5, 20).toordinal()
