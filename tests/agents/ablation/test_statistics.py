from __future__ import annotations

import numpy as np
import pytest

from agents.ablation.statistics import (
    gain_interval,
    improvement_interval,
    iqm_interval,
    probability_of_improvement,
)
from agents.evaluation.bootstrap_intervals import Bootstrap

BOOTSTRAP = Bootstrap(resamples=500)


def test_the_probability_of_improvement_by_hand() -> None:
    better, base = np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0])
    # 1 > 0, 2 > 0, 3 > 0, 3 > 2, and 2 = 2 counts half: 4.5 of 6 pairs.
    assert probability_of_improvement(better, base) == pytest.approx(4.5 / 6.0)
    assert probability_of_improvement(base, base) == 0.5
    assert probability_of_improvement(np.ones(10), np.ones(10)) == 0.5


def test_intervals_hold_their_number() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(0.5, 0.1, 10)
    better = base + 0.3
    share = iqm_interval(better, BOOTSTRAP)
    assert share.low < share.mean < share.high
    gain = gain_interval(better, base, BOOTSTRAP)
    assert gain.mean == pytest.approx(0.3) and gain.low > 0.0
    assert improvement_interval(better, base, BOOTSTRAP).low > 0.8
    nothing = gain_interval(base, base, BOOTSTRAP)
    assert nothing.low < 0.0 < nothing.high


def test_the_same_settings_give_the_same_interval() -> None:
    values = np.arange(6.0)
    assert iqm_interval(values, BOOTSTRAP) == iqm_interval(values, BOOTSTRAP)
