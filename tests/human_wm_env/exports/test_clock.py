"""A clock that is given: of a zone, with its daylight saving, or of a fixed offset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from human_wm_env.exports.clock import Clock, offsets_in


@pytest.mark.parametrize(
    "zone", ["Europe/Oslo", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago"]
)
def test_offsets_of_quarters_are_those_of_the_zone(zone: str) -> None:
    start = int(datetime(2021, 1, 1, tzinfo=UTC).timestamp()) // 900
    quarters = np.arange(start, start + 366 * 96)
    moments = (
        datetime(2021, 1, 1, tzinfo=UTC) + timedelta(minutes=15) * n for n in range(366 * 96)
    )
    true = [when.astimezone(ZoneInfo(zone)).utcoffset() for when in moments]
    assert offsets_in(zone, quarters).tolist() == [one.total_seconds() for one in true if one]


def test_a_zone_has_its_daylight_saving() -> None:
    clock = Clock.of_zone("Europe/Oslo")
    stamps = [datetime(2020, 3, 29, 0, 59, tzinfo=UTC), datetime(2020, 3, 29, 1, 0, tzinfo=UTC)]
    utc = np.array([int(one.timestamp()) for one in stamps])
    assert (clock.offset_at(utc) // 60).tolist() == [60, 120]
    assert Clock.fixed(-3600).local(np.array([7200])).tolist() == [3600]
