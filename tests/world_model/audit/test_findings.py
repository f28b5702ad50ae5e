from __future__ import annotations

import numpy as np

from world_model.audit.findings import Family, Finding, collect
from world_model.audit.permutation import TestResult


def family() -> Family:
    values = np.array([0.1, -0.5, 0.3, np.nan, 0.2])
    result = TestResult(
        z=np.array([2.0, -9.0, 8.0, np.nan, np.nan]), p=np.array([0.04, 0.01, 0.06, 0.01, np.nan])
    )
    names = [("a", None), ("b", "c"), ("d", None), ("e", None), ("f", "g")]
    days = np.array([10, 20, 30, 40, 50])
    return collect("what?", names, values, days, result, level=0.05, negligible=0.1)


def test_numbers_that_are_none_are_left_out() -> None:
    found = family()
    assert (found.question, found.level, found.negligible) == ("what?", 0.05, 0.1)
    assert found.findings == (
        Finding("a", None, 0.1, 10, 2.0, 0.04),
        Finding("b", "c", -0.5, 20, -9.0, 0.01),
        Finding("d", None, 0.3, 30, 8.0, 0.06),
        Finding("f", "g", 0.2, 50, None, None),
    )


def test_found_is_certain_and_not_negligible() -> None:
    found = family()
    assert [one.of for one in found.tested] == ["a", "b", "d"]
    assert [one.of for one in found.found] == ["b", "a"]  # by size
    assert found.is_found(Finding("x", None, -0.1, 1, 1.0, 0.05))
    assert not found.is_found(Finding("x", None, 0.0999, 1, 1.0, 0.01))
    assert not found.is_found(Finding("x", None, 0.5, 1, 1.0, 0.0501))
    assert not found.is_found(Finding("x", None, 0.5, 1, None, None))


def test_a_pair_is_found_in_either_order() -> None:
    found = family()
    assert found.named("c", "b") == found.named("b", "c") == found.findings[1]
    assert found.named("a") == found.findings[0] and found.named("b") is None
