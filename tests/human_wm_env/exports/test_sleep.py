"""Of sleeps that overlap the longest stays, as comparing each with each says."""

from __future__ import annotations

import io

import numpy as np

from human_wm_env.exports.day_log import DayLogBuilder
from human_wm_env.exports.ledger import Ledger, Where
from human_wm_env.exports.sleep import Nights, Sleep
from human_wm_env.person import schema


def test_overlaps_are_found_among_all_sleeps() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        ledger = Ledger(io.StringIO())
        nights = Nights(naps=False)
        for start in rng.integers(0, 60, rng.integers(1, 30)).tolist():
            end = start + int(rng.integers(0, 10))
            hours = float(rng.integers(0, 4))
            nights.add(Sleep(1, start, end, hours, None, Where("", "")))
        expected: list[Sleep] = []
        for one in sorted(nights.sleeps, key=lambda each: (-each.hours, each.start)):
            others = [each for each in expected if each.end > each.start]
            if not any(one.start < each.end and each.start < one.end for each in others):
                expected.append(one)
        log = DayLogBuilder("test", (schema.SLEEP,), ledger)
        found = nights.without_repetitions(log)
        assert found == sorted(expected, key=lambda each: (each.day, each.start))
        merged = ledger.merged["?", schema.SLEEP]
        assert merged == len(nights.sleeps) - len(found)
