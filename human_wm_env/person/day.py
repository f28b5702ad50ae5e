"""What somebody does on a day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Day(NamedTuple):
    """Days of a batch, in raw units; arrays are column by column in memory.

    Attributes:
        columns: float32 (10, slots), the ten features.
        workout, location: the two categories among them, int (slots,).
    """

    columns: np.ndarray
    workout: np.ndarray
    location: np.ndarray
