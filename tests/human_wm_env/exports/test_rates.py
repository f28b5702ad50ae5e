"""Heart rates of a day: the mean of what is said once."""

from __future__ import annotations

import io
from datetime import date

from human_wm_env.exports.day_log import DayLogBuilder
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.rates import DailyRates
from human_wm_env.person import schema

MONDAY = date(2024, 1, 1).toordinal()
HERE = Where("a.csv", "line 2")


def test_a_moment_has_one_rate() -> None:
    log = DayLogBuilder("watch", [schema.HEART_RATE], Ledger(io.StringIO()))
    rates = DailyRates(log, "rates", "bpm")
    said = [(0, 50), (1, 60), (7, 70), (8, 80), (86399, 90), (0, 100), (8, 80), (None, 70)]
    for moment, rate in said:
        rates.add(MONDAY, rate, HERE, moment=moment)
    rates.add(MONDAY + 1, 55, HERE, moment=86400)  # the same second of another day
    rates.write()
    assert log.value(schema.HEART_RATE, MONDAY) == 70
    assert log.value(schema.HEART_RATE, MONDAY + 1) == 55
    assert log.ledger.merged["?", schema.HEART_RATE] == 2
    assert log.ledger.was_read["?", schema.HEART_RATE] == 9
