"""Daylio's diary: several moods a day, the user's own words, beside a tracker."""

from __future__ import annotations

from pathlib import Path

import pytest

from human_wm_env import ConfigError, import_logs
from human_wm_env.exports.categories import MOODS
from tests.human_wm_env.exports.formats import test_oura
from tests.human_wm_env.exports.formats.test_fitbit import write_json
from tests.human_wm_env.exports.grids import check_balance, grid, lines

DIARY = """\
full_date,date,weekday,time,mood,activities,note_title,note
2024-02-07,February 7,Wednesday,9:00 PM,zen,,,
2024-02-06,February 6,Tuesday,9:00 PM,rad,"work | ""late"" | run",,"dear
diary, two lines"
2024-02-05,February 5,Monday,21:00,knackered,,,
2024-02-05,February 5,Monday,8:00 AM,good,,,
2024-02-04,February 4,Sunday,9:00 PM,meh,,,
2024-02-04,February 4,Sunday,8:00 AM,awful,,,
2024-02-03,February 3,Saturday,9:00 PM,Meh,,,
2024-02-03,February 3,Saturday,8:00 PM,bad,,,
2024-02-03,February 3,Saturday,8:00 AM,meh,,,
2024-02-31,February 31,Saturday,8:00 AM,meh,,,
"""
FILES: dict[str, object] = {"daylio_export.csv": "\ufeff" + DIARY}
NOTHING = "~ ~ ~ ~ ~ ~ ~ ~ ~"
EXPECTED = f"""
2024-02-03 {NOTHING} Neutral
2024-02-04 {NOTHING} Stressed
2024-02-05 {NOTHING} Happy
2024-02-06 {NOTHING} Happy
"""
OWN_WORDS = {"mood": {"Knackered": "Tired", "zen": "Neutral"}}


def test_cells_and_reasons(tmp_path: Path) -> None:
    folder = write_json(tmp_path, FILES)
    assert grid(folder, "2024-02-03") == lines(EXPECTED)
    rejected = import_logs(folder).rejected
    assert [(line["column"], line["value"]) for line in rejected] == [
        *(("mood", "zen"), ("mood", "knackered"), ("full_date", "2024-02-31"))
    ]
    assert rejected[0]["why"] == (
        "it should be one of rad, good, meh, bad, awful, or be named in `categories` as one of "
        + ", ".join(MOODS)
    )


def test_an_entry_without_a_mood_is_none(tmp_path: Path) -> None:
    diary = DIARY.replace(",rad,", ",,").replace(",zen,", ",nan,")
    logs = import_logs(write_json(tmp_path, {"daylio_export.csv": diary}))
    check_balance(logs)
    assert {line["value"] for line in logs.rejected} == {"knackered", "2024-02-31"}


def test_own_words_are_mapped(tmp_path: Path) -> None:
    rows = grid(write_json(tmp_path, FILES), "2024-02-03", categories=OWN_WORDS)
    # Of equally frequent moods, the worse one.
    assert [row.split()[-1] for row in rows] == ["Neutral", "Stressed", "Tired", "Happy", "Neutral"]
    with pytest.raises(ConfigError, match="categories of mood"):
        import_logs(tmp_path, categories={"mood": {"zen": "Zen"}})


def test_moods_beside_a_tracker(tmp_path: Path) -> None:
    diary = write_json(tmp_path / "diary", FILES)
    ring = write_json(tmp_path / "ring", test_oura.FILES)
    for sources in ([ring, diary], [diary, ring]):
        logs = import_logs(sources)
        check_balance(logs)
        assert len(logs.dataset.user_ids) == 1
        rows = [row.split() for row in grid(sources, "2024-02-02")]
        assert [(row[0], row[1], row[-1]) for row in rows] == [
            ("2024-02-02", "9000", "-"),
            ("2024-02-03", "unworn", "Neutral"),
            ("2024-02-04", "7000", "Stressed"),
            ("2024-02-05", "7000", "Happy"),
            ("2024-02-06", "8000", "Happy"),
        ]
