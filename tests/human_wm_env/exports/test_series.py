"""Minutes of a tracker: bins, second values, days of the local clock."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
import pytest

from human_wm_env.exports.clock import Clock
from human_wm_env.exports.day_log import DayLogBuilder
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.series import QUARTER, Series, read_seconds
from human_wm_env.person import schema

STEPS, RATE = schema.STEPS, schema.HEART_RATE
MIDNIGHT = (date(2021, 5, 24).toordinal() - date(1970, 1, 1).toordinal()) * 86400


def ledger() -> Ledger:
    return Ledger(io.StringIO())


@pytest.mark.parametrize(
    ("stamps", "seconds"),
    [
        (["05/24/21 00:00:07", "05/24/21 23:59:59"], [7, 86399]),
        (["2021-05-24 00:00:07", "2021-05-25 00:00:00"], [7, 86400]),
        (["2021-05-24T01:02:03Z"], [3723]),
        (["2021-05-24 00:01", "5/24/2021 00:00:07"], [60, 7]),
    ],
)
def test_stamps_of_one_layout_and_of_several(stamps: list[str], seconds: list[int]) -> None:
    assert (read_seconds(stamps) - MIDNIGHT).tolist() == seconds


@pytest.mark.parametrize(
    "stamp",
    [
        "2021-02-29 00:00:00",
        "2021-00-10 00:00:00",
        "2021-13-10 00:00:00",
        "2021-05-24 24:00:00",
        "2021-05-24 00:60:00",
        "1999-12-31 23:59:59",
        "2921-05-24 00:00:00",
        "2021-05-2x 00:00:00",
        "2021.05-24 00:00:00",
        "2021-05-24 00.00:00",
        "2021-05-24 00:00-00",
        "",
    ],
)
def test_an_impossible_stamp_is_minus_one(stamp: str) -> None:
    both = read_seconds(["2021-05-24 00:00:00", stamp])
    assert both.tolist() == [MIDNIGHT, -1]


def test_a_minute_has_one_value_the_first_of_the_file_that_reaches_furthest() -> None:
    book = ledger()
    series = Series(STEPS, book, high=1000.0)
    stamps = [f"2021-05-24 00:{minute:02}:00" for minute in (0, 1, 1, 5, 6, 7)]
    values = np.array([10.0, 20.0, 30.0, np.nan, -1.0, 1001.0])
    series.add("a", [*stamps, "soon"], np.append(values, 5.0), column="steps")
    series.add(
        "b", ["2021-05-24 00:01:00", "2021-05-24 00:02:00"], np.array([7.0, 8.0]), column="x"
    )
    keys, sums, counts = series.bins()
    assert (keys - MIDNIGHT // 60).tolist() == [0, 1, 2]
    assert sums.tolist() == [10.0, 7.0, 8.0] and counts.tolist() == [1, 1, 1]


def test_a_quarter_of_an_hour_holds_many_values() -> None:
    series = Series(RATE, ledger(), bin_seconds=QUARTER)
    stamps = ["2021-05-24 00:00:00", "2021-05-24 00:14:59", "2021-05-24 00:15:00"]
    series.add("a", stamps, np.array([60.0, 70.0, 80.0]), column="bpm")
    series.add("b", stamps[:1], np.array([99.0]), column="bpm")
    keys, sums, counts = series.bins()
    assert (keys - MIDNIGHT // 900).tolist() == [0, 1]
    assert sums.tolist() == [130.0, 80.0] and counts.tolist() == [2, 1]


@pytest.mark.parametrize(("mean", "expected"), [(False, [130.0, 80.0]), (True, [65.0, 80.0])])
def test_days_are_those_of_the_local_clock(mean: bool, expected: list[float]) -> None:
    """Oslo is two hours ahead in summer: 22:00 in UTC is its midnight."""
    book = ledger()
    series = Series(STEPS, book)
    assert len(series.local_starts(clock())) == 0
    stamps = ["2021-05-24 21:58:00", "2021-05-24 21:59:00", "2021-05-24 22:00:00"]
    series.add("a", stamps, np.array([60.0, 70.0, 80.0]), column="steps")
    log = DayLogBuilder("watch", [STEPS], book)
    series.write(log, clock(), mean=mean)
    first = date(2021, 5, 24).toordinal()
    assert log.days_of(STEPS) == [first, first + 1]
    assert [log.value(STEPS, day) for day in (first, first + 1)] == expected
    starts = series.local_starts(clock()) - MIDNIGHT - 86400
    assert starts.tolist() == [-120, -60, 0]


def test_zeros_are_left_out_on_request() -> None:
    series = Series(STEPS, ledger())
    stamps = ["2021-05-24 00:00:00", "2021-05-24 00:01:00"]
    series.add("a", stamps, np.array([0.0, 5.0]), column="steps")
    assert len(series.local_starts(clock())) == 2
    assert series.local_starts(clock(), above_zero=True).tolist() == [MIDNIGHT + 60 + 7200]


def clock() -> Clock:
    return Clock("Europe/Oslo", np.array([0]), np.array([7200]))
