"""The wellness diary of PMData: moods out of three scales, and entries that are none."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

from human_wm_env.exports.day_log import DayLogBuilder
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.pmdata_wellness import read_wellness
from human_wm_env.exports.ledger import Ledger
from human_wm_env.exports.reasons import Reason
from human_wm_env.person import schema


def test_an_impossible_mood_quarantines_its_day(tmp_path: Path) -> None:
    file = tmp_path / "wellness.csv"
    file.write_text(
        "effective_time_frame,fatigue,mood,readiness,stress\n"
        "2021-05-04T07:00:00.000Z,3,4,6,3\n2021-05-06T07:00:00.000Z,3,9,6,3\n"
    )
    log = DayLogBuilder("fitbit", (), Ledger(io.StringIO()))
    read_wellness(Export(file), "wellness.csv", log)
    first = date(2021, 5, 4).toordinal()
    assert log.days_of(schema.MOOD) == [first]
    assert log.reason(schema.MOOD, first + 2) is Reason.QUARANTINED
