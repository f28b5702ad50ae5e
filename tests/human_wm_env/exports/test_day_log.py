"""Cells of one person and source: how values meet, what is missing, and what is counted."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
import pytest

from human_wm_env.exports.day_log import DayLogBuilder, as_number, is_nothing, iso_date
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.reasons import Reason
from human_wm_env.exports.worn_days import add_rest_days, take_out_unworn
from human_wm_env.person import schema

STEPS, SLEEP, MOOD = schema.STEPS, schema.SLEEP, schema.MOOD
MONDAY = date(2024, 1, 1).toordinal()
HERE = Where("a.csv", "line 2")


def builder(repeated: str = "first") -> DayLogBuilder:
    return DayLogBuilder("watch", [STEPS, SLEEP], Ledger(io.StringIO()), repeated=repeated)


def steps(made: DayLogBuilder, day: int, text: object, combine: str = "one") -> float | None:
    return made.number(STEPS, MONDAY + day, text, HERE, "steps", combine=combine)


def test_days_and_reasons_by_hand() -> None:
    made = builder()
    steps(made, 0, "100")
    steps(made, 3, 50)
    made.miss(SLEEP, MONDAY + 1, Reason.NOT_WORN)
    made.miss(SLEEP, MONDAY + 1, Reason.QUARANTINED)
    made.miss(SLEEP, MONDAY + 1, Reason.PARTIAL_DAY)
    made.miss(STEPS, MONDAY + 3, Reason.NOT_WORN)  # it has a value all the same
    log = made.build()
    assert log is not None and (log.first_day, log.days) == (MONDAY, 4)
    expected = {
        STEPS: ["OBSERVED", "NOT_IN_EXPORT", "NOT_IN_EXPORT", "OBSERVED"],
        SLEEP: ["NOT_IN_EXPORT", "QUARANTINED", "NOT_IN_EXPORT", "NOT_IN_EXPORT"],
        MOOD: ["NOT_OFFERED"] * 4,
    }
    for feature, names in expected.items():
        assert [Reason(code).name for code in log.reasons[:, feature]] == names
    np.testing.assert_array_equal(log.values[:, STEPS], [100, np.nan, np.nan, 50])
    np.testing.assert_array_equal(log.counts[:, STEPS], [1, 0, 0, 1])


def test_a_reason_alone_makes_a_day_and_nothing_makes_none() -> None:
    made = builder()
    assert made.build() is None
    made.miss(SLEEP, MONDAY, Reason.NOT_WORN)
    log = made.build()
    assert log is not None and log.days == 1


@pytest.mark.parametrize(
    ("combine", "repeated", "kept", "count"),
    [
        ("sum", "first", 150.0, 2),
        ("newest", "first", 50.0, 1),
        ("one", "first", 100.0, 1),
        ("one", "last", 50.0, 1),
    ],
)
def test_two_values_of_a_cell(combine: str, repeated: str, kept: float, count: int) -> None:
    made = builder(repeated)
    steps(made, 0, 100, combine)
    steps(made, 0, 50, combine)
    assert made.value(STEPS, MONDAY) == kept and made.days_of(STEPS) == [MONDAY]
    log = made.build()
    assert log is not None and log.counts[0, STEPS] == count


def test_what_is_taken_out_is_rejected_for_its_reason() -> None:
    made = builder()
    steps(made, 0, 100)
    made.take_out(STEPS, MONDAY, Reason.PARTIAL_DAY, "the first day")
    made.take_out(STEPS, MONDAY + 1, Reason.PARTIAL_DAY, "nothing is there")
    assert made.value(STEPS, MONDAY) is None
    log = made.build()
    assert log is not None
    assert log.reasons[:, STEPS].tolist() == [Reason.PARTIAL_DAY, Reason.PARTIAL_DAY]


def test_numbers_that_are_none() -> None:
    made = builder()
    assert is_nothing(None) and is_nothing("  ") and not is_nothing("0") and not is_nothing(0)
    assert steps(made, 0, "1_000") is None and steps(made, 0, "nan") is None
    assert steps(made, 0, -1) is None
    assert made.number(STEPS, None, 5, HERE, "steps") is None
    assert made.number(STEPS, MONDAY, "2", HERE, "steps", scale=1000.0) == 2000.0
    log = made.build()
    assert log is not None and log.values[0, STEPS] == 2000.0
    assert as_number(True) is None and as_number("1e15") is None and as_number("-7.5") == -7.5
    assert as_number(None) is None and as_number("9" * 41) is None
    assert iso_date(MONDAY) == "2024-01-01"


def test_text_in_place_of_a_number_quarantines_its_cell() -> None:
    made = builder()
    made.number(STEPS, MONDAY, "many", HERE, "steps")
    assert made.reason(STEPS, MONDAY) is Reason.QUARANTINED
    assert made.reason(SLEEP, MONDAY) is Reason.OBSERVED
    log = made.build()
    assert log is not None and log.reasons[0, STEPS] == Reason.QUARANTINED


@pytest.mark.parametrize(
    ("cells", "value", "reason"),
    [
        ({"a": "1", "b": 2, "c": "3"}, 12, Reason.OBSERVED),
        ({"a": "1", "b": None, "c": "3"}, None, Reason.NOT_IN_EXPORT),
        ({"a": "1", "b": "-2", "c": None}, None, Reason.QUARANTINED),
        ({"a": "", "b": "None", "c": None}, None, Reason.OBSERVED),
    ],
)
def test_a_sum_needs_all_its_parts(
    cells: dict[str, object], value: float | None, reason: Reason
) -> None:
    made = builder()
    made.total(schema.MINUTES, MONDAY, cells, HERE, scale=2)
    assert made.value(schema.MINUTES, MONDAY) == value
    assert made.reason(schema.MINUTES, MONDAY) is reason
    key = ("?", schema.MINUTES)
    kept = 0 if value is None else 3
    assert made.ledger.was_read[key] == kept + made.ledger.rejected[key]


def test_a_day_with_a_rejected_workout_is_no_rest_day() -> None:
    made = builder()
    made.offered.add(schema.WORKOUT)
    for day in (0, 1):
        steps(made, day, 100)
    made.miss(schema.WORKOUT, MONDAY, Reason.QUARANTINED)
    add_rest_days(made)
    assert made.days_of(schema.WORKOUT) == [MONDAY + 1]


def test_what_an_export_does_not_offer_stays_so_on_unworn_days() -> None:
    made = builder()
    made.offered = {STEPS}
    steps(made, 0, 0)
    take_out_unworn(made, [MONDAY])
    log = made.build()
    assert log is not None
    assert log.reasons[0, [STEPS, schema.CALORIES]].tolist() == [
        Reason.NOT_WORN,
        Reason.NOT_OFFERED,
    ]
