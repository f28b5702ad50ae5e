from __future__ import annotations

import numpy as np
from gymnasium import spaces

from agents.action_layout import ActionLayout


def test_no_amounts_are_no_columns() -> None:
    layout = ActionLayout(spaces.Box(-1.0, 1.0, (1,)), {0: 3})
    assert layout.amounts.shape == (0,) and layout.amounts.dtype == np.intp
