from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.person import schema
from world_model.card.reward_bias import reward_bias


def test_the_gap_is_the_dream_minus_the_simulator() -> None:
    happy, tired, stressed = 0.0, 2.0, 3.0  # 1, .3 and 0
    imagined, simulated = np.zeros((2, 2, 4, 2, schema.FEATURE_COUNT), dtype=np.float32)
    imagined[:, :, 0, schema.MOOD] = happy
    imagined[:, :, 1, schema.MOOD] = tired
    simulated[:, :2, 0, schema.MOOD] = happy
    simulated[:, 2:, 0, schema.MOOD] = stressed
    simulated[:, :, 1, schema.MOOD] = tired
    first, later = reward_bias(imagined, simulated, np.array([3, 8]), (1, 7))
    assert (first.horizon, first.dream, first.simulator) == (1, 1.0, 0.5)
    assert first.gap.mean == first.gap.low == first.gap.high == pytest.approx(0.5)
    assert (later.horizon, later.gap.mean) == (7, pytest.approx(0.0))
    assert later.dream == pytest.approx(0.3)
