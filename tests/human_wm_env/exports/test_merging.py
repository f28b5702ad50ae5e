"""Several sources of one person become one log, cell by cell or day by day."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from human_wm_env.exports.day_log import DayLog
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.merging import Impossible, PersonDays, merge_sources, quarantine
from human_wm_env.exports.reasons import Reason
from human_wm_env.person import schema
from tests.human_wm_env.exports.grids import grid_of, lines

MONDAY = date(2024, 1, 1).toordinal()
NAN = float("nan")


def log(source: str, first: int, steps: list[float], sleep: list[float]) -> DayLog:
    values = np.full((len(steps), schema.FEATURE_COUNT), NAN)
    values[:, schema.STEPS], values[:, schema.SLEEP] = steps, sleep
    has = ~np.isnan(values)
    reasons = np.full(values.shape, Reason.NOT_OFFERED, np.uint8)
    reasons[:, [schema.STEPS, schema.SLEEP]] = Reason.NOT_IN_EXPORT
    reasons[has] = Reason.OBSERVED
    return DayLog(source, MONDAY + first, values, reasons, has.astype(np.int64), source)


def counted(*logs: DayLog) -> Ledger:
    ledger = Ledger(io.StringIO())
    for one in logs:
        ledger.format = one.source
        for feature in range(schema.FEATURE_COUNT):
            ledger.read(feature, int(one.counts[:, feature].sum()))
    return ledger


FIRST = log("watch", 1, [100, NAN, NAN], [NAN, NAN, 7])
SECOND = log("phone", 0, [50, 60, 70], [8, NAN, 9])


def test_cell_by_cell() -> None:
    ledger = counted(FIRST, SECOND)
    merged = merge_sources([FIRST, SECOND], ledger)
    assert merged is not None
    assert grid_of(merged) == lines(
        """
        2024-01-01 50  ~ ~ ~ 8 ~ ~ ~ ~ ~
        2024-01-02 100 ~ ~ ~ - ~ ~ ~ ~ ~
        2024-01-03 70  ~ ~ ~ 9 ~ ~ ~ ~ ~
        2024-01-04 -   ~ ~ ~ 7 ~ ~ ~ ~ ~
        """
    )
    ledger.check_balance()
    assert ledger.merged == {("phone", schema.STEPS): 1}


def test_day_by_day() -> None:
    ledger = counted(FIRST, SECOND)
    other = log("phone", 1, [50, 60, 70], [8, NAN, 9])
    ledger = counted(FIRST, other)
    merged = merge_sources([FIRST, other], ledger, by="day")
    assert merged is not None
    assert grid_of(merged) == lines(
        """
        2024-01-02 100    ~ ~ ~ merged ~ ~ ~ ~ ~
        2024-01-03 60     ~ ~ ~ -      ~ ~ ~ ~ ~
        2024-01-04 merged ~ ~ ~ 7      ~ ~ ~ ~ ~
        """
    )
    ledger.check_balance()


def test_impossible_cells_are_quarantined_and_another_source_fills_them() -> None:
    bad = log("watch", 0, [99999, 10], [7, 30])
    ledger, impossible = counted(bad, SECOND), Impossible()
    merged = merge_sources([quarantine(bad, ledger, impossible), SECOND], ledger)
    assert merged is not None
    assert grid_of(merged)[:2] == lines(
        """
        2024-01-01 50 ~ ~ ~ 7   ~ ~ ~ ~ ~
        2024-01-02 10 ~ ~ ~ bad ~ ~ ~ ~ ~
        """
    )
    ledger.check_balance()
    assert impossible.values[schema.STEPS] == [99999]
    assert impossible.cells[[schema.STEPS, schema.SLEEP]].tolist() == [1, 1]


def test_a_value_that_is_counted_nowhere_is_noticed() -> None:
    ledger = counted(FIRST)
    with pytest.raises(RuntimeError, match="do not balance"):
        ledger.check_balance()


cells = st.lists(st.one_of(st.just(NAN), st.integers(1, 9).map(float)), min_size=1, max_size=6)


@given(cells, cells, st.integers(-3, 3), st.sampled_from(["cell", "day"]))
def test_merging_balances_and_equal_sources_change_nothing(
    mine: list[float], theirs: list[float], shift: int, by: str
) -> None:
    one = log("a", 0, mine, mine[::-1])
    other = log("b", shift, theirs, theirs)
    ledger = counted(one, other)
    merged = merge_sources([one, other], ledger, by=by)
    if merged is None:
        return
    ledger.check_balance()
    assert not np.isnan(merged.values[[0, -1]]).all(axis=1).any()
    assert np.array_equal(np.isnan(merged.values), merged.reasons != Reason.OBSERVED)
    again = merge_sources([one, other, one], counted(one, other, one), by=by)
    assert again is not None and same(again, merged)


@given(cells, cells)
def test_where_only_one_has_a_cell_the_order_does_not_matter(
    mine: list[float], theirs: list[float]
) -> None:
    """Sources of different days: priorities say nothing, merging is commutative."""
    one, other = log("a", 0, mine, mine), log("b", 10, theirs, theirs)
    there = merge_sources([one, other], counted(one, other))
    back = merge_sources([other, one], counted(one, other))
    if there is None or back is None:
        assert there is back
        return
    assert same(there, back)


def same(one: PersonDays, other: PersonDays) -> bool:
    return (
        one.first_day == other.first_day
        and np.array_equal(one.values, other.values, equal_nan=True)
        and np.array_equal(one.reasons, other.reasons)
    )
