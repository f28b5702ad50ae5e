from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.people.missingness import (
    DAY_LOSS_RATE,
    FEATURE_LOSS_RATE,
    OTHER_LOSS_RATE,
    draw_logging_traits,
)
from human_wm_env.person import schema


def test_people_lose_cells_at_the_rates_of_the_table() -> None:
    traits = draw_logging_traits(20_000, np.random.default_rng(0))
    assert traits.day_loss.mean() == pytest.approx(DAY_LOSS_RATE, rel=0.05)
    for index, name in enumerate(schema.FEATURE_NAMES):
        expected = FEATURE_LOSS_RATE.get(name, OTHER_LOSS_RATE)
        assert traits.feature_loss[:, index].mean() == pytest.approx(expected, rel=0.05)


def test_about_37_percent_of_all_cells_are_lost() -> None:
    """As in the file that the rates were scaled to."""
    rates = [FEATURE_LOSS_RATE.get(name, OTHER_LOSS_RATE) for name in schema.FEATURE_NAMES]
    lost = 1.0 - (1.0 - DAY_LOSS_RATE) * (1.0 - np.mean(rates))
    assert lost == pytest.approx(0.37, abs=0.03)
    assert set(FEATURE_LOSS_RATE) < set(schema.FEATURE_NAMES)
