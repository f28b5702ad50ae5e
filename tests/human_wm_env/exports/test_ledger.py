"""What the ledger writes down: never an e-mail address, and text of a bounded length."""

from __future__ import annotations

import io

import numpy as np
import pytest

from human_wm_env.errors import DataError
from human_wm_env.exports.ledger import Ledger, Where, clean
from human_wm_env.person import schema

NAME = "ann.hansen@example.org"
FILE = f"{NAME}_1_summarizedActivities.json"


def test_no_text_has_an_address() -> None:
    stream = io.StringIO()
    ledger = Ledger(stream)
    ledger.reject_file(FILE, f"it should be JSON: {FILE} (at 5)")
    ledger.reject(schema.STEPS, Where(FILE, f"line of {NAME}"), f"for {NAME}", NAME, f"of {NAME}")
    row = (FILE, f"line of {NAME}", f"for {NAME}", NAME)
    ledger.reject_rows([schema.STEPS], np.array([[True]]), [row], f"of {NAME}")
    ledger.skip(f"file {FILE}")
    ledger.note(f"left out: {FILE} (symbolic link)")
    assert NAME not in stream.getvalue()
    assert stream.getvalue().count("[e-mail]") == 12
    assert list(ledger.unused) == ["file [e-mail]"]
    assert list(ledger.notes) == ["left out: [e-mail] (symbolic link)"]


def test_nor_has_what_a_strict_import_says() -> None:
    ledger = Ledger(io.StringIO(), strict=True)
    with pytest.raises(DataError) as told:
        ledger.reject(schema.STEPS, Where(FILE, NAME), NAME, NAME, NAME)
    assert NAME not in str(told.value)
    row = (FILE, NAME, NAME, NAME)
    with pytest.raises(DataError) as told:
        ledger.reject_rows([schema.STEPS], np.array([[True]]), [row], NAME)
    assert NAME not in str(told.value)


def test_text_is_short_and_printable_and_stays_so() -> None:
    long = clean("a\x1b\n" + "b" * 1000)
    assert long.startswith("a??bb") and long.endswith("...") and len(long) < 500
    assert clean(long) == long


def test_what_it_remembers_is_bounded_and_counts_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("human_wm_env.exports.ledger._MOST_KINDS", 3)
    stream = io.StringIO()
    ledger = Ledger(stream)
    for number in range(10):
        ledger.skip(f"file {number}", 2)
        ledger.read(schema.STEPS)
        ledger.reject(schema.STEPS, Where("f", "1"), f"column {number}", "x", "it should be none")
    assert ledger.commonest_unused() == {"others": 14, "file 0": 2, "file 1": 2, "file 2": 2}
    assert ledger.commonest_unused(2) == {"others": 18, "file 0": 2}
    assert ledger.commonest(1, examples=False) == ["7 values, others, each written down"]
    assert sum(f"column {number}" in stream.getvalue() for number in range(10)) == 10
    ledger.check_balance()
