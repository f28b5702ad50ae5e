"""A loss that is not finite ends a training at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from human_wm_env.errors import TrainingError


def check_finite(values: Mapping[str, float], where: str) -> None:
    """Raise TrainingError if a part of a loss is NaN or infinite, before more is spent on it."""
    for name, value in values.items():
        if not np.isfinite(value):
            raise TrainingError(
                f"a finite loss in {where}",
                f"{name} {value}",
                "Lower the learning rate; the state of the epoch before is kept in the run.",
            )
