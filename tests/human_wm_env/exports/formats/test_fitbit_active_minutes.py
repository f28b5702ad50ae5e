"""Fitbit's active minutes: the sum of three files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.human_wm_env.exports.formats.test_fitbit import (
    WEEK,
    days,
    minutes,
    write_json,
)
from tests.human_wm_env.exports.grids import grid


def active(**changes: object) -> dict[str, object]:
    """Return files of a worn week, with other values of some days or another file."""
    files: dict[str, object] = {
        "steps-2020-05-04.json": minutes("2020-05-04 00:00", 5 * 1440, "10")
    }
    for part, value in (("lightly", "200"), ("moderately", "20"), ("very", "10")):
        change = changes.get(part, {})
        whole = dict.fromkeys(WEEK, value) | (change if isinstance(change, dict) else {})
        kept = {day: one for day, one in whole.items() if one}
        content = change if isinstance(change, str) else days(kept)
        files[f"{part}_active_minutes-2020-05-04.json"] = content
    return files


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"very": {WEEK[1]: "-5", WEEK[2]: "ten", WEEK[3]: ""}}, ["230", "bad", "bad", "-", "230"]),
        ({"lightly": '[{"dateTi'}, ["bad"] * 5),
        ({"lightly": []}, ["-"] * 5),
        ({"lightly": dict.fromkeys(WEEK[2:])}, ["230", "230", "-", "-", "-"]),
    ],
)
def test_a_sum_without_one_of_its_parts_is_missing(
    tmp_path: Path, changes: dict[str, object], expected: list[str]
) -> None:
    files = active(**changes)
    if changes.get("lightly") == []:
        del files["lightly_active_minutes-2020-05-04.json"]
    rows = grid(write_json(tmp_path, files), WEEK[0], timezone="Europe/Oslo")
    assert [row.split()[4] for row in rows] == expected
