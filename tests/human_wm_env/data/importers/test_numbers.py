"""Numbers of a column, by hand: what stands before decimals, what parts thousands, durations."""

from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.data.importers.numbers import NumberColumn, decimal_of
from human_wm_env.person import schema


def column(
    index: int, cells: list[str], decimal: str | None = None, factor: float = 1.0
) -> tuple[list[float], list[str], str]:
    """Return the values of cells, those that are no number, and how they were read."""
    reader, many = NumberColumn(index, factor), NumberColumn(index, factor)
    values = np.array([reader.read(cell) for cell in cells])
    settled = reader.settle(decimal)
    at_once = np.concatenate([many.read_all(cells[:2]), many.read_all(cells[2:])])
    assert many.settle(decimal) == settled
    np.testing.assert_array_equal(at_once, values)
    for row, value in settled.values:
        values[row] = value
    return values.tolist(), [text for _, text in settled.wrong], settled.told


STEPS, KCAL, KM, SLEEP = schema.STEPS, schema.CALORIES, schema.DISTANCE, schema.SLEEP


@pytest.mark.parametrize(
    ("index", "cells", "decimal", "wanted"),
    [
        (STEPS, ["8833", "950.0"], None, [8833, 950]),
        (STEPS, ["9,500", "950"], None, [9500, 950]),
        (STEPS, ["9.500", "950"], None, [9500, 950]),
        (STEPS, ["9.500", "12.000"], ".", [9500, 12000]),  # steps have no decimals
        (STEPS, ["9500.000", "950.000"], None, [9500, 950]),  # these do
        (STEPS, ["950.000", "812.000"], None, [950, 812]),  # or nobody could walk them
        (STEPS, ["9 500", "12\u202f000", "7'000", "950"], None, [9500, 12000, 7000, 950]),
        (KCAL, ["1.844", "2.763"], None, [1844, 2763]),
        (KCAL, ["1,844", "2,763.5"], None, [1844, 2763.5]),
        (KCAL, ["1.844,5", "950,25"], None, [1844.5, 950.25]),
        (KM, ["5.123", "6.840"], None, [5.123, 6.84]),
        (KM, ["5,123", "6,840"], None, [5.123, 6.84]),  # five kilometres, not thousands
        (KM, ["5,12", "6,8"], None, [5.12, 6.8]),
        (KCAL, ["1.844", "2.763"], ",", [1844, 2763]),
        (KM, ["5,123"], ",", [5.123]),
        (
            SLEEP,
            ["7:30", "07:45:00", "6h 15m", "8 h", "7 Std. 30 Min."],
            None,
            [7.5, 7.75, 6.25, 8, 7.5],
        ),
        (schema.MINUTES, ["1h 30m", "45", "01:15:00"], None, [90, 45, 75]),
        (SLEEP, ["7h30", "7h 30m 36s", "1.5 h", "0 days 07:30:00"], None, [7.5, 7.51, 1.5, 7.5]),
        (SLEEP, ["7.512", "6.250"], None, [7.512, 6.25]),
        (KM, ["0.512", "0.730"], None, [0.512, 0.73]),
    ],
)
def test_values(index: int, cells: list[str], decimal: str | None, wanted: list[float]) -> None:
    values, wrong, _ = column(index, cells, decimal)
    assert wrong == []
    np.testing.assert_allclose(values, wanted)


def test_empty_cells_are_not_observed() -> None:
    values, wrong, told = column(STEPS, ["", "9,500", "n/a"])
    assert np.isnan([values[0], values[2]]).all() and values[1] == 9500
    assert wrong == [] and told == "',' parts thousands"


@pytest.mark.parametrize(
    ("index", "cells"),
    [
        (STEPS, ["9,500", "abc"]),
        (STEPS, ["1_000"]),
        (KM, ["5.12", "5,12"]),  # a column has one sign before its decimals
        (KM, ["5:30"]),  # a duration is no distance
        (schema.MINUTES, ["1:30"]),  # hours and minutes, or minutes and seconds
        (SLEEP, ["7:75"]),
        (SLEEP, ["7h 75m"]),
        (STEPS, ["inf"]),
        (STEPS, ["12,34,567"]),
    ],
)
def test_what_is_no_number(index: int, cells: list[str]) -> None:
    _, wrong, _ = column(index, cells)
    assert wrong == cells[-1:]


def test_units_scale_numbers_and_not_durations() -> None:
    values, _, told = column(SLEEP, ["459", "7:39"], factor=1 / 60)
    np.testing.assert_allclose(values, [7.65, 7.65])
    assert told == "durations are read as hours and minutes"


def test_other_columns_show_what_stands_before_decimals() -> None:
    def shown(*cells: list[str]) -> str | None:
        columns = []
        for index, some in zip((STEPS, KM, KCAL), cells, strict=False):
            columns.append(NumberColumn(index))
            for cell in some:
                columns[-1].read(cell)
        return decimal_of(columns)

    assert shown(["9.500"], ["59,2"]) == ","
    assert shown(["9,500"], ["59.2"]) == "."
    assert shown(["9,500"], ["5"]) is None
    assert shown(["1.234,5"]) == ","
    assert shown(["5"], ["59,2"], ["59.2"]) is None


def test_metres_and_seconds_have_no_decimals() -> None:
    metres, _, told = column(KM, ["5.123", "12.345", "980"], factor=1e-3)
    np.testing.assert_allclose(metres, [5.123, 12.345, 0.98])
    assert told == "'.' parts thousands"
    np.testing.assert_allclose(column(KM, ["512.125", "980.5"], factor=1e-3)[0], [0.512125, 0.9805])


def test_a_sign_that_is_given_is_the_only_one() -> None:
    reader = NumberColumn(KM, decimal=",")
    values = [reader.read(cell) for cell in ("7,5", "1.234", "7.5", "8")]
    settled = reader.settle(None)
    assert np.isnan(values[:3]).all() and values[3] == 8.0
    assert settled.values == [(0, 7.5), (1, 1234.0)] and settled.wrong == [(2, "7.5")]
